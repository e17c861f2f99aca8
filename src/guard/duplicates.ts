/**
 * One call, one count, one answer.
 *
 * The same hook registered twice (settings and a plugin) runs twice for a call, at once and with the same
 * call id. The second run gets the first one's answer and counts nothing. Some gateways use an id again
 * later; so an answer is given again only within 10 s, only for the same agent, tool and input, and only
 * until the call's result was seen.
 */

import type { CallEvent } from './event.ts'
import type { AnsweredCall } from './state.ts'
import type { Verdict } from './verdict.ts'

const MAX_ANSWERED = 64
const ANSWER_TTL_MS = 10_000

/** The answer this call was given before, or undefined when it is new. */
export function answerGiven(
  answered: readonly AnsweredCall[],
  call: CallEvent,
  now: number,
): Verdict | undefined {
  if (call.id === undefined) return undefined
  const isSame = (known: AnsweredCall) => known.id === call.id && known.signature === call.signature
  return answered.findLast((known) => isSame(known) && isFresh(known, now))?.verdict
}

/** Remembers an answer, and forgets those that are too old or too many. */
export function withAnswer(
  answered: readonly AnsweredCall[],
  call: CallEvent,
  verdict: Verdict,
  now: number,
): readonly AnsweredCall[] {
  const fresh = answered.filter((known) => isFresh(known, now))
  if (call.id === undefined) return fresh
  const added = { id: call.id, signature: call.signature, at: now, verdict }
  return [...fresh.slice(1 - MAX_ANSWERED), added]
}

/** Forgets the calls whose results were seen. */
export function withoutResults(
  answered: readonly AnsweredCall[],
  ids: readonly string[],
): readonly AnsweredCall[] {
  return answered.filter((known) => !ids.includes(known.id))
}

/** A clock that stepped back makes an answer's age negative; its size is what counts. */
function isFresh(known: AnsweredCall, now: number): boolean {
  return Math.abs(now - known.at) < ANSWER_TTL_MS
}
