/** What people ask of state.db: which sessions are known, how they stand, and how much was counted in all. */

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { GuardEvent } from '../../src/guard/event.ts'
import { identify, keyOf } from '../../src/guard/identity.ts'
import { applySettings } from '../../src/guard/policy.ts'
import { freshAgent } from '../../src/guard/state.ts'
import type { Beginning, Wanted } from '../../src/store/store.ts'
import { withSqlite } from '../../src/system/sqlite.ts'
import { times } from '../support/processes.ts'
import {
  agentOf,
  callBy,
  END,
  ENFORCED,
  halt,
  next,
  overwrite,
  promptBy,
  round,
  type Store,
  sessionsIn,
  storeAt,
  sweepAt,
  tell,
  totalsIn,
  valueIn,
} from '../support/stores.ts'
import { START } from '../support/table.ts'

const KEY = keyOf(identify({ session: 's' }))
const LIMITED = applySettings(ENFORCED, { rate: { warnPerMin: 2, blockPerMin: 3 } })

/** Sessions of two tenants, one each 10 s; the first two are idle and without a window. */
function many(store: Store): void {
  const sessions = [['abc'], ['abd', 'x'], ['b'], ['ab', 'x'], ['a%c'], ['abcé']] as const
  for (const [index, [session, tenant]] of sessions.entries()) {
    if (index === 2) sweepAt(store, 60)
    tell(store, session, callBy('main'), tenant ? { tenant } : {})
    store.clock.now += 10_000
  }
}

describe('known sessions', () => {
  const rows: readonly (readonly [string, Wanted, readonly string[]])[] = [
    ['are all, the latest first', {}, ['abcé', 'a%c', 'ab', 'b', 'abd', 'abc']],
    ['are those whose id begins so', { begin: 'ab' }, ['abcé', 'ab', 'abd', 'abc']],
    ['are those whose id is whole', { begin: 'abcé' }, ['abcé']],
    ['are not those that a pattern would match', { begin: 'a%' }, ['a%c']],
    ['are those of a tenant', { tenant: 'x' }, ['ab', 'abd']],
    ['are those of no tenant', { tenant: '' }, ['abcé', 'a%c', 'b', 'abc']],
    ['are those of a tenant whose id begins so', { tenant: 'x', begin: 'abd' }, ['abd']],
    ['are none of a tenant that is not known', { tenant: 'y' }, []],
    ['are none whose id begins otherwise', { begin: 'c' }, []],
    ['are so many of the latest', { most: 2 }, ['abcé', 'a%c']],
    ['are so many of the latest, idle ones included', { most: 5 }, ['abcé', 'a%c', 'ab', 'b', 'abd']],
    ['are so many of the latest whose id begins so', { begin: 'ab', most: 1 }, ['abcé']],
    [
      'are so many of the latest of all tenants whose id begins so',
      { begin: 'ab', most: 3 },
      ['abcé', 'ab', 'abd'],
    ],
    ['are none of none', { most: 0 }, []],
    ['are those that were seen at a time or later', { since: START + 100_000 }, ['abcé', 'a%c']],
    ['are not those that were seen a millisecond earlier', { since: START + 100_001 }, ['abcé']],
    ['are idle ones that were seen at a time or later', { since: START + 10_000, begin: 'abd' }, ['abd']],
    ['are no idle ones that were seen earlier', { since: START + 10_001, begin: 'abd' }, []],
    ['are idle ones too, by their times alone', { since: START + 10_000 }, ['abcé', 'a%c', 'ab', 'b', 'abd']],
  ]
  for (const [name, wanted, expected] of rows) {
    test(name, (t) => {
      const store = storeAt(t)
      many(store)
      assert.deepEqual(
        sessionsIn(store, wanted).map(({ identity }) => identity.id),
        expected,
      )
    })
  }

  test('are named in the order of their keys, at most so many of each tenant', (t) => {
    const store = storeAt(t)
    many(store)
    const names = (...asked: [Beginning?, number?]) =>
      store.db
        .read((seen) => seen.names(...asked))
        .map(({ key, identity }) => {
          assert.equal(key, keyOf(identify({ session: identity.id, tenant: identity.tenant })))
          return identity.id
        })
    assert.deepEqual(names(), ['a%c', 'abc', 'abcé', 'b', 'ab', 'abd'])
    assert.deepEqual(names({ begin: 'ab' }), ['abc', 'abcé', 'ab', 'abd'])
    assert.deepEqual(names({ begin: 'ab' }, 1), ['abc', 'ab'])
    assert.deepEqual(names({ begin: 'ab', tenant: 'x' }), ['ab', 'abd'])
    assert.deepEqual(
      store.db.read((seen) => seen.tenants()),
      ['', 'x'],
    )
  })

  test('are none before anything was counted', (t) => {
    const store = storeAt(t)
    assert.deepEqual([sessionsIn(store), totalsIn(store)], [[], {}])
    assert.equal(statSync(store.file).size, 0, 'looking makes no tables')
    store.db.reset([])
    assert.deepEqual([sessionsIn(store), totalsIn(store)], [[], {}])
  })

  test('are shown while another process is about to write', (t) => {
    const store = storeAt(t)
    tell(store, 's', callBy('main'))
    withSqlite(store.file, (db) => {
      db.exec('BEGIN IMMEDIATE')
      assert.equal(sessionsIn(store).length, 1)
      assert.throws(() => tell(store, 's', callBy('main')), { code: 'SQLITE_BUSY' })
    })
  })
})

