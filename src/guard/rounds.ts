/** What results change: what calls brought is remembered, and a round that has ended may have been one too many. */

import { afterRound, halted, haltIn } from './breaker.ts'
import { withoutResults } from './duplicates.ts'
import type { ResultsEvent, ReturnedCall } from './event.ts'
import type { Policy } from './policy.ts'
import { loopOf, withPast, withResult } from './rules/loop.ts'
import type { AgentState, SessionState, State } from './state.ts'

/** The same hook registered twice tells of each round twice, at once; ids that come again later are new rounds. */
const TOLD_AGAIN_WITHIN_MS = 2000

/** The state after results at `now` (Unix ms); with a latch closed when the turn has to end. */
export function takeResults(state: State, event: ResultsEvent, policy: Policy, now: number): State {
  const { lasting, answered } = state.session
  const ids = event.calls.flatMap(({ id }) => id ?? [])
  const hears = { ...lasting.hears, [event.endsRound ? 'rounds' : 'results']: true }
  const session: SessionState = {
    ...state.session,
    answered: withoutResults(answered, ids),
    lasting: { ...lasting, hears },
  }
  if (event.endsRound && isToldAgain(state.agent, ids[0], now)) return { ...state, session }
  const told = { session, agent: withResults(state.agent, event, now) }
  if (!event.endsRound) return told
  const ended = endRound(told, event, bringsNews(state.agent, event), policy, now)
  const [id] = ids
  return id === undefined ? ended : { ...ended, agent: { ...ended.agent, lastRound: { id, at: now } } }
}

function isToldAgain({ round, lastRound }: AgentState, id: string | undefined, now: number): boolean {
  if (round || !lastRound || lastRound.id !== id) return false
  return Math.abs(now - lastRound.at) < TOLD_AGAIN_WITHIN_MS
}

/** Results of calls that were admitted. That of a refused call is the refusal, which is none. */
function withResults(agent: AgentState, { calls, endsRound }: ResultsEvent, now: number): AgentState {
  let { history } = agent
  for (const call of calls) {
    if (call.result === undefined) continue
    if (isAwaited(agent, call)) history = withResult(history, call.id ?? '', call.result)
    else if (endsRound && isUnasked(agent, call)) history = withPast(history, pastOf(call, now))
  }
  return { ...agent, history }
}

function isAwaited({ history }: AgentState, { id }: ReturnedCall): boolean {
  return id !== undefined && history.some((past) => past.id === id && past.result === undefined)
}

/** True when a call that ran in this round has brought what it had not brought before. */
function bringsNews(agent: AgentState, { calls }: ResultsEvent): boolean {
  const isKnown = (call: ReturnedCall) =>
    agent.history.some((past) => past.signature === call.signature && past.result === call.result)
  return calls.some((call) => call.result !== undefined && isAwaited(agent, call) && !isKnown(call))
}

/** Calls of unknown tools and with invalid input are told of only at the end of their round. */
function isUnasked({ round }: AgentState, { id }: ReturnedCall): boolean {
  return id !== undefined && !round?.ids.includes(id)
}

function pastOf({ id, signature, isPoll, result }: ReturnedCall, now: number) {
  return { at: now, signature, isPoll, ...(id === undefined ? {} : { id }), ...(result ? { result } : {}) }
}

/** Nobody could refuse what nobody was asked about, so a loop of such calls ends the turn by itself. */
function endRound(
  state: State,
  event: ResultsEvent,
  isProgress: boolean,
  policy: Policy,
  now: number,
): State {
  if (haltIn(state)) return state
  const after = afterRound(state, event.agent.id, isProgress, policy, now)
  if (haltIn(after) || !policy.repeat.block || policy.halt.afterDeniedRounds === 0) return after
  const asked = state.agent.round?.ids ?? []
  for (const call of event.calls) {
    if (call.id === undefined || asked.includes(call.id)) continue
    const loop = loopOf(state.agent.history, call)
    if (loop) return halted(after, event.agent.id, { rule: 'repeat', ...loop.figure }, now)
  }
  return after
}
