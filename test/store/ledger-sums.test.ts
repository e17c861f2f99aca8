/** Whose tokens, cents and days are whose, and what is told while a long history is still being read. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Used } from '../../src/store/sums.ts'
import {
  append,
  type Disk,
  type Line,
  look,
  PERSON,
  ROUND,
  tokensOf,
  used,
  written,
} from '../support/ledgers.ts'
import { times } from '../support/processes.ts'
import { sessionsIn, storeAt } from '../support/stores.ts'

function diskOf(...lines: Line[]): Disk {
  const disk: Disk = new Map()
  append(disk, 'main', ...lines)
  return disk
}

/** Local time is that of this place while the test runs. */
function inZone(t: TestContext, zone: string): void {
  const { TZ } = process.env
  process.env.TZ = zone
  t.after(() => {
    if (TZ === undefined) delete process.env.TZ
    else process.env.TZ = TZ
  })
}

describe('tenants, users and sessions', () => {
  test('never mix, and users of a tenant have days of their own', (t) => {
    const store = storeAt(t)
    for (const [index, told] of [
      {},
      { tenant: 'a' },
      { tenant: 'b' },
      { tenant: 'b', session: 's2' },
    ].entries())
      look(store, diskOf(used(1, 10 ** index)), ROUND, told)
    look(store, diskOf(used(1, 5)), ROUND, { tenant: 'b', session: 's3', user: 'u' })
    assert.deepEqual(tokensOf(store, 's1'), [1, 1, 1])
    assert.deepEqual(tokensOf(store, 's1', 'a'), [10, 10, 10])
    assert.deepEqual(tokensOf(store, 's1', 'b'), [100, 100, 1100])
    assert.deepEqual(tokensOf(store, 's2', 'b'), [1000, 1000, 1100])
    assert.deepEqual(tokensOf(store, 's3', 'b'), [5, 5, 5])
  })

  test('in a chain count for the outermost one and for themselves, and once a day', (t) => {
    const store = storeAt(t)
    look(store, diskOf(used(1, 1)), ROUND, { session: 'r' })
    look(store, diskOf(used(2, 10)), ROUND, { session: 'n1', parent: 'r' })
    look(store, diskOf(used(3, 100)), ROUND, { session: 'n2', parent: 'n1' })
    assert.deepEqual(tokensOf(store, 'r'), [111, 111, 111])
    assert.deepEqual(tokensOf(store, 'n1'), [10, 10, 111])
    assert.deepEqual(tokensOf(store, 'n2'), [100, 100, 111])
    look(store, diskOf(), PERSON, { session: 'r' })
    assert.deepEqual(tokensOf(store, 'r'), [0, 111, 111])
  })

  test('that are nested and were there before bring only what follows their last prompt', (t) => {
    const store = storeAt(t)
    look(store, diskOf(used(1, 1)), ROUND, { session: 'r' })
    const old = diskOf(written(1), used(2, 1000), written(2), used(3, 10))
    for (const _ of times(4, Number)) look(store, old, ROUND, { session: 'n', parent: 'r', most: 1 })
    assert.deepEqual(tokensOf(store, 'n'), [10, 1010, 1011])
    assert.deepEqual(tokensOf(store, 'r'), [11, 11, 1011])
  })

  test('that are nested go on counting for the outermost one when they are given another prompt', (t) => {
    const store = storeAt(t)
    look(store, diskOf(used(1, 1)), ROUND, { session: 'r' })
    const disk = diskOf(used(2, 10))
    look(store, disk, ROUND, { session: 'n', parent: 'r' })
    append(disk, 'main', used(3, 20), used(4, 30))
    look(store, disk, PERSON, { session: 'n', parent: 'r', most: 1 })
    look(store, disk, ROUND, { session: 'n', parent: 'r' })
    assert.deepEqual(tokensOf(store, 'n'), [0, 60, 61])
    assert.deepEqual(tokensOf(store, 'r'), [61, 61, 61])
  })
})