describe('a known session', () => {
  test('tells who and where it is, when it was seen, and what it did', (t) => {
    const store = storeAt(t)
    const told = { policy: LIMITED, policyText: 'limits', tenant: 'x', project: '/home/dev/app' }
    tell(store, 's', callBy('main', 'a', 'Read'), told)
    store.clock.now += 1000
    for (const _ of times(2, () => 0)) tell(store, 's', callBy('one'), { ...told, project: '/elsewhere' })
    const [session] = sessionsIn(store)
    assert.ok(session)
    const { state, ...shown } = session
    assert.deepEqual(shown, {
      key: keyOf(identify({ session: 's', tenant: 'x' })),
      identity: { tenant: 'x', user: '', kind: 'session', id: 's' },
      project: '/home/dev/app',
      peak: 2,
      denied: 1,
      tools: { Read: 1, Bash: 1 },
      agents: [
        { agent: 'main', type: '', count: 1 },
        { agent: 'one', type: 'Explore', count: 1 },
      ],
      firstSeen: START,
      lastSeen: START + 1000,
      calls: 3,
      unasked: 0,
      parent: undefined,
      root: undefined,
      children: [],
      tokens: { prompt: 0, session: 0, day: 0 },
      unread: 0,
      guardChange: undefined,
      policy: 'limits',
      loosening: undefined,
    })
    assert.deepEqual(
      store.db.read((seen) => seen.session(shown.key)),
      session,
    )
    assert.deepEqual(store.db.read((seen) => seen.state(shown.key, 'main')).session, state)
    assert.equal(
      store.db.read((seen) => seen.session(KEY)),
      undefined,
    )
  })

  test('keeps its peak while its count falls', (t) => {
    const store = storeAt(t)
    for (const _ of times(3, () => 0)) tell(store, 's', callBy('main'))
    store.clock.now += 120_000
    tell(store, 's', callBy('main'))
    assert.equal(sessionsIn(store)[0]?.peak, 3)
    tell(store, 'new', promptBy('person'))
    assert.deepEqual(sessionsIn(store, { begin: 'new' })[0]?.peak, 0)
  })

  test('whose row cannot be read is shown as a fresh one', (t) => {
    const store = storeAt(t)
    halt(store, 's', 'main')
    for (const column of ['live', 'lasting'] as const) {
      overwrite(store, `UPDATE session SET ${column} = 'x'`)
      const [session] = sessionsIn(store)
      assert.equal(session?.calls, 8)
      assert.deepEqual(session?.state.counters, {})
    }
  })

  test('is found with its agent as the next event finds it, and one that is not known as a fresh one', (t) => {
    const store = storeAt(t)
    tell(store, 's', promptBy('person'))
    const { session, agent } = round(store, 's', 'one', 'ls')
    const state = (key: string, id: string) => store.db.read((seen) => seen.state(key, id))
    assert.deepEqual(state(KEY, 'one'), { session, agent })
    assert.deepEqual(state(KEY, 'two'), { session, agent: freshAgent(1) })
    assert.deepEqual(state('unknown', 'one').agent, freshAgent(0))
  })

  test('tells of its agents what they did since the last prompt, the latest first', (t) => {
    const store = storeAt(t)
    const known = () => store.db.read((seen) => seen.agentStates(KEY)).map(({ id }) => id)
    assert.deepEqual(known(), [])
    tell(store, 'other', callBy('elsewhere'))
    tell(store, 's', callBy('old'))
    assert.deepEqual(known(), ['old'])
    tell(store, 's', promptBy('person'))
    assert.deepEqual(known(), ['main'])
    store.clock.now += 60_000
    for (const agent of ['b', 'a']) tell(store, 's', callBy(agent))
    assert.deepEqual(known(), ['a', 'b', 'main'])
    tell(store, 's', END)
    assert.deepEqual(known(), [])
  })

  test('tells which of its agents are halted alone since it was reset last', (t) => {
    const store = storeAt(t)
    const halted = () =>
      sessionsIn(store, { begin: 's' })[0]
        ?.agents.filter((agent) => agent.halted)
        .map(({ agent }) => agent)
    halt(store, 's', 'one')
    halt(store, 'other', 'one')
    tell(store, 's', callBy('two'))
    assert.deepEqual(halted(), ['one'])
    const earlier = String(valueIn(store, "SELECT live FROM agent WHERE agent = 'one'"))
    tell(store, 's', promptBy('person'))
    assert.deepEqual(halted(), [])
    overwrite(store, "UPDATE agent SET live = ?, latched = 1 WHERE agent = 'one'", earlier)
    assert.deepEqual(halted(), [], 'by what was remembered before the prompt')
  })

  test('tells how many of its calls ran unasked', (t) => {
    const store = storeAt(t)
    const unasked = () => sessionsIn(store)[0]?.unasked
    tell(store, 's', promptBy('person'))
    assert.equal(unasked(), 0)
    const calls = [{ id: 'a', tool: 'Read', signature: 'a', isPoll: false, result: 'r' }]
    const ended: GuardEvent = { type: 'results', agent: agentOf('main'), calls, endsRound: true }
    tell(store, 's', ended)
    assert.equal(unasked(), 1)
  })
})

