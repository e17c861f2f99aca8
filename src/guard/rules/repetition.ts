/** Calls of a history that are the same: which of them, how often, and with how much else among them. */

import type { PastCall } from '../state.ts'

/** The same call, this many times with the same result, with at most this many different others among them. */
export interface Threshold {
  readonly times: number
  readonly others: number
}

/** True when the last of these calls are as many as the threshold says, with few enough others since the first. */
export function isReached(
  history: readonly PastCall[],
  calls: readonly PastCall[],
  { times, others }: Threshold,
): boolean {
  const first = calls.at(-times)
  if (!first) return false
  const since = history.slice(history.indexOf(first)).map(({ signature }) => signature)
  return new Set(since).size - 1 <= others
}

/** The calls of this kind. */
export function sameAs(
  history: readonly PastCall[],
  { signature }: Pick<PastCall, 'signature'>,
): readonly PastCall[] {
  return history.filter((past) => past.signature === signature)
}

/** Those with the result that came most often: a call whose result flips now and then is a loop too. */
export function withUsualResult(same: readonly PastCall[]): readonly PastCall[] {
  const byResult = Map.groupBy(same, ({ result }) => result)
  byResult.delete(undefined) // a result that is not known is equal to none
  return [...byResult.values()].reduce((most, calls) => (calls.length > most.length ? calls : most), [])
}

/** Those of which no result is known that differs from the last one known. */
export function perhapsEqual(same: readonly PastCall[]): readonly PastCall[] {
  const known = same.findLast(({ result }) => result !== undefined)?.result
  return same.filter(({ result }) => result === undefined || result === known)
}

/** How often in a row these calls have brought the result of the last of them. */
export function equalInARow(same: readonly PastCall[]): number {
  const known = same.filter(({ result }) => result !== undefined)
  const last = known.at(-1)
  return known.length - 1 - known.findLastIndex(({ result }) => result !== last?.result)
}
