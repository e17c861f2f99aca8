/** Sessions whose clients were started by agents: who is whose child, and which session is the outermost. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { identify } from '../../src/guard/identity.ts'
import { freshState } from '../../src/guard/state.ts'
import { times } from '../support/processes.ts'
import { agentOf, type Store, sessionsIn, storeAt } from '../support/stores.ts'

/** One event of a session, begun by a client of that parent; returns the outermost session. */
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

  test('keeps the parent that it began with', (t) => {
    const store = storeAt(t)
    begin(store, 'child', 'a')
    assert.equal(begin(store, 'child', 'b'), 'a')
    begin(store, 'own')
    assert.equal(begin(store, 'own', 'b'), undefined)
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