describe('what is counted in all', () => {
  test('is what sessions have counted, those with a window and those without', (t) => {
    const store = storeAt(t)
    const told = { policy: LIMITED }
    for (const _ of times(4, () => 0)) next(store, 's', 'main', told)
    tell(store, 's', END, told)
    for (const _ of times(2, () => 0)) next(store, 't', 'main', told)
    assert.deepEqual(totalsIn(store), { calls: 6, warned: 2, blocked: 2, resumed: 1 })
    halt(store, 'u', 'main')
    assert.deepEqual(totalsIn(store), { calls: 14, warned: 4, blocked: 5, halted: 1, resumed: 1 })
  })

  test('is apart what shadow mode would have done', (t) => {
    const store = storeAt(t)
    const shadow = { policy: applySettings(LIMITED, { mode: 'shadow' }) }
    for (const _ of times(3, () => 0)) next(store, 's', 'main', shadow)
    assert.deepEqual(totalsIn(store), { calls: 3, wouldWarn: 1, wouldBlock: 1 })
    halt(store, 't', 'main', { policy: applySettings(ENFORCED, { mode: 'shadow' }) })
    assert.deepEqual(totalsIn(store), { calls: 11, wouldWarn: 3, wouldBlock: 4, wouldHalt: 1 })
  })

  test('are our own failures and what could not be signed, too', (t) => {
    const store = storeAt(t)
    store.db.count('errors')
    store.db.count('errors')
    store.db.count('unsigned')
    assert.deepEqual(totalsIn(store), { errors: 2, unsigned: 1 })
  })
})
