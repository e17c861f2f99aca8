/** What sessions that are over say about limits for those to come. */

import type { ReplayedSession } from './replay.ts'

/** Of fewer calls, or of fewer prompts of persons, nobody can say what is usual. */
export const MIN_CALLS = 100
export const MIN_PROMPTS = 100

/** Below this, a prompt's tokens are no reason for a warning. */
const MIN_WARN_TOKENS = 1_000_000

export interface Quantiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export function callsIn(sessions: readonly ReplayedSession[]): number {
  return sessions.reduce((sum, { calls }) => sum + calls, 0)
}

/** Of the sessions that have called anything. */
export function peaksOf(sessions: readonly ReplayedSession[]): Quantiles {
  return quantilesOf(sessions.flatMap(({ calls, peak }) => (calls > 0 ? peak : [])))
}

/** Of what was used up from one prompt of a person to the next; null where too few of them are known. */
export function promptTokensOf(sessions: readonly ReplayedSession[]): Quantiles | null {
  const tokens = sessions.flatMap(({ promptTokens }) => promptTokens)
  return tokens.length < MIN_PROMPTS ? null : quantilesOf(tokens)
}

/** Null where there is too little to tell any; else each is null where there is too little for it. */
export function suggestedLimits(sessions: readonly ReplayedSession[]) {
  const rate = suggestedRate(sessions)
  const promptTokens = promptTokensOf(sessions)
  if (!rate && !promptTokens) return null
  return {
    warnPerMin: rate?.warnPerMin ?? null,
    blockPerMin: rate?.blockPerMin ?? null,
    promptTokens,
    budget: promptTokens && { prompt: suggestedBudget(promptTokens) },
  }
}

/**
 * A warning that all but one of a hundred sessions never hear, and a ceiling far above the busiest of them; null where
 * there is too little to tell.
 */
export function suggestedRate(sessions: readonly ReplayedSession[]) {
  if (callsIn(sessions) < MIN_CALLS) return null
  const { p99, max } = peaksOf(sessions)
  const warnPerMin = Math.max(20, roundUp(p99 * 1.25, 10))
  return { warnPerMin, blockPerMin: Math.max(2 * warnPerMin, roundUp(max * 2, 10)) }
}

/** The same in tokens: a warning above what all but one of a hundred prompts use up, and a halt far above the highest. */
export function suggestedBudget({ p99, max }: Quantiles) {
  const warnTokens = Math.max(MIN_WARN_TOKENS, inTwoDigits(p99 * 1.25))
  return { warnTokens, haltTokens: Math.max(5 * warnTokens, inTwoDigits(max * 2)) }
}

function roundUp(count: number, to: number): number {
  return Math.ceil(count / to) * to
}

function inTwoDigits(count: number): number {
  return roundUp(count, 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1))
}

function quantilesOf(values: readonly number[]): Quantiles {
  const [p50 = 0, p90 = 0, p99 = 0, max = 0] = [0.5, 0.9, 0.99, 1].map((share) => quantile(values, share))
  return { p50, p90, p99, max }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
