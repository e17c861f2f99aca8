/** Sessions whose clients were started by agents: who is whose child, and which session is the outermost. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { identify } from '../../src/guard/identity.ts'
import { freshState } from '../../src/guard/state.ts'
import { times } from '../support/processes.ts'
import { agentOf, overwrite, type Store, sessionsIn, storeAt } from '../support/stores.ts'

/** One event of a session, told by a client of that parent (PERSON: of none); returns the outermost session. */
function begin({ db }: Store, session: string, parent?: string, tenant?: string): string | undefined {
  return db.update({
    identity: identify({ session, tenant }),
    event: { type: 'session_start', agent: agentOf('main') },
    project: '/home/dev/app',
    policy: '',
    parent: () => parent,
    decide: (_, now) => ({
      ...freshState(now),
      verdict: { kind: 'allow' },
      unasked: [],
      tally: { calls: 0, warned: 0, blocked: 0, halted: 0 },
    }),
  }).root
}

const PERSON = ''

const familyOf = (store: Store) =>
  Object.fromEntries(
    sessionsIn(store).map(({ identity, parent, children }) => [identity.id, [parent, [...children]]]),
  )

describe('a session', () => {
  test('of a person has neither parent nor children', (t) => {
    const store = storeAt(t)
    assert.equal(begin(store, 'own'), undefined)
    assert.deepEqual(familyOf(store), { own: [undefined, []] })
  })

  test('in a chain of six counts for the first of them', (t) => {
    const store = storeAt(t)
    const chain = times(6, (i) => begin(store, `s${i}`, i === 0 ? undefined : `s${i - 1}`))
    assert.deepEqual(chain, [undefined, 's0', 's0', 's0', 's0', 's0'])
    assert.deepEqual(familyOf(store).s4, ['s3', ['s5']])
  })

  test('in a fan counts for the one in the middle', (t) => {
    const store = storeAt(t)
    begin(store, 'root')
    for (const i of times(40, Number)) assert.equal(begin(store, `s${i}`, 'root'), 'root')
    assert.equal(sessionsIn(store).find(({ identity }) => identity.id === 'root')?.children.length, 40)
  })

  test('whose parent nobody has told of counts for that parent', (t) => {
    assert.equal(begin(storeAt(t), 'child', 'unknown'), 'unknown')
  })

  test('keeps the parent that it began with, as long as nothing is known of another client', (t) => {
    const store = storeAt(t)
    begin(store, 'child', 'a')
    assert.equal(begin(store, 'child'), 'a')
  })

  test('and another one that name each other end nowhere', (t) => {
    const store = storeAt(t)
    assert.equal(begin(store, 'a', 'b'), 'b')
    assert.equal(begin(store, 'b', 'a'), undefined)
    assert.equal(begin(store, 'a', 'b'), 'b')
  })

  test('is no child of itself: a client that goes on with it is that session', (t) => {
    const store = storeAt(t)
    assert.equal(begin(store, 'same', 'same'), undefined)
    assert.deepEqual(familyOf(store), { same: [undefined, []] })
  })

  test('has its parent in its own tenant', (t) => {
    const store = storeAt(t)
    begin(store, 'top')
    begin(store, 'root', 'top')
    assert.equal(begin(store, 'child', 'root', 'acme'), 'root')
    assert.equal(begin(store, 'other', 'root'), 'top')
    assert.deepEqual(familyOf(store).root, ['top', ['other']])
  })
})

/** Sessions that are told of one after the other, each with its parent; where each of them counted then. */
function tellAll(store: Store, ...told: readonly (readonly [session: string, parent?: string])[]) {
  return told.map(([session, parent]) => begin(store, session, parent))
}

