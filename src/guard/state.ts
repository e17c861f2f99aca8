import { emptyRing, type Ring } from './ring.ts'
import type { Verdict } from './verdict.ts'

/** A call that was answered a moment ago, kept so that the same call asked twice gets one answer. */
export interface AnsweredCall {
  /** Keyed hash of the call's id. */
  readonly id: string
  /** Keyed hash of agent, tool and input. */
  readonly signature: string
  /** Unix ms. */
  readonly at: number
  readonly verdict: Verdict
}

/** What the rules remember of a session between two calls. */
export interface SessionState {
  readonly admitted: Ring
  readonly denied: Ring
  /** True from the moment the warning was spoken until the count has fallen below 80 % of its limit. */
  readonly warned: boolean
  /** Oldest first, at most MAX_ANSWERED. */
  readonly answered: readonly AnsweredCall[]
}

/** A session of which nothing is remembered. */
export function freshState(now: number): SessionState {
  return { admitted: emptyRing(now), denied: emptyRing(now), warned: false, answered: [] }
}
