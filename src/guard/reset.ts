/**
 * Resets: how what was stopped goes on. Each is told of, so that no session is reset in silence.
 *
 * A prompt of a person resets all trips of the session and its agents; so does shadow mode, in which nothing is blocked.
 * A person who is asked whether to go on, and says yes, lets go on what would have been halted.
 * The end of a session resets no trip, but it drops the window of a session that was tripped or at a limit.
 */

import { haltIn } from './breaker.ts'
import type { GuardEvent } from './event.ts'
import { firstBlock, judgeSession } from './judge.ts'
import type { Policy } from './policy.ts'
import { isPersonsPrompt } from './prompter.ts'
import type { State } from './state.ts'
import { countOf } from './window.ts'

export type How = 'prompt' | 'answer' | 'session_end' | 'mode'

export interface Reset {
  readonly how: How
  /** The session, or the agent of this event, was stopped. When false, others of its agents may have been. */
  readonly wasStopped: boolean
}

/** The reset that an event is; undefined for one that resets nothing. `state` is that before it, aged to `now`. */
export function resetBy(state: State, event: GuardEvent, policy: Policy, now: number): Reset | undefined {
  const { session } = state
  // What shadow mode has tripped blocked nobody.
  if (session.lasting.mode === 'shadow') return undefined
  const wasStopped = haltIn(state) !== undefined
  if (policy.mode === 'shadow') return { how: 'mode', wasStopped }
  if (isPersonsPrompt(event, session.lasting)) return { how: 'prompt', wasStopped }
  const hasWindow = Object.values(session.counters).some(({ window }) => countOf(window) > 0)
  if (event.type !== 'session_end' || !hasWindow) return undefined
  return { how: 'session_end', wasStopped: wasStopped || isAtLimit(state, policy, now) }
}

/** True while some call of the session would be blocked by a limit that its window has reached. */
function isAtLimit(state: State, policy: Policy, now: number): boolean {
  return firstBlock(judgeSession(state, policy, now).filter(({ count }) => count > 1)) !== undefined
}