describe('a session that is known already', () => {
  test('counts for the session whose agent goes on with it', (t) => {
    const store = storeAt(t)
    assert.deepEqual(tellAll(store, ['r', PERSON], ['old', PERSON], ['old', 'r'], ['old']), [
      undefined,
      undefined,
      'r',
      'r',
    ])
    assert.deepEqual(familyOf(store), { r: [undefined, ['old']], old: ['r', []] })
  })

  test('counts for another one once an agent of that goes on with it', (t) => {
    const store = storeAt(t)
    assert.deepEqual(tellAll(store, ['child', 'a'], ['child', 'b']), ['a', 'b'])
    assert.deepEqual(familyOf(store).child, ['b', []])
  })

  test('counts alone when a person goes on with it, and its parent stays known', (t) => {
    const store = storeAt(t)
    assert.deepEqual(tellAll(store, ['child', 'r'], ['child', PERSON], ['child']), [
      'r',
      undefined,
      undefined,
    ])
    assert.deepEqual(familyOf(store).child, ['r', []])
    assert.equal(begin(store, 'new', 'child'), 'child', 'and what its agents start counts for it')
  })

  test('takes along what counts for it', (t) => {
    const store = storeAt(t)
    tellAll(store, ['old', PERSON], ['child', 'old'], ['deep', 'child'])
    assert.deepEqual(tellAll(store, ['old', 'r'], ['child'], ['deep'], ['new', 'deep']), ['r', 'r', 'r', 'r'])
    tellAll(store, ['r', 'top'])
    assert.deepEqual(tellAll(store, ['old'], ['deep']), ['top', 'top'])
  })

  test('leaves those where they are that were started before a person went on with it', (t) => {
    const store = storeAt(t)
    tellAll(store, ['mid', 'r'], ['child', 'mid'], ['mid', PERSON])
    assert.deepEqual(tellAll(store, ['child'], ['child', 'mid']), ['r', 'mid'])
  })

  test('stays where it is when its own agent goes on with it', (t) => {
    const store = storeAt(t)
    assert.deepEqual(tellAll(store, ['own', PERSON], ['own', 'own']), [undefined, undefined])
    assert.deepEqual(tellAll(store, ['child', 'own'], ['child', 'child']), ['own', 'own'])
    assert.deepEqual(familyOf(store), { own: [undefined, ['child']], child: ['own', []] })
  })

  test('stays where it is when an agent far below goes on with it', (t) => {
    const store = storeAt(t)
    tellAll(store, ['a', PERSON], ['b', 'a'], ['c', 'b'], ['d', 'c'])
    assert.deepEqual(tellAll(store, ['a', 'd'], ['b', 'd'], ['c', 'd'], ['d']), [undefined, 'a', 'a', 'a'])
    assert.deepEqual(familyOf(store), {
      a: [undefined, ['b']],
      b: ['a', ['c']],
      c: ['b', ['d']],
      d: ['c', []],
    })
  })

  test('counts for one that was below it, since a person went on with that', (t) => {
    const store = storeAt(t)
    tellAll(store, ['a', PERSON], ['b', 'a'], ['b', PERSON])
    assert.deepEqual(tellAll(store, ['a', 'b'], ['b']), ['b', undefined])
  })

  test('and others that name each other end at one of them, however often they are told of', (t) => {
    const store = storeAt(t)
    const ring = [
      ['x', 'y'],
      ['y', 'z'],
      ['z', 'x'],
    ] as const
    tellAll(store, ['x', PERSON], ['y', PERSON], ['z', PERSON])
    assert.deepEqual(tellAll(store, ...ring), ['y', 'z', undefined])
    assert.deepEqual(tellAll(store, ...ring), ['z', 'z', undefined])
  })

  test('ends somewhere in a file in which sessions count for each other', (t) => {
    const store = storeAt(t)
    tellAll(store, ['x', 'r'], ['y', 'r'], ['child', 'x'])
    overwrite(store, "UPDATE session SET root = iif(name = 'x', 'y', 'x')")
    assert.equal(begin(store, 'child'), 'y')
    assert.equal(sessionsIn(store).length, 3)
  })
})

describe('where the next event of a session counts', () => {
  const rootOf = ({ db }: Store, session: string, parent?: string) =>
    db.read((seen) => seen.root(identify({ session }), parent))

  test('can be asked of what is known, and of a client that nobody has told of yet', (t) => {
    const store = storeAt(t)
    tellAll(store, ['r', PERSON], ['child', 'r'])
    const rows = [
      ['child', undefined, 'r'],
      ['child', PERSON, undefined],
      ['child', 'other', 'other'],
      ['r', undefined, undefined],
      ['r', 'child', undefined],
      ['new', undefined, undefined],
      ['new', 'child', 'r'],
    ] as const
    for (const [session, parent, root] of rows) {
      assert.equal(rootOf(store, session, parent), root, `${session} of ${parent}`)
    }
    assert.deepEqual(familyOf(store), { r: [undefined, ['child']], child: ['r', []] })
  })
})
