/** A busy wait: the same call again and again, each soon after the one before, whatever it brings. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ruleNamed } from '../../src/guard/rules/rules.ts'
import { times } from '../support/processes.ts'
import { begun, type Made, prompt, round, type Scene } from '../support/rounds.ts'

/** A poll whose counter moves. */
const POLL = (i: number): Made => ({ call: 'gh run view', poll: true, result: `${i} of 90 done` })
const OTHER = (name: string): Made => ({ call: name, result: `what ${name} brings` })

/** Verdicts of so many polls, `every` seconds apart. */
function polls(s: Scene, count: number, every: number, made = POLL): string[] {
  return times(count, (i) => {
    const { calls, end } = round(s, [made(i)], 'main', every - 1)
    return end.kind === 'halt' ? `${calls[0]}, halt` : String(calls[0])
  })
}

const allowed = (count: number) => times(count, () => 'allow')

describe('a poll whose counter moves', () => {
  test('every 4 s is blocked after 15 times, with the way out', () => {
    const s = begun()
    assert.deepEqual(polls(s, 16, 4), [...allowed(15), 'block'])
    const [block] = round(s, [POLL(16)], 'main', 3).verdicts
    assert.ok(block?.kind === 'block')
    assert.deepEqual(
      [block.rule, block.of, block.count, block.limit, block.sinceMs],
      ['repeat', 'busy wait', 15, 15, 64_000],
    )
    const words = ruleNamed('repeat')?.words
    assert.equal(
      words?.blockFacts(block, ''),
      'this call was made 15 times, the last 15 within 64 s: a busy wait.',
    )
    assert.match(words?.blockAdvice(block) ?? '', /until …; do sleep 5; done/)
    assert.equal(words?.facts(block, ''), 'the same call 15 times, each soon after the one before')
  })

  for (const [every, last] of [
    [19, 'block'],
    [20, 'allow'],
    [30, 'allow'],
  ] as const) {
    test(`every ${every} s is answered with ${last}`, () => {
      assert.equal(polls(begun(), 20, every).at(-1), last)
    })
  }

  test('is one when more than half of it comes soon', () => {
    for (const [slow, last] of [
      [7, 'block'],
      [8, 'allow'],
    ] as const) {
      const s = begun()
      polls(s, slow, 60)
      polls(s, 15 - slow, 4)
      assert.equal(polls(s, 1, 4).at(-1), last, `${slow} slow ones`)
    }
  })

  test('with up to two different other calls among it is one, with three it is none', () => {
    for (const [others, last] of [
      [2, 'block'],
      [3, 'allow'],
    ] as const) {
      const s = begun()
      for (let i = 0; i < 15; i += 1) round(s, [POLL(i), OTHER(`${i % others}`)], 'main', 3)
      assert.deepEqual(round(s, [POLL(16)], 'main', 3).calls, [last], `${others} others`)
    }
  })

  test('may come as often as it likes with a tool that is there for waiting', () => {
    const s = begun()
    assert.deepEqual(
      polls(s, 40, 2, (i) => ({ ...POLL(i), wait: true })),
      allowed(40),
    )
  })

  test('goes on after three different other calls, and after a prompt of a person', () => {
    const s = begun()
    polls(s, 16, 4)
    round(s, [OTHER('a'), OTHER('b'), OTHER('c')])
    assert.deepEqual(polls(s, 1, 4), ['allow'])
    const t = begun()
    polls(t, 16, 4)
    prompt(t)
    assert.deepEqual(polls(t, 1, 4), ['allow'])
  })

  test('is not blocked where repeat.block is off', () => {
    assert.deepEqual(polls(begun({ repeat: { block: false, warn: false } }), 20, 4), allowed(20))
  })
})

describe('a busy wait that goes on', () => {
  test('is halted after ten rounds with a block in a row, and not after three', () => {
    const s = begun()
    polls(s, 15, 4)
    assert.deepEqual(polls(s, 10, 4), [...times(9, () => 'block'), 'block, halt'])
  })

  test('is halted later where more rounds are allowed, and never where none is', () => {
    const patient = begun({ halt: { afterDeniedRounds: 12 } })
    polls(patient, 15, 4)
    assert.equal(
      polls(patient, 12, 4).findIndex((said) => said.endsWith('halt')),
      11,
    )
    const never = begun({ halt: { afterDeniedRounds: 0 } })
    assert.ok(polls(never, 60, 4).every((said) => !said.endsWith('halt')))
  })

  test('is a loop, and halted as one, when its results are equal', () => {
    const s = begun()
    const same = (): Made => ({ call: 'gh run view', result: 'queued' })
    assert.deepEqual(polls(s, 8, 4, same).slice(-3), ['block', 'block', 'block, halt'])
  })
})
