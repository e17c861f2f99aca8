/**
 * What a client says of its user's limits, and what its sessions have cost: client-limits.json in the state folder. A client
 * tells its status line alone, which writes it down; hooks read it.
 *
 * Written whole and without a lock: of two that write at once, one is lost until the next line of its session is drawn.
 * It is read as if anybody had written it, and whatever is wrong with it is as if there were none.
 */

import type { Quota } from '../guard/event.ts'
import { isObject, membersIn, membersOf } from '../guard/members.ts'
import { isOurFile, readSmallFile, replaceFile } from '../system/files.ts'

/** How much of a limit is used. */
export interface ClientLimit {
  /** From 0 to 1000: who may go on beyond a limit has used more than 100. */
  readonly percent: number
  /** When it begins anew, Unix ms. */
  readonly resetsAt?: number
}

/** By the client's names, such as "five_hour". */
export type LimitsByName = Readonly<Record<string, ClientLimit>>

/** What a client has said to the status line of one session; a member is absent where it has not said it. */
export interface Said {
  readonly limits?: LimitsByName
  /** US dollars since the session began. */
  readonly costUsd?: number
}

export interface ClientLimits {
  readonly limits: LimitsByName
  /** When they became what they are, Unix ms; 0 where there are none. */
  readonly limitsAt: number
  /** By the key of its identity, what a session has cost: the latest that have cost something. */
  readonly sessions: Readonly<Record<string, { readonly costUsd: number; readonly at: number }>>
}

const NONE: ClientLimits = { limits: {}, limitsAt: 0, sessions: {} }

const VERSION = 1
const MAX_BYTES = 256 * 1024
const MAX_SESSIONS = 50
const MAX_LIMITS = 16
const MAX_PERCENT = 1000
const MAX_USD = 1e9
/** A limit whose end nobody has named, and of which nothing was used for so long, has begun anew. */
const UNNAMED_END_MS = 5 * 60 * 60 * 1000

/** What is written there; nothing where that cannot be read. Never throws, and never waits. */
export function readClientLimits(file: string): ClientLimits {
  try {
    return isOurFile(file) ? clientLimitsIn(readSmallFile(file, MAX_BYTES) ?? '') : NONE
  } catch {
    return NONE // as good as no file: it is no reason to stop anybody, and is written anew
  }
}

/** The limit that is used most of those in force at `now` (Unix ms). */
export function mostUsed({ limits, limitsAt }: ClientLimits, now: number): Quota {
  let most: Quota = { percent: 0, window: '' }
  for (const [window, limit] of Object.entries(limits)) {
    const { resetsAt = limitsAt + UNNAMED_END_MS } = limit
    if (now < resetsAt && limit.percent > most.percent) most = { ...limit, window }
  }
  return most
}

/** Writes down what the client has said of the session with this key, if it is news. Where that fails, nothing is changed. */
export function writeClientLimits(file: string, key: string, said: Said, now: number): void {
  const known = readClientLimits(file)
  const after = withSaid(known, key, said, now)
  if (after === known) return
  try {
    replaceFile(file, `${JSON.stringify({ version: VERSION, ...after })}\n`)
  } catch {
    // no folder yet, or a full disk: the next line that is drawn tries again, and the hook tells of a folder like that
  }
}

function withSaid(known: ClientLimits, key: string, { limits, costUsd }: Said, now: number): ClientLimits {
  const isNews = limits !== undefined && JSON.stringify(limits) !== JSON.stringify(known.limits)
  const after = isNews ? { ...known, limits, limitsAt: now } : known
  if (costUsd === undefined || costUsd === known.sessions[key]?.costUsd) return after
  const others = Object.entries(known.sessions).filter(([other]) => other !== key)
  const latest = others.sort(([, a], [, b]) => b.at - a.at).slice(0, MAX_SESSIONS - 1)
  return { ...after, sessions: Object.fromEntries([[key, { costUsd, at: now }], ...latest]) }
}

function clientLimitsIn(text: string): ClientLimits {
  const { version, limits, limitsAt, sessions } = membersIn(text)
  if (version !== VERSION) return NONE
  const costs = Object.entries(membersOf(sessions)).flatMap(([key, session]) => {
    const { costUsd, at } = membersOf(session)
    return isCost(costUsd) && isTime(at) ? [[key, { costUsd, at }] as const] : []
  })
  return {
    limits: limitsIn(limits, ({ percent, resetsAt }) => [percent, resetsAt]),
    limitsAt: isTime(limitsAt) ? limitsAt : 0,
    sessions: Object.fromEntries(costs),
  }
}

/** The limits in what anybody may have written; `read` finds percentage and Unix ms in one. */
export function limitsIn(
  value: unknown,
  read: (members: Readonly<Record<string, unknown>>) => readonly [percent: unknown, resetsAt: unknown],
): LimitsByName {
  const found = Object.entries(membersOf(value)).flatMap(([name, members]) => {
    const [percent, resetsAt] = isObject(members) ? read(members) : []
    if (!/^[a-z][a-z0-9_]{0,31}$/.test(name) || !isPercent(percent)) return []
    return [[name, { percent, ...(isTime(resetsAt) ? { resetsAt } : {}) }] as const]
  })
  return Object.fromEntries(found.slice(0, MAX_LIMITS))
}

function isPercent(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_PERCENT
}

export function isCost(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_USD
}

/** Unix ms, up to the last that a Date can be. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= 8.64e15
}
