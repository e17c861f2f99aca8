/**
 * Calls that ran without our having been asked about them: the hook had crashed, was killed or timed out, or could not
 * be started. The end of a round names all calls of the round, so each one that we do not know is such a call.
 *
 * What was asked is remembered for the whole session until the end of a round names it, however long the call runs: a
 * subagent may run for an hour, and its row may be swept meanwhile. Nothing is concluded where the memory is not whole:
 * where the session's first event was neither its start nor a person's prompt, and where it has overflowed.
 */

import { type GuardEvent, MAIN_AGENT, type ResultsEvent, type ReturnedCall } from './event.ts'
import { callOf, judge } from './judge.ts'
import type { Policy } from './policy.ts'
import { counted } from './rules/limits.ts'
import type { AgentState, Lasting, SessionState, State } from './state.ts'

/** Many times more calls than a session ever has running at once; the rest are calls whose round was cut short. */
export const MAX_ASKED = 256

/**
 * A hook that is registered twice reports each round twice, the second time perhaps as late as the client waits for a
 * hook. Longer than the 2 s of rounds.ts: rather miss a call that ran unasked than invent one.
 */
const MAYBE_REPEATED_WITHIN_MS = 10_000

/** At a session's first event it is known whether it is seen from its start. */
export function begun(session: SessionState, event: GuardEvent): SessionState {
  if (session.lasting.asked !== undefined) return session
  const isStart =
    event.type === 'session_start' ||
    (event.type === 'prompt' && event.by === 'person' && event.agent.id === MAIN_AGENT)
  return { ...session, lasting: { ...session.lasting, asked: isStart ? [] : 'not all' } }
}

/** The session after it was asked about one more call, whatever it answers. */
export function withAsked(session: SessionState, id: string | undefined): SessionState {
  const { asked } = session.lasting
  if (id === undefined || asked === undefined || asked === 'not all') return session
  const more = asked.length < MAX_ASKED ? [...asked, id] : 'not all'
  return { ...session, lasting: { ...session.lasting, asked: more } }
}

/** The calls of a round that ran and that nobody asked about, as far as that can be known. */
export function unaskedIn({ session, agent }: State, event: ResultsEvent, now: number): ReturnedCall[] {
  const { asked } = session.lasting
  if (!event.endsRound || asked === undefined || asked === 'not all') return []
  if (mayBeRepeated(agent, event, now)) return []
  return event.calls.filter((call) => hasRun(call) && !asked.includes(call.id) && !isInHistory(agent, call))
}

/** A result that is missing, or that says that the call was refused, is that of a call that did not run. */
function hasRun(call: ReturnedCall): call is ReturnedCall & { readonly id: string } {
  return call.id !== undefined && call.result !== undefined && !call.isRefused
}

function mayBeRepeated({ lastRound }: AgentState, { calls }: ResultsEvent, now: number): boolean {
  if (!lastRound || Math.abs(now - lastRound.at) >= MAYBE_REPEATED_WITHIN_MS) return false
  return lastRound.id === calls.find(({ id }) => id !== undefined)?.id
}

/** A call whose result is known already was named by a round before: this one is told late, or again. */
function isInHistory({ history }: AgentState, { id, signature }: ReturnedCall): boolean {
  return history.some((past) => past.id === id && past.signature === signature && past.result !== undefined)
}

/** The state after a round: what was asked and is named in it is no longer waited for, and unasked calls count. */
export function withRound(
  state: State,
  event: ResultsEvent,
  unasked: readonly ReturnedCall[],
  policy: Policy,
  now: number,
): State {
  if (!event.endsRound) return state
  let { session } = state
  for (const { tool } of unasked) {
    for (const finding of judge({ ...state, session }, callOf(tool), policy, now)) {
      session = counted(session, finding, false, now)
    }
  }
  return { ...state, session: { ...session, lasting: withoutReturned(session.lasting, event) } }
}

/** Each id once: of agents that are given the same ids by a gateway, each waits for its own. */
function withoutReturned(lasting: Lasting, { calls }: ResultsEvent): Lasting {
  if (lasting.asked === undefined || lasting.asked === 'not all') return lasting
  const asked = [...lasting.asked]
  for (const { id } of calls) {
    const at = id === undefined ? -1 : asked.indexOf(id)
    if (at >= 0) asked.splice(at, 1)
  }
  return { ...lasting, asked }
}
