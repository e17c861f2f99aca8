/**
 * The repeat rule: a call that keeps bringing the same result is a loop, however slow.
 *
 * **block**: the same call gave the same result five times with at most two other calls among them, or eight times
 * with at most six. Calls that ask whether something is done yet are held to the second alone.
 * **warn**: it is the fourth such call in a row, the seventh among the last 20 with at most four others, or the third
 * of a pair that takes turns (A-B-A-B-A-B); a result that is not known yet may be the same.
 *
 * Other calls are counted once each, so what differs each time, such as an edit before each check, is progress and
 * breaks the loop. How often each rule speaks in real sessions: `npm run bench -- detection`.
 */

import type { Policy } from './policy.ts'
import type { PastCall } from './state.ts'
import { ALLOW, type Allow, type Block, type Warn } from './verdict.ts'

export const MAX_HISTORY = 20

export interface Threshold {
  readonly times: number
  readonly others: number
}

const TIGHT: Threshold = { times: 5, others: 2 }
const LOOSE: Threshold = { times: 8, others: 6 }
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

/** The loop that the last calls of this kind were, if they were one; `since` is when it began. */
export function loopOf(history: readonly PastCall[], call: Candidate) {
  const same = history.filter(({ signature }) => signature === call.signature)
  for (const threshold of call.isPoll ? [LOOSE] : [TIGHT, LOOSE]) {
    const [first] = same.slice(-threshold.times)
    if (!first || !isLoop(history, same, threshold)) continue
    const count = same.filter(({ result }) => result === first.result).length
    return { figure: { count, limit: threshold.times }, since: first.at }
  }
  return undefined
}

/** The last `times` of the same calls all gave one result, with few others among and after them. */
function isLoop(
  history: readonly PastCall[],
  same: readonly PastCall[],
  { times, others }: Threshold,
): boolean {
  const last = same.slice(-times)
  const [first] = last
  if (first?.result === undefined || last.length < times) return false
  if (last.some(({ result }) => result !== first.result)) return false // a missing one is unknown, never equal
  return othersSince(history, first) <= others
}

/** How many different calls of other kinds came since. */
function othersSince(history: readonly PastCall[], first: PastCall): number {
  const signatures = history.slice(history.indexOf(first)).map(({ signature }) => signature)
  return new Set(signatures).size - 1
}

/** How often a call of this kind may bring the same result. */
export function limitFor({ isPoll }: Candidate): Threshold {
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
