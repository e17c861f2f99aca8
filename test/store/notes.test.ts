/** What is noted with a session, and told once. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { identify } from '../../src/guard/identity.ts'
import {
  callBy,
  END,
  ENFORCED,
  overwrite,
  promptBy,
  type Store,
  sessionsIn,
  storeAt,
  tell,
  totalsIn,
} from '../support/stores.ts'
import { START } from '../support/table.ts'

const S = identify({ session: 's' })

describe('a notice', () => {
  test('is told once in a session, and again when it is another one', (t) => {
    const store = storeAt(t)
    const isNew = (notice?: string, session = 's') =>
      tell(store, session, callBy('main'), notice === undefined ? {} : { notice }).noticeIsNew
    assert.equal(isNew(), false, 'there is none')
    assert.deepEqual([isNew('one'), isNew('one'), isNew('two'), isNew('two')], [true, false, true, false])
    assert.equal(isNew('two', 'other'), true)
    assert.deepEqual([isNew(), isNew(), isNew('two')], [true, false, true], 'and when it was gone meanwhile')
  })

  test('is told with a call that is counted, and with nothing else', (t) => {
    const store = storeAt(t)
    const call = callBy('main')
    assert.equal(tell(store, 's', promptBy('person'), { notice: 'n' }).noticeIsNew, false)
    assert.equal(tell(store, 's', call, { notice: 'n' }).noticeIsNew, true)
    assert.equal(tell(store, 's', call, { notice: 'other' }).noticeIsNew, false, 'the same call again')
    assert.equal(tell(store, 's', callBy('main'), { notice: 'other' }).noticeIsNew, true)
  })

  test('is known again by its first 200 characters', (t) => {
    const store = storeAt(t)
    const isNew = (notice: string) => tell(store, 's', callBy('main'), { notice }).noticeIsNew
    const long = 'n'.repeat(199)
    assert.deepEqual([isNew(`${long}ab`), isNew(`${long}ac`), isNew(`${long}b`)], [true, false, true])
  })
})

describe('a sweep is due', () => {
  const after = (store: Store, ms: number) => {
    store.clock.now += ms
    return tell(store, 's', callBy('main')).sweepIsDue
  }
  test('when the last one was a minute ago, or a minute ahead by a clock that was put back', (t) => {
    const store = storeAt(t)
    assert.equal(after(store, 0), true)
    overwrite(store, 'UPDATE retired SET swept_ms = ?', START)
    assert.deepEqual([after(store, 59_999), after(store, 1)], [false, true])
    assert.deepEqual([after(store, -119_999), after(store, -1)], [false, true])
  })
})

describe('blocks that could not be signed', () => {
  const noted = ({ db }: Store) => db.read((seen) => seen.unsigned())

  test('are new until a person has taken note of them', (t) => {
    const store = storeAt(t)
    assert.equal(store.db.acknowledgeUnsigned(), 0)
    for (let i = 0; i < 2; i += 1) store.db.count('unsigned')
    assert.deepEqual(noted(store), { count: 2, fresh: 2 })
    assert.equal(store.db.acknowledgeUnsigned(), 2)
    assert.deepEqual(noted(store), { count: 2, fresh: 0 })
    store.db.count('unsigned')
    assert.deepEqual(noted(store), { count: 3, fresh: 1 })
    assert.deepEqual([store.db.acknowledgeUnsigned(), store.db.acknowledgeUnsigned()], [1, 0])
  })
})

describe('a change of the settings that a session was kept from', () => {
  const change = { file: '/a/settings.json', problem: 'holds no hook' }

  test('is noted and shown until it is mended', (t) => {
    const store = storeAt(t)
    const shown = () => sessionsIn(store)[0]?.guardChange
    assert.equal(shown(), undefined)
    assert.equal(
      store.db.noteGuardChange(S, '/p', undefined),
      false,
      'nothing is known, and nothing is wrong',
    )
    assert.deepEqual(sessionsIn(store), [])
    assert.equal(store.db.noteGuardChange(S, '/p', change), true)
    assert.deepEqual(shown(), { at: START, ...change })
    const [session] = sessionsIn(store)
    assert.deepEqual(
      [session?.identity, session?.project, session?.firstSeen, session?.lastSeen, session?.calls],
      [S, '/p', START, START, 0],
    )
    assert.deepEqual(session?.guardChange, { at: START, ...change })
    store.clock.now += 5000
    assert.equal(store.db.noteGuardChange(S, '/q', undefined), true)
    assert.deepEqual([shown(), sessionsIn(store)[0]?.project], [undefined, '/p'])
  })

  test('is told once where the same hook is registered twice', (t) => {
    const store = storeAt(t)
    const note = (after: number, found: typeof change) => {
      store.clock.now += after
      return store.db.noteGuardChange(S, '/p', found)
    }
    assert.deepEqual([note(0, change), note(999, change), note(1000, change)], [true, false, true])
    assert.equal(note(0, { ...change, file: '/b' }), true, 'another file')
    assert.equal(note(0, { ...change, file: '/b', problem: 'is broken' }), true, 'another problem')
  })

  test('that cannot be read is none', (t) => {
    const store = storeAt(t)
    for (const guard of [
      'x',
      '{}',
      '{"at":"1","file":"f","problem":"p"}',
      '{"at":1,"file":5,"problem":"p"}',
      '{"at":1,"file":"f","problem":5}',
    ]) {
      store.db.noteGuardChange(S, '/p', change)
      overwrite(store, 'UPDATE session SET guard = ?', guard)
      assert.equal(sessionsIn(store)[0]?.guardChange, undefined, guard)
    }
  })

  test('stays when the session goes on, and when it ends', (t) => {
    const store = storeAt(t)
    store.db.noteGuardChange(S, '/p', change)
    tell(store, 's', callBy('main'))
    tell(store, 's', END)
    assert.deepEqual(sessionsIn(store)[0]?.guardChange, { at: START, ...change })
  })
})

describe('a policy that has become looser', () => {
  const met = (store: Store, policyText: string) =>
    tell(store, 's', callBy('main'), { policyText }).policyBefore
  const note = (store: Store, before: string, after: string, ...settings: string[]) =>
    store.db.notePolicy(S, { before, after }, settings)
  const shown = (store: Store) => sessionsIn(store)[0]?.loosening

  test('is told of until it is noted, once', (t) => {
    const store = storeAt(t)
    assert.deepEqual([met(store, 'one'), met(store, 'one')], [undefined, undefined])
    assert.deepEqual([met(store, 'two'), met(store, 'two')], ['one', 'one'])
    assert.equal(note(store, 'other', 'two', 'mode'), false, 'it did not meet that one')
    assert.equal(note(store, 'one', 'two', 'mode', 'onError'), true)
    assert.equal(note(store, 'one', 'two', 'mode'), false, 'another hook has noted it')
    assert.equal(met(store, 'two'), undefined)
    assert.deepEqual(
      [shown(store), totalsIn(store).loosened],
      [{ at: START, settings: ['mode', 'onError'] }, 2],
    )
  })

  test('shows each setting once, and when the last of them became looser', (t) => {
    const store = storeAt(t)
    met(store, 'one')
    note(store, 'one', 'two', 'mode')
    store.clock.now += 1000
    note(store, 'two', 'three', 'onError', 'mode')
    store.clock.now += 1000
    assert.equal(note(store, 'three', 'four'), true, 'nothing is looser in it')
    const loosening = { at: START + 1000, settings: ['mode', 'onError'] }
    assert.deepEqual(sessionsIn(store)[0]?.loosening, loosening)
    assert.deepEqual([shown(store), totalsIn(store).loosened], [loosening, 3])
  })

  test('of a session that is not known is not noted', (t) => {
    const store = storeAt(t)
    assert.equal(note(store, '', 'one', 'mode'), false)
    assert.equal(shown(store), undefined)
  })

  test('that cannot be read is none', (t) => {
    const store = storeAt(t)
    tell(store, 's', callBy('main'), { policy: ENFORCED })
    for (const loosened of ['x', '{}', '{"at":1}', '{"at":"1","settings":[]}', '{"at":1,"settings":[5]}']) {
      overwrite(store, 'UPDATE session SET loosened = ?', loosened)
      assert.equal(shown(store), undefined, loosened)
    }
  })
})
