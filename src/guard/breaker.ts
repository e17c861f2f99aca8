/**
 * From refusals to a halt. A refusal alone ends nothing: the client asks the model again at once. So an agent that
 * has a refused call in several rounds in a row is halted: its turn ends, and a latch stays closed until a person
 * opens it.
 *
 * A round is one message of the model with tool calls, however many of them were refused. One that began only after
 * the second that the last refusal named does not count: who waits is not hammering.
 */

import { MAIN_AGENT } from './event.ts'
import type { Policy } from './policy.ts'
import type { AgentState, Denial, Latch, Round, SessionState, State } from './state.ts'
import type { Block, Halt } from './verdict.ts'

/** Of one round, so many ids are kept: many times more calls than a model makes in one message. */
export const MAX_ROUND_IDS = 256

/** In a session whose rounds we cannot see, a turn ends at this many refusals in a row. */
const BLIND_DENIALS = 10
const BLIND_AFTER_PROMPT = 60

/** The agent's round with one more call in it; it begins with its first. */
export function inRound({ round }: AgentState, id: string | undefined, now: number): Round {
  const current = round ?? { beganAt: now, ids: [] }
  return id === undefined ? current : { ...current, ids: [...current.ids.slice(1 - MAX_ROUND_IDS), id] }
}

/** The state after a refusal, and the refusal with its place in the row; or the halt that it has become. */
export function refused(
  state: State,
  block: Block,
  agentId: string,
  policy: Policy,
  now: number,
): State & { verdict: Block | Halt } {
  const nth = state.agent.denials + 1
  const denial = denialOf(block, now)
  const { round } = state.agent
  const agent = {
    ...state.agent,
    denials: nth,
    ...(round ? { round: { ...round, denial: heavier(round.denial, denial) } } : {}),
  }
  const after = { ...state, agent }
  if (policy.halt.afterDeniedRounds === 0 || !isEndedBlindly(state.session, nth))
    return { ...after, verdict: { ...block, nth } }
  if (!state.session.lasting.hears.prompts) return { ...after, verdict: { ...block, nth, endsTurn: true } }
  const latched = refusedByLatch(halted(after, agentId, denial, now))
  return { ...latched, verdict: haltIn(latched) ?? { ...block, nth } }
}

function denialOf({ rule, count, limit, of, retryAfterMs }: Block, now: number): Denial {
  const figure = { rule, count, limit, ...(of === undefined ? {} : { of }) }
  if (rule === 'repeat') return figure
  return { ...figure, freeAt: retryAfterMs === undefined ? Number.MAX_SAFE_INTEGER : now + retryAfterMs }
}

/**
 * Rounds cannot be counted where nobody tells of them; then refusals in a row are. The first message of a session that
 * has told of nothing but its prompt may still turn out to be one round, however many calls it has.
 */
function isEndedBlindly({ lasting: { hears } }: SessionState, nth: number): boolean {
  if (hears.rounds) return false
  return nth >= (hears.prompts && !hears.results ? BLIND_AFTER_PROMPT : BLIND_DENIALS)
}

/** What waiting does not help weighs more than what it does. */
function heavier(before: Denial | undefined, denial: Denial): Denial {
  return before && before.freeAt === undefined ? before : denial
}

/**
 * The state after a round; with a latch closed when it was one too many. A round in which other calls have brought
 * something new is no loop, whatever was refused beside them.
 */
export function afterRound(
  state: State,
  agentId: string,
  isProgress: boolean,
  policy: Policy,
  now: number,
): State {
  const { round, ...rest } = state.agent
  const { denial } = round ?? {}
  if (!round || !denial) {
    const { freeAt: _, ...agent } = rest
    return { ...state, agent: { ...agent, deniedRounds: 0 } }
  }
  const isLoop = denial.freeAt === undefined
  const isHammering = isLoop ? !isProgress : rest.freeAt === undefined || round.beganAt < rest.freeAt
  const deniedRounds = rest.deniedRounds + (isHammering ? 1 : 0)
  const agent = { ...rest, deniedRounds, ...(denial.freeAt === undefined ? {} : { freeAt: denial.freeAt }) }
  const most = policy.halt.afterDeniedRounds
  const after = { ...state, agent }
  return most > 0 && deniedRounds >= most ? halted(after, agentId, denial, now) : after
}

/**
 * The state with a latch closed: for the whole session when it is the main agent that would not stop, when agents start
 * agents, or when a second agent repeats itself; else for this agent alone, and its siblings go on.
 */
export function halted(state: State, agentId: string, { freeAt: _, ...figure }: Denial, now: number): State {
  const { session, agent } = state
  const latch: Latch = { ...figure, at: now, refused: 0 }
  const before = session.lasting.looping
  const looping = figure.rule === 'repeat' && !before.includes(agentId) ? [...before, agentId] : before
  const isSession = agentId === MAIN_AGENT || figure.rule === 'spawn' || looping.length > 1
  const lasting = { ...session.lasting, looping, ...(isSession ? { latch } : {}) }
  return { session: { ...session, lasting }, agent: { ...agent, deniedRounds: 0, latch } }
}

/** What a closed latch says; undefined when none is closed. */
export function haltIn({ session, agent }: State): Halt | undefined {
  const latch = session.lasting.latch ?? agent.latch
  if (!latch) return undefined
  const { at: _, refused: nth, ...figure } = latch
  return { kind: 'halt', ...figure, scope: session.lasting.latch ? 'session' : 'agent', nth }
}

/** The state after one more call was refused by a closed latch. */
export function refusedByLatch({ session, agent }: State): State {
  const { lasting } = session
  const { latch } = lasting
  if (latch) {
    return { session: { ...session, lasting: { ...lasting, latch: counted(latch) } }, agent }
  }
  return { session, agent: agent.latch ? { ...agent, latch: counted(agent.latch) } : agent }
}

function counted(latch: Latch): Latch {
  return { ...latch, refused: latch.refused + 1 }
}
