/** The ledger against a naive model, which knows all that was ever written and sums each message's last usage once. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  append,
  type Disk,
  look,
  PERSON,
  ROUND,
  replace,
  type Teller,
  tokensOf,
  used,
  written,
} from '../support/ledgers.ts'
import { times } from '../support/processes.ts'
import { type Store, sessionsIn, storeAt } from '../support/stores.ts'

/** In the order in which they are read: copies are made of what stands before. */
const FILES = ['main', 'agent-a', 'agent-b'] as const

/** One session as the model knows it. */
interface Known {
  readonly teller: Teller
  readonly disk: Disk
  /** The last usage of each message. */
  readonly last: Map<number, number>
  /** What others repeat grows no more. */
  readonly copied: Set<number>
  /** All that was used up when a person last wrote. */
  before: number
}

interface World {
  readonly stores: readonly [Store, Store]
  readonly sessions: readonly [root: Known, nested: Known, other: Known]
  /** So many lines are read in one event. */
  readonly most: number
  /** A number from 0 to below this. */
  readonly roll: (below: number) => number
  ids: number
}

function dice(seed: number): World['roll'] {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function world(t: TestContext, seed: number, most: number): World {
  const store = storeAt(t)
  const known = (teller: Teller): Known => ({
    ...{ teller, disk: new Map(FILES.map((file) => [file, { lines: [], version: 0 }])) },
    ...{ last: new Map(), copied: new Set(), before: 0 },
  })
  const root = known({ session: 'root' })
  const nested = known({ session: 'nested', parent: 'root' })
  const other = known({ session: 'root', tenant: 'b' })
  const made: World = {
    stores: [store, storeAt(t, store.file)],
    sessions: [root, nested, other],
    ...{ most, roll: dice(seed), ids: 0 },
  }
  for (const each of made.sessions) prompt(made, each)
  return made
}

const sumOf = ({ last }: Known) => [...last.values()].reduce((sum, each) => sum + each, 0)

/** A person writes: what stands there is of before; then the client writes the prompt down. */
function prompt({ stores: [store], most, ids }: World, known: Known, meanwhile = () => undefined): void {
  look(store, known.disk, PERSON, { ...known.teller, most, meanwhile })
  known.before = sumOf(known)
  append(known.disk, 'main', written(ids / 100))
}

function write(made: World, known: Known): void {
  const file = FILES[made.roll(FILES.length)] ?? 'main'
  const { lines } = known.disk.get(file) ?? { lines: [] }
  const latest = lines.at(-1)?.message
  const grows = latest !== undefined && !known.copied.has(latest) && made.roll(2) === 0
  made.ids += grows ? 0 : 1
  const message = grows ? latest : made.ids
  const tokens = made.roll(1000) + (known.last.get(message) ?? 0)
  known.last.set(message, tokens)
  append(known.disk, file, used(message, tokens, made.ids / 100))
}

/** A later file repeats what a message that stands before has used. */
function copy({ roll }: World, { disk, copied, last }: Known): void {
  const to = 1 + roll(FILES.length - 1)
  const { lines } = disk.get(FILES[roll(to)] ?? 'main') ?? { lines: [] }
  const message = lines[roll(lines.length)]?.message
  if (message === undefined) return
  copied.add(message)
  append(disk, FILES[to] ?? 'agent-b', used(message, last.get(message) ?? 0))
}

/** A file that was read is written anew, without some of the messages that it began with. */
function compact(made: World, known: Known): void {
  if (made.most !== Number.POSITIVE_INFINITY) return
  look(made.stores[0], known.disk, ROUND, known.teller)
  const file = FILES[made.roll(FILES.length)] ?? 'main'
  const { lines } = known.disk.get(file) ?? { lines: [] }
  replace(known.disk, file, ...lines.slice(made.roll(lines.length)))
}

/** One hook of this session reads ahead; another one comes before it, and what it finds may have been written just then. */
function race(made: World, known: Known): void {
  const { stores, most, roll } = made
  const isPrompt = roll(3) === 0
  const meanwhile = () => {
    if (!isPrompt) for (const _ of times(roll(3), Number)) write(made, known)
    look(stores[1], known.disk, ROUND, { ...known.teller, most })
  }
  if (isPrompt) prompt(made, known, () => void meanwhile())
  else look(stores[0], known.disk, ROUND, { ...known.teller, most, meanwhile })
}

function step(made: World): void {
  const known = made.sessions[made.roll(3)] ?? made.sessions[0]
  const kind = made.roll(12)
  if (kind < 6) write(made, known)
  else if (kind < 8) copy(made, known)
  else if (kind === 8) compact(made, known)
  else if (kind === 9) prompt(made, known)
  else if (kind === 10) race(made, known)
  else
    look(made.stores[made.roll(2)] ?? made.stores[0], known.disk, ROUND, { ...known.teller, most: made.most })
}

/** Nothing is left unread. */
function catchUp(made: World): void {
  const {
    stores: [store],
    sessions,
    most,
  } = made
  for (const { disk, teller } of sessions) look(store, disk, ROUND, { ...teller, most })
  if (sessionsIn(store).some(({ unread }) => unread > 0)) catchUp(made)
}

function check({ stores: [store], sessions: [root, nested, other] }: World, about: string): void {
  const ofBoth = sumOf(root) + sumOf(nested)
  assert.deepEqual(
    tokensOf(store, 'nested'),
    [sumOf(nested) - nested.before, sumOf(nested), ofBoth],
    `nested, ${about}`,
  )
  assert.deepEqual(
    tokensOf(store, 'root', 'b'),
    [sumOf(other) - other.before, sumOf(other), sumOf(other)],
    `other tenant, ${about}`,
  )
  assert.deepEqual(tokensOf(store, 'root').slice(1), [ofBoth, ofBoth], `root, ${about}`)
}

describe('whatever is written, copied and written anew, and whoever reads it when', () => {
  for (const [name, most] of [
    [
      'each message counts once, for its stretch, its session, the outermost one, and its tenant’s day',
      Infinity,
    ],
    ['nothing is lost and nothing moves to another stretch where reading is behind', 2],
  ] as const) {
    test(name, (t) => {
      for (const seed of times(20, (i) => i + 1)) {
        const made = world(t, seed, most)
        for (const _ of times(80, Number)) step(made)
        catchUp(made)
        check(made, `seed ${seed}`)
      }
    })
  }
})