describe('a day', () => {
  /** START is 2027-01-15 08:00 in UTC, 21:00 in Auckland, 03:00 in New York. */
  for (const [zone, hours] of [
    ['Pacific/Auckland', 3],
    ['America/New_York', 21],
    ['Asia/Kathmandu', 10.25],
    ['UTC', 16],
  ] as const) {
    test(`ends at midnight in ${zone}`, (t) => {
      inZone(t, zone)
      const store = storeAt(t)
      const midnight = hours * 3600
      const disk = diskOf(used(1, 10, midnight - 1))
      look(store, disk)
      assert.deepEqual(tokensOf(store), [10, 10, 10])
      store.clock.now += (midnight - 1) * 1000
      assert.deepEqual(tokensOf(store), [10, 10, 10])
      store.clock.now += 1000
      assert.deepEqual(tokensOf(store), [10, 10, 0])
      append(disk, 'main', used(2, 5, midnight))
      look(store, disk)
      assert.deepEqual(tokensOf(store), [15, 15, 5])
    })
  }

  test('that is met later has what its lines say, and a line that does not say counts today', (t) => {
    inZone(t, 'UTC')
    const store = storeAt(t)
    look(store, diskOf(used(1, 10, -24 * 3600), { message: 2, tokens: 3 }))
    assert.deepEqual(tokensOf(store), [13, 13, 3])
    store.clock.now -= 24 * 3600 * 1000
    assert.deepEqual(tokensOf(store), [13, 13, 10])
  })
})

/** What the event was told: cents since a person last wrote, of the session, and in the day. */
function costing(store: ReturnType<typeof storeAt>, costUsd: number, event = ROUND, told: CostTold = {}) {
  lastAt += 1
  const { session = 's1', at = lastAt } = told
  let known: Used['cents']
  look(store, undefined, event, { cost: { costUsd, at }, session, onTold: ({ cents }) => (known = cents) })
  return [known?.prompt, known?.session, known?.day]
}

interface CostTold {
  readonly session?: string
  readonly at?: number
}

/** When the client has told a cost last. */
let lastAt = 0

describe('what the client says that a session has cost', () => {
  test('counts in cents from where it was last, and a client that begins anew counts from 0', (t) => {
    const store = storeAt(t)
    assert.deepEqual(costing(store, 0), [0, 0, 0])
    assert.deepEqual(costing(store, 0.104), [10, 10, 10])
    assert.deepEqual(costing(store, 0.106), [11, 11, 11])
    assert.deepEqual(costing(store, 1), [100, 100, 100])
    assert.deepEqual(costing(store, 0.25), [125, 125, 125])
    assert.deepEqual(costing(store, 0.5, ROUND, { session: 's2' }), [0, 50, 125])
  })

  test('is of before when it is met for the first time, and at a person’s prompt', (t) => {
    const store = storeAt(t)
    assert.deepEqual(costing(store, 5), [0, 500, 0])
    assert.deepEqual(costing(store, 6), [100, 600, 100])
    costing(store, 7, PERSON)
    assert.deepEqual(costing(store, 7.5), [50, 750, 250])
  })

  test('is no news when it was said before what is known already', (t) => {
    const store = storeAt(t)
    const at = lastAt + 100
    costing(store, 40, ROUND, { at })
    assert.deepEqual(costing(store, 41, ROUND, { at: at + 2 }), [100, 4100, 100])
    for (const earlier of [at, at + 1, at + 2])
      assert.deepEqual(costing(store, 40, ROUND, { at: earlier }), [100, 4100, 100])
    assert.deepEqual(costing(store, 41.5, ROUND, { at: at + 3 }), [150, 4150, 150])
  })
})

describe('a history of which only a part is read at each event', () => {
  const promptsTold =
    (most: number, ...lines: Line[]) =>
    (t: TestContext) => {
      const store = storeAt(t)
      const told: (number | undefined)[] = []
      const disk = diskOf(...lines)
      for (const _ of times(4, Number))
        look(store, disk, ROUND, { most, onTold: ({ tokens }) => told.push(tokens?.prompt) })
      const [found] = sessionsIn(store)
      return { told, unread: found?.unread, tokens: tokensOf(store).slice(0, 2) }
    }

  test('tells of no prompt’s tokens before it is known which prompt is the last', (t) => {
    const history = [written(1), used(1, 1000), used(2, 1000), written(2), used(3, 10), used(4, 1)]
    assert.deepEqual(promptsTold(2, ...history)(t), { told: [0, 0, 11, 11], unread: 0, tokens: [11, 2011] })
  })

  test('holds up nothing that comes after it', (t) => {
    const store = storeAt(t)
    const disk = diskOf(written(1), used(1, 10))
    look(store, disk)
    append(disk, 'main', used(2, 1), used(3, 1))
    let told: Used['tokens']
    look(store, disk, ROUND, { most: 1, onTold: ({ tokens }) => (told = tokens) })
    assert.deepEqual([told?.prompt, told?.session], [11, 11])
  })
})
