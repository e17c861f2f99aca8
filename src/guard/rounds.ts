/** Rounds: one message of the model with tool calls, from its first call to its last result, and what it brought. */

import { withoutResults } from './duplicates.ts'
import type { ResultsEvent, ReturnedCall } from './event.ts'
import { withPast, withResult } from './history.ts'
import type { AgentState, Round, State } from './state.ts'

/** Of one round, so many ids are kept: many times more calls than a model makes in one message. */
const MAX_ROUND_IDS = 256

/**
 * A hook that is registered twice reports each round twice, at once. Some gateways use ids again: later than this, the
 * same ids are a new round.
 */
const REPEATED_WITHIN_MS = 2000

/** The agent's round with one more call in it; it begins with its first. */
export function inRound({ round }: AgentState, id: string | undefined, now: number): Round {
  const current = round ?? { beganAt: now, ids: [] }
  return id === undefined ? current : { ...current, ids: [...current.ids.slice(1 - MAX_ROUND_IDS), id] }
}

/** What follows from results. */
export interface Learned {
  readonly state: State
  /** They end a round whose end was not reported before. */
  readonly endsRound: boolean
  /** A call that ran in this round has brought what it had not brought before. */
  readonly isProgress: boolean
}

/** The state in which calls have their results, their round being open still. */
export function withResults({ session, agent }: State, event: ResultsEvent, now: number): Learned {
  const ids = event.calls.flatMap(({ id }) => id ?? [])
  const hears = { ...session.lasting.hears, [event.endsRound ? 'rounds' : 'results']: true }
  const heard = {
    ...session,
    answered: withoutResults(session.answered, ids),
    lasting: { ...session.lasting, hears },
  }
  if (event.endsRound && isRepeated(agent, ids[0], now))
    return { state: { session: heard, agent }, endsRound: false, isProgress: false }
  const [id] = ids
  const lastRound = event.endsRound && id !== undefined ? { lastRound: { id, at: now } } : {}
  return {
    state: { session: heard, agent: { ...agent, history: learned(agent, event, now), ...lastRound } },
    endsRound: event.endsRound,
    isProgress: bringsNews(agent, event),
  }
}

function isRepeated({ round, lastRound }: AgentState, id: string | undefined, now: number): boolean {
  if (round || !lastRound || lastRound.id !== id) return false
  return Math.abs(now - lastRound.at) < REPEATED_WITHIN_MS
}

/** The history with results of calls that were admitted. That of a blocked call is the block, which is none. */
function learned(agent: AgentState, { calls, endsRound }: ResultsEvent, now: number): AgentState['history'] {
  let { history } = agent
  for (const call of calls) {
    if (call.result === undefined) continue
    if (isAwaited({ history }, call)) history = withResult(history, call.id ?? '', call.result)
    else if (endsRound && isUnasked(agent, call)) history = withPast(history, pastOf(call, now))
  }
  return history
}

function isAwaited({ history }: Pick<AgentState, 'history'>, { id }: ReturnedCall): boolean {
  return id !== undefined && history.some((past) => past.id === id && past.result === undefined)
}

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
