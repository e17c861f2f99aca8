/**
 * The repeat rule: a call that keeps bringing the same result is a loop, however slow.
 *
 * **block**: the same call gave the same result five times with at most two other calls among them, or eight times
 * with at most six. Calls that ask whether something is done yet are held to the second alone.
 * **warn**: it is the fourth such call in a row, the seventh with at most four others among them, or the third
 * of a pair that takes turns (A-B-A-B-A-B); a result that is not known yet may be the same.
 *
 * Other calls are counted once each, so what differs each time, such as an edit before each check, is progress and
 * breaks the loop. How often each rule speaks in real sessions: `npm run bench -- detection`.
 */

import type { Policy } from '../policy.ts'
import type { PastCall } from '../state.ts'
import { ALLOW, type Allow, type Block, type Warn } from '../verdict.ts'

export interface Threshold {
  readonly times: number
  readonly others: number
}

const TIGHT: Threshold = { times: 5, others: 2 }
const LOOSE: Threshold = { times: 8, others: 6 }

/** As many calls as a cycle of seven takes to come round eight times. */
export const MAX_HISTORY = LOOSE.times * (LOOSE.others + 1)

const WARN_IN_A_ROW = 4
const WARN_SCATTERED: Threshold = { times: 7, others: 4 }
const WARN_PAIRS = 3

type Candidate = Pick<PastCall, 'signature' | 'isPoll'>

/** What the rule says of one more call with this history, at `now` (Unix ms). */
export function judgeRepeat(
  history: readonly PastCall[],
  call: Candidate,
  repeat: Policy['repeat'],
  now: number,
): Allow | Warn | Block {
  const loop = repeat.block ? loopOf(history, call) : undefined
  if (loop) return { kind: 'block', rule: 'repeat', ...loop.figure, sinceMs: Math.max(0, now - loop.since) }
  const limit = repeat.warn ? warnLimit(history, call) : undefined
  if (limit === undefined) return ALLOW
  const count = alike(history, call).length + 1
  return { kind: 'warn', rule: 'repeat', count, limit, blockLimit: repeat.block ? limitFor(call).times : 0 }
}

/** How often in a row, other calls aside, calls of this kind have brought the result of the last of them. */
export function streakOf(history: readonly PastCall[], { signature }: Pick<PastCall, 'signature'>): number {
  const same = history.filter((past) => past.signature === signature && past.result !== undefined)
  const last = same.at(-1)
  const other = same.findLastIndex(({ result }) => result !== last?.result)
  return same.length - 1 - other
}

/** The loop that the calls of this kind were lately, if they were one; `since` is when it began. */
export function loopOf(history: readonly PastCall[], call: Candidate) {
  const same = history.filter(({ signature }) => signature === call.signature)
  const tight = call.isPoll ? undefined : loopIn(history, same.slice(-TIGHT.times), TIGHT)
  if (tight) return tight
  // The result that came most often: one that flips now and then is a loop too.
  const usual = modeOf(same)
  return loopIn(history, same.filter(({ result }) => result === usual).slice(-LOOSE.times), LOOSE)
}

/** These calls, if they are enough and all gave one result, with few others among and after them. */
function loopIn(history: readonly PastCall[], calls: readonly PastCall[], { times, others }: Threshold) {
  const [first] = calls
  if (first?.result === undefined || calls.length < times) return undefined
  if (calls.some(({ result }) => result !== first.result)) return undefined // a missing one is unknown, never equal
  if (othersSince(history, first) > others) return undefined
  const equal = history.filter((past) => past.signature === first.signature && past.result === first.result)
  return { figure: { count: equal.length, limit: times }, since: (equal[0] ?? first).at }
}

function modeOf(calls: readonly PastCall[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { result } of calls) if (result !== undefined) counts.set(result, (counts.get(result) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0]
}

/** How many different calls of other kinds came since. */
function othersSince(history: readonly PastCall[], first: PastCall): number {
  const signatures = history.slice(history.indexOf(first)).map(({ signature }) => signature)
  return new Set(signatures).size - 1
}

/** How often a call of this kind may bring the same result. */
export function limitFor({ isPoll }: Pick<Candidate, 'isPoll'>): Threshold {
  return isPoll ? LOOSE : TIGHT
}

/** The limit at which this call is worth a word, if it is one. */
function warnLimit(history: readonly PastCall[], call: Candidate): number | undefined {
  const same = alike(history, call)
  const row = history.slice(1 - WARN_IN_A_ROW)
  if (!call.isPoll && row.length === WARN_IN_A_ROW - 1 && row.every((past) => same.includes(past))) {
    return WARN_IN_A_ROW
  }
  const scattered = same.slice(1 - WARN_SCATTERED.times)
  const [first] = scattered
  if (first && scattered.length === WARN_SCATTERED.times - 1) {
    if (othersSince(history, first) <= WARN_SCATTERED.others) return WARN_SCATTERED.times
  }
  return takesTurns(history, call) ? WARN_PAIRS : undefined
}

/** Calls of this kind of which no result is known that differs from the last one known. */
function alike(history: readonly PastCall[], { signature }: Candidate): readonly PastCall[] {
  const same = history.filter((past) => past.signature === signature)
  const known = same.findLast(({ result }) => result !== undefined)?.result
  return same.filter(({ result }) => result === undefined || result === known)
}

/** B in A-B-A-B-A-B, neither with a result that differs. */
function takesTurns(history: readonly PastCall[], call: Candidate): boolean {
  const before = history.slice(1 - 2 * WARN_PAIRS)
  const [other] = before
  if (!other || before.length < 2 * WARN_PAIRS - 1 || other.signature === call.signature) return false
  const pair = [alike(before, other), alike(before, call)] as const
  return before.every((past, index) => pair[index % 2 === 0 ? 0 : 1].includes(past))
}

/** The history with one more call. */
export function withPast(history: readonly PastCall[], call: PastCall): readonly PastCall[] {
  return [...history.slice(1 - MAX_HISTORY), call]
}

/** The history in which the call with this id has its result. The first result that is told of counts. */
export function withResult(history: readonly PastCall[], id: string, result: string): readonly PastCall[] {
  return history.map((past) => (past.id === id && past.result === undefined ? { ...past, result } : past))
}
