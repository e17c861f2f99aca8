/** Where a person is there, they are asked before a turn is ended. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Settings } from '../../src/guard/policy.ts'
import { times } from '../support/processes.ts'
import { MAIN, meet } from '../support/table.ts'
import { answer, ask, type Course, course, prompt, start, stop, work } from '../support/turns.ts'

const CALLS = { unattended: { warnTurns: 0, haltTurns: 0, haltStalledTurns: 0, warnCalls: 0, haltCalls: 3 } }
const TURNS = { unattended: { warnTurns: 0, haltTurns: 2, haltStalledTurns: 0, warnCalls: 0, haltCalls: 0 } }

function attended(settings: Settings): Course {
  return { ...course(settings), isAttended: true }
}

/** The session at its limit: its next call is asked about. */
function atLimit(): Course {
  const c = attended(CALLS)
  work(c)
  work(c)
  return c
}

describe('a limit where a person is there', () => {
  test('is asked about, and names itself', () => {
    const { verdict } = ask(atLimit())
    assert.deepEqual(verdict, { kind: 'ask', rule: 'unattended', of: 'calls', count: 3, limit: 3 })
  })

  test('halts where nobody is there, where the owner wants no questions, and in shadow mode', () => {
    for (const c of [
      course(CALLS),
      attended({ ...CALLS, ask: false }),
      attended({ ...CALLS, mode: 'shadow' }),
    ])
      assert.deepEqual(
        times(3, () => work(c).kind),
        ['allow', 'allow', 'halt'],
      )
  })

  test('is good for as much again after a yes, and asked about again then', () => {
    const c = atLimit()
    const { id } = ask(c)
    assert.equal(answer(c, id).kind, 'allow')
    assert.deepEqual(
      times(3, () => work(c).kind),
      ['allow', 'allow', 'ask'],
    )
    assert.equal(work(c).kind, 'allow') // that was a yes as well: nine are good now
  })

  test('ends the turn after a no', () => {
    const c = atLimit()
    const { id } = ask(c)
    assert.equal(answer(c, id, { isRefused: true }).kind, 'halt')
    assert.equal(work(c).kind, 'halt')
    prompt(c, 'person')
    assert.equal(work(c).kind, 'allow')
  })

  test('is asked at every call of a message, and one no is enough', () => {
    const c = atLimit()
    const asked = times(3, () => ask(c))
    assert.deepEqual(
      asked.map(({ verdict }) => verdict.kind),
      ['ask', 'ask', 'ask'],
    )
    const [first, second, third] = asked.map(({ id }) => id)
    assert.ok(first && second && third)
    assert.equal(answer(c, first).kind, 'allow')
    assert.equal(answer(c, second, { isRefused: true }).kind, 'halt')
  })

  test('that is reached at the end of a turn is asked about at its next call', () => {
    const c = attended(TURNS)
    stop(c, false)
    for (const words of ['one', 'two']) assert.equal(stop(c, true, words).kind, 'allow')
    const { id, verdict } = ask(c)
    assert.equal(verdict.kind, 'ask')
    answer(c, id)
    assert.equal(stop(c, true, 'three').kind, 'allow')
    assert.equal(stop(c, true, 'four').kind, 'allow')
    assert.equal(ask(c).verdict.kind, 'ask')
  })

  test('that is reached at the end of a turn ends it when it goes on without a call', () => {
    const c = attended(TURNS)
    stop(c, false)
    assert.equal(stop(c, true).kind, 'allow')
    assert.equal(stop(c, true).kind, 'allow')
    assert.equal(stop(c, true).kind, 'halt')
  })

  test('waits for its answer, whatever others tell meanwhile, and when an end is told twice', () => {
    const c = attended({ agents: { warnAt: 0, blockAt: 2 } })
    for (const agent of ['a1', 'a2', 'a3']) assert.equal(start(c, agent).kind, 'allow')
    for (const seconds of [0, 0.4])
      assert.equal(
        meet(c, c.seconds + seconds, { type: 'turn_end', agent: MAIN, isAttended: true }).kind,
        'allow',
      )
    const { id, verdict } = ask(c, { agent: 'a2' })
    assert.equal(verdict.kind, 'ask')
    assert.equal(answer(c, 'other', { agent: 'a1' }).kind, 'allow')
    assert.equal(stop(c, false).kind, 'allow')
    assert.equal(answer(c, id, { agent: 'a2' }).kind, 'allow')
    assert.equal(work(c).kind, 'allow')
  })

  test('is granted once, however many of its calls a person lets run', () => {
    const c = atLimit()
    for (const { id } of times(3, () => ask(c))) assert.equal(answer(c, id).kind, 'allow')
    // Five were made, and six are good.
    assert.equal(ask(c).verdict.kind, 'ask')
  })

  test('that is never answered holds up one more end of a turn, and no more', () => {
    const c = attended(TURNS)
    stop(c, false)
    work(c)
    stop(c, true, 'one')
    assert.equal(ask(c, { agent: 'a1' }).verdict.kind, 'allow')
    stop(c, true, 'two')
    assert.equal(ask(c, { agent: 'a1' }).verdict.kind, 'ask')
    const ends = ['three', 'four', 'five'].map((words) => stop(c, true, words).kind)
    assert.deepEqual(ends, ['allow', 'allow', 'halt'])
  })

  test('is void when a person writes instead of answering', () => {
    const c = atLimit()
    const { id } = ask(c)
    prompt(c, 'person')
    answer(c, id, { isRefused: true })
    assert.deepEqual(
      times(3, () => work(c).kind),
      ['allow', 'allow', 'ask'],
    )
  })

  test('of agents is asked about at the first call after it', () => {
    const c = attended({ agents: { warnAt: 0, blockAt: 2 } })
    for (const agent of ['a1', 'a2']) assert.equal(start(c, agent).kind, 'allow')
    assert.equal(ask(c, { agent: 'a2' }).verdict.kind, 'ask')
  })

  test('is not asked about a call without an id, of which no answer could be known', () => {
    const c = atLimit()
    const call = { type: 'call', agent: MAIN, tool: 'Bash', signature: 's', isPoll: false } as const
    assert.equal(meet(c, c.seconds, { ...call, isAttended: true }).kind, 'halt')
  })
})
