/** What each rule says of its figures: facts, what the model should do, and the words of a warning. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { durationOf } from '../../src/guard/rules/loop.ts'
import { ruleNamed } from '../../src/guard/rules/rules.ts'
import type { Block, Warn } from '../../src/guard/verdict.ts'

type Figures = Omit<Block, 'kind' | 'rule' | 'limit'> & { readonly limit?: number }

function wordsOf(rule: string) {
  const words = ruleNamed(rule)?.words
  assert.ok(words, rule)
  return words
}

function block(rule: string, figures: Figures): Block {
  return { kind: 'block', rule, limit: 5, ...figures }
}

function warn(rule: string, count: number, blockLimit: number): Warn {
  return { kind: 'warn', rule, count, limit: 3, blockLimit }
}

const HERE = 'in this session'

describe('the facts of a block', () => {
  for (const [rule, figures, expected] of [
    [
      'rate',
      { count: 5, retryAfterMs: 1 },
      '5 tool calls in the last 60 s HERE (limit 5/min). A place is free in 1 s.',
    ],
    [
      'rate',
      { count: 5, retryAfterMs: 1000 },
      '5 tool calls in the last 60 s HERE (limit 5/min). A place is free in 1 s.',
    ],
    [
      'rate',
      { count: 5, retryAfterMs: 1001 },
      '5 tool calls in the last 60 s HERE (limit 5/min). A place is free in 2 s.',
    ],
    [
      'rate',
      { count: 1, limit: 1 },
      '1 tool call in the last 60 s HERE (limit 1/min). This limit lets no call through.',
    ],
    [
      'spawn',
      { count: 1, limit: 1 },
      '1 agent started in the last 60 s HERE (limit 1/min). This limit lets no call through.',
    ],
    [
      'spawn',
      { count: 2, limit: 2, retryAfterMs: 5000 },
      '2 agents started in the last 60 s HERE (limit 2/min). A place is free in 5 s.',
    ],
    [
      'tools',
      { count: 1, limit: 1, of: 'mcp__a__*' },
      '1 call of mcp__a__* in the last 60 s HERE (limit 1/min). This limit lets no call through.',
    ],
    [
      'tools',
      { count: 2, limit: 2, of: 'Grep' },
      '2 calls of Grep in the last 60 s HERE (limit 2/min). This limit lets no call through.',
    ],
    [
      'repeat',
      { count: 5, sinceMs: 41_400 },
      'this call has given the same result 5 times within 41 s (limit 5).',
    ],
    ['repeat', { count: 8, limit: 8 }, 'this call has given the same result 8 times within 0 s (limit 8).'],
  ] as const) {
    test(`are of ${rule}: ${expected}`, () => {
      const said = wordsOf(rule).blockFacts(block(rule, figures), HERE)
      assert.equal(said.replace(HERE, 'HERE'), expected)
    })
  }

  test('of a halt are a count and where it was counted, but for a loop', () => {
    const said = (rule: string, of?: string) =>
      wordsOf(rule).facts({ rule, count: 3, limit: 3, ...(of === undefined ? {} : { of }) }, HERE)
    assert.equal(said('rate'), `3 tool calls in the last 60 s ${HERE}`)
    assert.equal(said('tools', 'Grep'), `3 calls of Grep in the last 60 s ${HERE}`)
    assert.equal(said('repeat'), 'the same call 3 times, with no result that differs')
  })
})

describe('the advice of a block', () => {
  const WAIT = 'Wait that long before the next tool call.'
  const STOP = 'Do not retry now: say in plain text what you were doing and stop.'
  const AGAIN = (nth: number) =>
    `This is block ${nth} in a row. Make no further tool call now: say in plain text what you were doing and stop.`
  for (const rule of ['rate', 'spawn', 'tools']) {
    test(`of ${rule} is to wait where a place is free within 10 s, else to stop`, () => {
      const said = (figures: Omit<Figures, 'count'>) =>
        wordsOf(rule).blockAdvice(block(rule, { count: 5, ...figures }))
      assert.equal(said({ retryAfterMs: 0, nth: 1 }), WAIT)
      assert.equal(said({ retryAfterMs: 10_000, nth: 1 }), WAIT)
      assert.equal(said({ retryAfterMs: 10_000, nth: 9 }), WAIT)
      assert.equal(said({ retryAfterMs: 10_001, nth: 1 }), STOP)
      assert.equal(said({ retryAfterMs: 59_000 }), STOP)
      assert.equal(said({ nth: 1 }), STOP)
      assert.equal(said({ retryAfterMs: 59_000, nth: 2 }), AGAIN(2))
      assert.equal(said({ nth: 3 }), AGAIN(3))
    })
  }

  test('of a loop is another one at the first, the second and each later block in a row', () => {
    const said = (nth?: number) =>
      wordsOf('repeat').blockAdvice(block('repeat', { count: 5, ...(nth === undefined ? {} : { nth }) }))
    assert.match(said(), /^Its result is known and will not change by asking\./)
    assert.equal(said(1), said())
    assert.match(said(2), /^The call before it was blocked as well,/)
    assert.match(said(3), /^By now 3 calls in a row were blocked,/)
    assert.match(said(17), /^By now 17 calls in a row were blocked,/)
  })
})

describe('a warning', () => {
  test('says what was counted, the limit that warns, and the one that blocks if there is one', () => {
    const said = (rule: string, count: number, blockLimit: number) => {
      const { warning, warnAdvice } = wordsOf(rule)
      const figure = warn(rule, count, blockLimit)
      return `${warning(figure, HERE)}.${warnAdvice(figure)}`
    }
    const go =
      ' If you are repeating yourself, stop and say what you are trying to do; else go on with fewer calls.'
    assert.equal(
      said('rate', 3, 5),
      `3 tool calls in the last 60 s ${HERE} (warning at 3/min). At 5 they are blocked.${go}`,
    )
    assert.equal(said('rate', 3, 0), `3 tool calls in the last 60 s ${HERE} (warning at 3/min).${go}`)
    assert.equal(
      said('spawn', 1, 1),
      `1 agent started in the last 60 s ${HERE} (warning at 3/min). At 1 they are blocked.${go}`,
    )
    const use = ' Use the result that you have, or do something else.'
    const alike = 'the same call 4 times, with no result that differs.'
    assert.equal(said('repeat', 4, 5), `${alike} With 5 equal results it is blocked.${use}`)
    assert.equal(said('repeat', 4, 1), `${alike} With 1 equal results it is blocked.${use}`)
    assert.equal(said('repeat', 4, 0), `${alike}${use}`)
  })
})

describe('a rule', () => {
  test('has the machine word that programs know it by', () => {
    const machine = ['repeat', 'tools', 'spawn', 'rate'].map((name) => wordsOf(name).machine)
    assert.deepEqual(machine, ['loop_detected', 'rate_limited', 'rate_limited', 'rate_limited'])
  })

  test('of a newer version is not known', () => assert.equal(ruleNamed('later'), undefined))
})

test('a duration is in seconds up to two minutes, in minutes up to two hours, then in hours', () => {
  const rows = [
    [0, '0 s'],
    [499, '0 s'],
    [500, '1 s'],
    [119_499, '119 s'],
    [119_500, '2 min'],
    [149_000, '2 min'],
    [150_000, '3 min'],
    [7_199_000, '120 min'],
    [7_200_000, '2 h'],
    [9_000_000, '3 h'],
  ] as const
  for (const [ms, expected] of rows) assert.equal(durationOf(ms), expected, `${ms} ms`)
})
