/** What results change: what calls brought is remembered, and a round that has ended may have been one too many. */

import { withoutResults } from './answered.ts'
import { afterRound, halted, haltIn } from './escalation.ts'
import type { ResultsEvent, ReturnedCall } from './event.ts'
import type { Policy } from './policy.ts'
import { loopOf, withPast, withResult } from './repetition.ts'
import type { AgentState, SessionState, State } from './state.ts'

/** The state after results at `now` (Unix ms); with a latch closed when the turn has to end. */
export function takeResults(state: State, event: ResultsEvent, policy: Policy, now: number): State {
  const ids = event.calls.flatMap(({ id }) => id ?? [])
  const { lasting, answered } = state.session
  const session: SessionState = {
    ...state.session,
    answered: withoutResults(answered, ids),
    lasting: { ...lasting, hears: lasting.hears || event.endsRound },
  }
  const told = { session, agent: withResults(state.agent, event, now) }
  const [lastRound] = ids
  // The same hook registered twice tells of each round twice.
  const isToldAgain = !state.agent.round && lastRound !== undefined && lastRound === state.agent.lastRound
  if (!event.endsRound || isToldAgain) return told
  const ended = endRound(told, event, policy, now)
  return lastRound === undefined ? ended : { ...ended, agent: { ...ended.agent, lastRound } }
}

/** Results of calls that were admitted. That of a refused call is the refusal, which is none. */
function withResults(agent: AgentState, { calls, endsRound }: ResultsEvent, now: number): AgentState {
  let { history } = agent
  for (const call of calls) {
    const { id, result } = call
    if (result === undefined) continue
    if (id !== undefined && history.some((past) => past.id === id)) history = withResult(history, id, result)
    else if (endsRound && isUnasked(agent, call)) history = withPast(history, pastOf(call, now))
  }
  return { ...agent, history }
}

/** Calls of unknown tools and with invalid input are told of only at the end of their round. */
function isUnasked({ round }: AgentState, { id }: ReturnedCall): boolean {
  return id !== undefined && !round?.ids.includes(id)
}

function pastOf({ id, signature, isPoll, result }: ReturnedCall, now: number) {
  return { at: now, signature, isPoll, ...(id === undefined ? {} : { id }), ...(result ? { result } : {}) }
}

/** Nobody could refuse what nobody was asked about, so a loop of such calls ends the turn by itself. */
function endRound(state: State, event: ResultsEvent, policy: Policy, now: number): State {
  if (haltIn(state)) return state
  const after = afterRound(state, event.agent.id, policy, now)
  if (haltIn(after) || !policy.repeat.block || policy.halt.afterDeniedRounds === 0) return after
  const asked = state.agent.round?.ids ?? []
  for (const call of event.calls) {
    if (call.id === undefined || asked.includes(call.id)) continue
    const loop = loopOf(state.agent.history, call)
    if (loop) return halted(after, event.agent.id, { rule: 'repeat', ...loop.figure }, now)
  }
  return after
}
