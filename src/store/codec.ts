/**
 * A session's state as text in state.db and back. Written by us, but read as if by anybody: a row that does
 * not parse is dropped alone.
 */

import { MAX_COUNT, type Ring, WINDOW_SECONDS } from '../guard/ring.ts'
import type { AnsweredCall, SessionState } from '../guard/state.ts'
import { ALLOW, type Verdict } from '../guard/verdict.ts'

/** Rings as [newest, ...buckets]; answers as [id, signature, at] with the verdict unless it was "allow". */
export function encodeState(state: SessionState): string {
  return JSON.stringify([
    [state.admitted.newest, ...state.admitted.buckets],
    [state.denied.newest, ...state.denied.buckets],
    state.warned,
    state.answered.map(({ id, signature, at, verdict }) =>
      verdict.kind === 'allow' ? [id, signature, at] : [id, signature, at, verdict],
    ),
  ])
}

/** Undefined when the text is not what encodeState writes. */
export function decodeState(text: string): SessionState | undefined {
  const value = parse(text)
  if (!Array.isArray(value)) return undefined
  const [first, second, warned, answers] = value
  const admitted = ringOf(first)
  const denied = ringOf(second)
  const answered = answersOf(answers)
  if (!admitted || !denied || typeof warned !== 'boolean' || !answered) return undefined
  return { admitted, denied, warned, answered }
}

function ringOf(value: unknown): Ring | undefined {
  if (!Array.isArray(value) || value.length !== WINDOW_SECONDS + 1) return undefined
  const [newest, ...buckets] = value
  return Number.isSafeInteger(newest) && buckets.every(isCount) ? { newest, buckets } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_COUNT
}

function answersOf(value: unknown): AnsweredCall[] | undefined {
  if (!Array.isArray(value)) return undefined
  const answers = value.flatMap((entry) => answerOf(entry) ?? [])
  return answers.length === value.length ? answers : undefined
}

function answerOf(value: unknown): AnsweredCall | undefined {
  if (!Array.isArray(value)) return undefined
  const [id, signature, at, verdict = ALLOW] = value
  if (typeof id !== 'string' || typeof signature !== 'string' || !Number.isSafeInteger(at)) return undefined
  return isVerdict(verdict) ? { id, signature, at, verdict } : undefined
}

function isVerdict(value: unknown): value is Verdict {
  return typeof value === 'object' && value !== null && 'kind' in value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the caller drops the row and says so
  }
}
