/** Transcripts as values, and the ledger of a real state.db that reads them. */

import { decide } from '../../src/guard/decide.ts'
import type { GuardEvent } from '../../src/guard/event.ts'
import { identify } from '../../src/guard/identity.ts'
import { asCounted } from '../../src/guard/shadow.ts'
import { type Cost, type Ledger, ledgerOf } from '../../src/store/ledger.ts'
import type { Position, Reading, TokenReader } from '../../src/store/reading.ts'
import type { Used } from '../../src/store/sums.ts'
import { only } from './policies.ts'
import { agentOf, promptBy, type Store, sessionsIn } from './stores.ts'
import { START } from './table.ts'

/** A line of a transcript: a message's usage or, without one, a person's prompt. `at`: seconds after START. */
export interface Line {
  readonly message?: number
  readonly tokens?: number
  readonly at?: number
}

/** The lines of each file, which has been written anew so many times. The first is the main one. */
export type Disk = Map<string, { readonly lines: readonly Line[]; readonly version: number }>

/** What each line takes, in bytes. */
const LINE_BYTES = 100

/** A message's usage. */
export function used(message: number, tokens: number, at = 0): Line {
  return { message, tokens, at }
}

/** What a person wrote. */
export function written(at = 0): Line {
  return { at }
}

export function append(disk: Disk, path: string, ...lines: Line[]): void {
  const known = disk.get(path) ?? { lines: [], version: 0 }
  disk.set(path, { ...known, lines: [...known.lines, ...lines] })
}

/** The file is written anew, with these lines alone. */
export function replace(disk: Disk, path: string, ...lines: Line[]): void {
  disk.set(path, { lines, version: (disk.get(path)?.version ?? 0) + 1 })
}

/** Reads what is there, at most so many lines an event; like the one of files, a part again only where it has moved on since. */
export function readerOf(disk: Disk, most = Number.POSITIVE_INFINITY): TokenReader {
  const read = new Map<string, { readonly offset: number | undefined; readonly reading: Reading }>()
  return {
    read(positionOf) {
      let left = most
      const readings = [...disk.keys()].map((path, index) => {
        const from = positionOf(path)
        const before = read.get(path)
        const reading =
          before && before.offset === from?.offset
            ? before.reading
            : readingOf(disk, path, from, left, index === 0)
        left -= reading.entries.length
        read.set(path, { offset: from?.offset, reading })
        return reading
      })
      return { readings, last: '' }
    },
  }
}

function readingOf(
  disk: Disk,
  path: string,
  from: Position | undefined,
  most: number,
  isMain: boolean,
): Reading {
  const { lines, version } = disk.get(path) ?? { lines: [], version: 0 }
  const node = `node ${version}`
  const size = lines.length * LINE_BYTES
  const isSame = from?.node === node && from.offset <= size
  const start = isSame ? from.offset / LINE_BYTES : 0
  const entries = lines.slice(start, start + most).map(({ message, tokens = 0, at }, index) => ({
    offset: (start + index) * LINE_BYTES,
    at: at === undefined ? undefined : START + at * 1000,
    tokens,
    ...(message === undefined ? {} : { message }),
  }))
  const offset = (start + entries.length) * LINE_BYTES
  return { path, isMain, node, from: start * LINE_BYTES, to: offset, offset, tail: '', size, entries }
}

export interface Teller {
  readonly session?: string
  readonly tenant?: string
  readonly user?: string
  /** The session whose agent has started this one's client. */
  readonly parent?: string
  readonly most?: number
  /** What the client says that the session has cost. */
  readonly cost?: Cost
  /** Happens after the event has read ahead, and before it counts. */
  readonly meanwhile?: () => void
  /** Is given what the rules are told. */
  readonly onTold?: (told: Used) => unknown
}

const POLICY = only([])

const CALL = { tool: 'Bash', signature: 'a call', isPoll: false }
export const ROUND: GuardEvent = { type: 'results', agent: agentOf('main'), calls: [CALL], endsRound: true }
export const PERSON: GuardEvent = promptBy('person')

/** One event of a session at which its ledger looks at these files; without a disk, at what it has cost alone. */
export function look(store: Store, disk: Disk | undefined, event = ROUND, told: Teller = {}) {
  const { session = 's1', tenant, user, parent, most, cost, meanwhile, onTold } = told
  const ledger = ledgerOf(disk && readerOf(disk, most), cost)
  return store.db.update({
    identity: identify({ session, tenant, user }),
    event,
    project: '/home/dev/app',
    policy: '',
    parent: () => parent,
    ledger: meanwhile ? { ...ledger, prepare: after(ledger, meanwhile) } : ledger,
    decide: (state, now, _, spent) => {
      // Once before it is known, to have it ready: see rehearse.
      if (spent.tokens) onTold?.(spent)
      return asCounted(POLICY, decide(state, { ...event, ...spent }, POLICY, now))
    },
  })
}

function after(ledger: Ledger, meanwhile: () => void): Ledger['prepare'] {
  return (db, key) => {
    ledger.prepare(db, key)
    meanwhile()
  }
}

/** What a session has used up: since a person last wrote, in all, and in the day. */
export function tokensOf(store: Store, session = 's1', tenant = ''): readonly number[] {
  const found = sessionsIn(store).find(
    ({ identity }) => identity.id === session && identity.tenant === tenant,
  )
  const { prompt = 0, session: all = 0, day = 0 } = found?.tokens ?? {}
  return [prompt, all, day]
}
