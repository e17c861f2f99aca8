/** What sessions that are over say about limits for those to come. */

import type { ReplayedSession } from './replay.ts'

/** Of fewer calls nobody can say what is usual. */
export const MIN_CALLS = 100

export function callsIn(sessions: readonly ReplayedSession[]): number {
  return sessions.reduce((sum, { calls }) => sum + calls, 0)
}

export function peaksOf(sessions: readonly ReplayedSession[]) {
  const peaks = sessions.map(({ peak }) => peak)
  return {
    p50: quantile(peaks, 0.5),
    p90: quantile(peaks, 0.9),
    p99: quantile(peaks, 0.99),
    max: quantile(peaks, 1),
  }
}

/**
 * A warning that all but one of a hundred sessions never hear, and a ceiling far above the busiest of them; null where
 * there is too little to tell.
 */
export function suggestedLimits(sessions: readonly ReplayedSession[]) {
  if (callsIn(sessions) < MIN_CALLS) return null
  const { p99, max } = peaksOf(sessions)
  const warnPerMin = Math.max(20, roundUp(p99 * 1.25))
  return { warnPerMin, blockPerMin: Math.max(2 * warnPerMin, roundUp(max * 2)) }
}

function roundUp(count: number): number {
  return Math.ceil(count / 10) * 10
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
