/** What a reset leaves, and what lets go on what was halted: state before → what the next calls meet. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { applySettings } from '../../src/guard/policy.ts'
import { times } from '../support/processes.ts'
import {
  callBy,
  END,
  ENFORCED,
  halt,
  linesOf,
  next,
  overwrite,
  promptBy,
  reset,
  round,
  type Store,
  sessionsIn,
  storeAt,
  sweepAt,
  tell,
  totalsIn,
} from '../support/stores.ts'

const SHADOW = applySettings(ENFORCED, { mode: 'shadow' })
const TWO = applySettings(ENFORCED, { rate: { warnPerMin: 0, blockPerMin: 2 } })

describe('a reset', () => {
  for (const [state, before, meets] of [
    ['of a halted session', ['main'], { main: 'allow', one: 'allow', two: 'allow' }],
    ['of a session with a halted agent', ['one'], { main: 'allow', one: 'allow', two: 'allow' }],
    ['of a session with both', ['one', 'main'], { main: 'allow', one: 'allow', two: 'allow' }],
    ['of a session that a second looping agent has halted', ['one', 'two'], { one: 'allow', two: 'allow' }],
  ] as const) {
    test(`${state} lets every agent go on`, (t) => {
      const store = storeAt(t)
      for (const agent of before) halt(store, 's', agent)
      reset(store, 's')
      const [line = ''] = linesOf(store)
      assert.doesNotMatch(line, /halt/)
      for (const [agent, expected] of Object.entries(meets))
        assert.equal(next(store, 's', agent), expected, agent)
      assert.deepEqual(totalsIn(store).resumed, 1)
    })
  }

  test('voids what agents have repeated', (t) => {
    const store = storeAt(t)
    for (const agent of ['main', 'one']) for (const _ of times(5, () => 0)) round(store, 's', agent, 'loop')
    reset(store, 's')
    for (const agent of ['main', 'one']) assert.equal(next(store, 's', agent, { signature: 'loop' }), 'allow')
  })

  test('lets a halted agent be folded when it is idle', (t) => {
    const store = storeAt(t)
    halt(store, 's', 'one')
    sweepAt(store, 11 * 60)
    assert.deepEqual(linesOf(store), ['s allow: one 5 halted'])
    reset(store, 's')
    sweepAt(store, 0)
    assert.deepEqual(linesOf(store), ['s allow: (idle) 5'])
  })

  test('begins the count of looping agents anew', (t) => {
    const store = storeAt(t)
    halt(store, 's', 'one')
    reset(store, 's')
    halt(store, 's', 'two')
    assert.deepEqual([next(store, 's', 'two'), next(store, 's', 'main')], ['halt:agent', 'allow'])
  })

  test('empties the window, and keeps what was counted', (t) => {
    const store = storeAt(t)
    const told = { policy: TWO }
    assert.deepEqual(
      [next(store, 's', 'main', told), next(store, 's', 'main', told)],
      ['allow', 'block:rate'],
    )
    reset(store, 's')
    const [session] = sessionsIn(store)
    assert.deepEqual(
      [session?.calls, session?.peak, session?.denied, session?.tools, session?.agents],
      [2, 1, 1, { Bash: 1 }, [{ agent: 'main', type: '', count: 1 }]],
    )
    assert.equal(next(store, 's', 'main', told), 'allow')
    assert.equal(totalsIn(store).resumed, undefined, 'nothing was halted')
  })

  test('is of the sessions that are named, and of no others', (t) => {
    const store = storeAt(t)
    for (const session of ['a', 'b', 'c']) halt(store, session, 'main')
    halt(store, 'd', 'one')
    reset(store, 'a', 'unknown', 'c')
    const meet = (session: string, agent = 'main') => next(store, session, agent)
    assert.deepEqual(
      [meet('a'), meet('b'), meet('c'), meet('d', 'one')],
      ['allow', 'halt:session', 'allow', 'halt:agent'],
    )
    assert.equal(totalsIn(store).resumed, 2)
  })

  test('of what shadow mode has halted is counted as no resumption: nobody was stopped', (t) => {
    const store = storeAt(t)
    halt(store, 's', 'main', { policy: SHADOW })
    reset(store, 's')
    assert.equal(next(store, 's', 'main', { policy: SHADOW }), 'allow')
    assert.equal(totalsIn(store).resumed, undefined)
  })

  test('of a session whose row cannot be read makes it a fresh one', (t) => {
    const store = storeAt(t)
    halt(store, 's', 'one')
    overwrite(store, "UPDATE session SET lasting = 'x'")
    reset(store, 's')
    const { dropped, verdict } = tell(store, 's', callBy('one'))
    assert.deepEqual([dropped, verdict.kind], [undefined, 'allow'])
  })
})

describe('what was halted', () => {
  const goesOn = (store: Store) => ['main', 'one', 'two'].map((agent) => next(store, 's', agent))
  const rows = [
    ['a prompt of a person', ['one'], promptBy('person'), 'prompt', ['allow', 'allow', 'allow']],
    ['a prompt of a person', ['main'], promptBy('person'), 'prompt', ['allow', 'allow', 'allow']],
    ['a prompt of a machine', ['one'], promptBy('machine'), undefined, ['allow', 'halt:agent', 'allow']],
    ['a prompt of a schedule', ['one'], promptBy('schedule'), undefined, ['allow', 'halt:agent', 'allow']],
    ['the end of the session', ['one'], END, undefined, ['allow', 'halt:agent', 'allow']],
    ['a call of another agent', ['one'], callBy('two'), undefined, ['allow', 'halt:agent', 'allow']],
  ] as const
  for (const [what, agents, event, resumed, meets] of rows) {
    test(`of ${agents.join()} after ${what} ${resumed ? 'goes on' : 'does not go on'}`, (t) => {
      const store = storeAt(t)
      for (const agent of agents) halt(store, 's', agent)
      store.clock.now += 61_000
      assert.equal(tell(store, 's', event).resumed, resumed)
      assert.equal(totalsIn(store).resumed, resumed && 1)
      assert.deepEqual(goesOn(store), meets)
    })
  }

  test('goes on once: of the next prompt nothing is told', (t) => {
    const store = storeAt(t)
    halt(store, 's', 'one')
    assert.equal(tell(store, 's', promptBy('person')).resumed, 'prompt')
    assert.equal(tell(store, 's', promptBy('person')).resumed, undefined)
    assert.deepEqual(linesOf(store), ['s allow: one 5, main 0'])
  })

  test('goes on nowhere else', (t) => {
    const store = storeAt(t)
    for (const session of ['s', 'other']) halt(store, session, 'one')
    tell(store, 's', promptBy('person'))
    assert.equal(next(store, 'other', 'one'), 'halt:agent')
  })
})

describe('the end of a session', () => {
  test('drops its window and what its agents did, and keeps its summary', (t) => {
    const store = storeAt(t)
    for (const _ of times(5, () => 0)) for (const agent of ['main', 'one']) round(store, 's', agent, 'loop')
    tell(store, 's', END)
    assert.deepEqual(linesOf(store, TWO), ['s allow: main 5, one 5'])
    for (const agent of ['main', 'one']) assert.equal(next(store, 's', agent, { signature: 'loop' }), 'allow')
    assert.equal(sessionsIn(store)[0]?.peak, 10)
  })

  test('that is not known begins none, nor do results of single calls', (t) => {
    const store = storeAt(t)
    const calls = [{ id: 'a', tool: 'Bash', signature: 'a', isPoll: false, result: 'r' }]
    const agent = { id: 'main', type: '' }
    tell(store, 's', END)
    tell(store, 's', { type: 'results', agent, calls, endsRound: false })
    tell(store, 's', { type: 'results', agent, calls: [], endsRound: true })
    assert.deepEqual(sessionsIn(store), [])
    tell(store, 's', { type: 'results', agent, calls, endsRound: true })
    assert.equal(sessionsIn(store).length, 1)
  })
})
