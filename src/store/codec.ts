/**
 * A session's state as text in state.db and back. Written by us, but read as if by anybody: a row that does
 * not parse is dropped alone.
 */

import { MAX_COUNT, type Ring, WINDOW_SECONDS } from '../guard/ring.ts'
import type { AnsweredCall, SessionState } from '../guard/state.ts'
import { ALLOW, type Verdict } from '../guard/verdict.ts'

/** JSON; answers as [id, signature, at], with the verdict unless it was "allow". */
export function encodeState(state: SessionState): string {
  const answered = state.answered.map(({ id, signature, at, verdict }) =>
    verdict.kind === 'allow' ? [id, signature, at] : [id, signature, at, verdict],
  )
  return JSON.stringify({ ...state, answered })
}

/** Undefined when the text is not what encodeState writes. */
export function decodeState(text: string): SessionState | undefined {
  const value = parse(text)
  if (typeof value !== 'object' || value === null) return undefined
  const { admitted, denied, warned, answered } = value
  const answers = answersOf(answered)
  if (!isRing(admitted) || !isRing(denied) || typeof warned !== 'boolean' || !answers) return undefined
  return { admitted, denied, warned, answered: answers }
}

function isRing(value: unknown): value is Ring {
  if (typeof value !== 'object' || value === null || !('newest' in value) || !('buckets' in value))
    return false
  const { newest, buckets } = value
  if (!Number.isSafeInteger(newest) || !Array.isArray(buckets)) return false
  return buckets.length === WINDOW_SECONDS && buckets.every(isCount)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_COUNT
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
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  return value.kind === 'allow' || value.kind === 'warn' || value.kind === 'block'
}

function parse(text: string): Partial<Record<keyof SessionState, unknown>> | null | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the caller drops the row and says so
  }
}
