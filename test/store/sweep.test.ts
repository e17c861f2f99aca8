/** What a sweep leaves: state before, seconds later → what is left. Idle agents are looked up by whole minutes. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { applySettings } from '../../src/guard/policy.ts'
import { times } from '../support/processes.ts'
import {
  callBy,
  ENFORCED,
  halt,
  linesOf,
  next,
  promptBy,
  type Store,
  sessionsIn,
  storeAt,
  sweepAt,
  tell,
  totalsIn,
  valueIn,
} from '../support/stores.ts'

const MINUTES = 60
const DAYS = 24 * 60 * MINUTES
/** START is 0.4 s after a minute: by so much less an agent or a session is already idle for its whole minutes. */
const OFFSET = 0.4

/** Of a limit of 4: three calls have run, so that the next one would be blocked as long as they are remembered. */
const FOUR = applySettings(ENFORCED, { rate: { warnPerMin: 0, blockPerMin: 4 } })

const busy = (store: Store) => {
  for (const agent of ['main', 'one', 'two']) tell(store, 's', callBy(agent), { policy: FOUR })
}
const oneHalted = (store: Store) => {
  halt(store, 's', 'one')
  tell(store, 's', callBy('two'))
}
const allHalted = (store: Store) => halt(store, 's', 'main')
const calledAgain = (store: Store) => {
  busy(store)
  store.clock.now += 9 * MINUTES * 1000
  tell(store, 's', callBy('two'))
}

describe('a sweep', () => {
  for (const [state, before, seconds, left] of [
    ['a session', busy, 0, ['s block: main 1, one 1, two 1']],
    ['a session', busy, 59, ['s block: main 1, one 1, two 1']],
    ['a session', busy, 60, ['s allow: main 1, one 1, two 1']],
    ['a session', busy, 10 * MINUTES - OFFSET - 0.001, ['s allow: main 1, one 1, two 1']],
    ['a session', busy, 10 * MINUTES - OFFSET, ['s allow: (idle) 2, main 1']],
    ['a session', busy, 30 * DAYS - OFFSET - 0.001, ['s allow: (idle) 2, main 1']],
    ['a session', busy, 30 * DAYS - OFFSET, []],
    [
      'a session of which one agent was called again',
      calledAgain,
      2 * MINUTES,
      ['s allow: two 2, (idle) 1, main 1'],
    ],
    ['a session of which one agent is halted', oneHalted, 10 * MINUTES, ['s allow: one 5 halted, (idle) 1']],
    ['a session of which one agent is halted', oneHalted, 29 * DAYS, ['s allow: one 5 halted, (idle) 1']],
    ['a session of which one agent is halted', oneHalted, 31 * DAYS, []],
    ['a halted session', allHalted, 10 * MINUTES, ['s halt: main 5 halted']],
    ['a halted session', allHalted, 31 * DAYS, ['s halt: main 5 halted']],
    ['a halted session', allHalted, 4000 * DAYS, ['s halt: main 5 halted']],
  ] as const) {
    test(`of ${state} after ${seconds} s leaves ${left[0] ?? 'nothing'}`, (t) => {
      const store = storeAt(t)
      before(store)
      sweepAt(store, seconds)
      assert.deepEqual(linesOf(store, FOUR), left)
      sweepAt(store, 0)
      assert.deepEqual(linesOf(store, FOUR), left, 'another one finds nothing more')
    })
  }

  test('of what is halted leaves it halted: the next call of each meets that', (t) => {
    const store = storeAt(t)
    halt(store, 'whole', 'main')
    halt(store, 'part', 'one')
    sweepAt(store, 29 * DAYS)
    assert.equal(next(store, 'whole', 'other'), 'halt:session')
    assert.equal(next(store, 'part', 'one'), 'halt:agent')
    assert.equal(next(store, 'part', 'two'), 'allow')
  })

  test('drops windows only of sessions that were idle for the whole 60 s', (t) => {
    const store = storeAt(t)
    tell(store, 's', callBy('main'), { policy: FOUR })
    const lives = () => Object.keys(sessionsIn(store)[0]?.state.counters ?? {}).length > 0
    sweepAt(store, 59.999)
    assert.equal(lives(), true)
    sweepAt(store, 0.001)
    assert.equal(lives(), false)
  })

  test('remembers of a session without a window what lasts', (t) => {
    const store = storeAt(t)
    tell(store, 's', promptBy('person'))
    halt(store, 's', 'one')
    sweepAt(store, MINUTES)
    halt(store, 's', 'two')
    assert.equal(
      next(store, 's', 'main'),
      'halt:session',
      'the second agent that loops since the last prompt',
    )
  })

  test('forgets nothing that was counted in all', (t) => {
    const store = storeAt(t)
    tell(store, 's', promptBy('person'))
    halt(store, 's', 'main')
    halt(store, 'other', 'one')
    next(store, 's', 'two')
    const unasked = { id: 'u', tool: 'Read', signature: 'u', isPoll: false, result: 'r' }
    tell(store, 't', promptBy('person'))
    tell(store, 't', { type: 'results', agent: { id: 'main', type: '' }, calls: [unasked], endsRound: true })
    const totals = totalsIn(store)
    assert.deepEqual(totals, { calls: 18, warned: 4, blocked: 7, halted: 2, unasked: 1 })
    sweepAt(store, 60)
    assert.deepEqual(totalsIn(store), totals)
    sweepAt(store, 31 * DAYS)
    assert.deepEqual([totalsIn(store), linesOf(store).length], [totals, 1])
  })

  test('folds agents into those that were folded before', (t) => {
    const store = storeAt(t)
    for (const agent of ['one', 'two', 'two']) {
      tell(store, 's', callBy(agent))
      sweepAt(store, 11 * MINUTES)
    }
    assert.deepEqual(linesOf(store), ['s allow: (idle) 3'])
  })

  test('forgets at most 200 agents and 200 sessions, and the next one the rest', (t) => {
    const store = storeAt(t)
    for (const i of times(201, (index) => index)) {
      tell(store, 's', callBy(`agent ${i}`))
      tell(store, `s${i}`, callBy('main'))
    }
    sweepAt(store, 11 * MINUTES)
    assert.equal(
      sessionsIn(store, { begin: 's' }).find(({ identity }) => identity.id === 's')?.agents.length,
      2,
    )
    sweepAt(store, 31 * DAYS)
    sweepAt(store, 0)
    assert.equal(sessionsIn(store).length, 0)
  })

  test('forgets the agents of a session that it forgets', (t) => {
    const store = storeAt(t)
    tell(store, 'old', callBy('one'))
    sweepAt(store, 31 * DAYS)
    tell(store, 'new', callBy('main'))
    assert.deepEqual(linesOf(store), ['new allow: main 1'])
    assert.equal(valueIn(store, 'SELECT count(*) FROM agent'), 1)
  })
})
