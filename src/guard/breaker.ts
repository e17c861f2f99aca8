/**
 * The circuit breaker: from blocks to a halt. A block alone ends nothing, because the client asks the model again at
 * once. So an agent with a blocked call in several rounds in a row is halted: its turn ends, and the breaker stays
 * tripped until a person resets it.
 *
 * A round is one message of the model with tool calls, however many of them were blocked.
 */

import { MAIN_AGENT } from './event.ts'
import type { Policy } from './policy.ts'
import { ruleNamed } from './rules/rules.ts'
import type { AgentState, PastBlock, SessionState, State, Trip } from './state.ts'
import { type Block, type Figure, figureOf, type Halt } from './verdict.ts'

/** In a session whose rounds we cannot see, a turn ends at this many blocks in a row. */
const UNSEEN_BLOCKS = 10
/** The first message of a session that has told of nothing but its prompt may still be one round of many calls. */
const UNSEEN_BLOCKS_AFTER_PROMPT = 60

/** What a tripped breaker says; undefined when none is tripped. */
export function haltIn({ session, agent }: State): Halt | undefined {
  const trip = session.lasting.trip ?? agent.trip
  if (!trip) return undefined
  const { at: _, blocked: nth, ...figure } = trip
  return { kind: 'halt', ...figure, scope: session.lasting.trip ? 'session' : 'agent', nth }
}

/** The state with the breaker tripped: for the whole session, or for this agent alone, and its siblings go on. */
export function trip(state: State, agentId: string, figure: Figure, now: number): State {
  const { session, agent } = state
  const tripped: Trip = { ...figure, at: now, blocked: 0 }
  const halts = ruleNamed(figure.rule)?.halts
  const looping =
    halts === 'the session with a second agent'
      ? withName(session.lasting.looping, agentId)
      : session.lasting.looping
  const isSession = agentId === MAIN_AGENT || halts === 'the session' || looping.length > 1
  const lasting = { ...session.lasting, looping, ...(isSession ? { trip: tripped } : {}) }
  return { session: { ...session, lasting }, agent: { ...agent, blockedRounds: 0, trip: tripped } }
}

function withName(names: readonly string[], name: string): readonly string[] {
  return names.includes(name) ? names : [...names, name]
}

/** The state after one more call that a tripped breaker has blocked. */
export function countedByTrip({ session, agent }: State): State {
  const { lasting } = session
  if (lasting.trip)
    return { agent, session: { ...session, lasting: { ...lasting, trip: oneMore(lasting.trip) } } }
  return { session, agent: agent.trip ? { ...agent, trip: oneMore(agent.trip) } : agent }
}

function oneMore(tripped: Trip): Trip {
  return { ...tripped, blocked: tripped.blocked + 1 }
}

/** The session as a person's prompt, or a change of mode, leaves it: reset, and what agents did before is void. */
export function reset(session: SessionState): SessionState {
  const { trip: _, ...lasting } = session.lasting
  return { ...session, lasting: { ...lasting, epoch: lasting.epoch + 1, looping: [] } }
}

/** The state after a block, and the block as one in a row; or the halt that it has become. */
export function afterBlock(
  state: State,
  block: Block,
  agentId: string,
  policy: Policy,
  now: number,
): State & { verdict: Block | Halt } {
  const nth = state.agent.blocks + 1
  const past = pastBlock(block, now)
  const { round } = state.agent
  const marked = round ? { round: { ...round, block: heavier(round.block, past) } } : {}
  const after = { ...state, agent: { ...state.agent, blocks: nth, ...marked } }
  if (policy.halt.afterDeniedRounds === 0 || !isUnseenEnd(state.session, nth))
    return { ...after, verdict: { ...block, nth } }
  if (!state.session.lasting.hears.prompts) return { ...after, verdict: { ...block, nth, endsTurn: true } }
  const tripped = countedByTrip(trip(after, agentId, figureOf(block), now))
  return { ...tripped, verdict: haltIn(tripped) ?? { ...block, nth } }
}

function pastBlock(block: Block, now: number): PastBlock {
  const { retryAfterMs, haltsAfter } = block
  const past = { ...figureOf(block), ...(haltsAfter === undefined ? {} : { haltsAfter }) }
  if (ruleNamed(block.rule)?.lifts === 'with progress') return past
  return { ...past, freeAt: retryAfterMs === undefined ? Number.MAX_SAFE_INTEGER : now + retryAfterMs }
}

/** Where nobody tells of rounds, blocks in a row are counted instead. */
function isUnseenEnd({ lasting: { hears } }: SessionState, nth: number): boolean {
  if (hears.rounds) return false
  return nth >= (hears.prompts && !hears.results ? UNSEEN_BLOCKS_AFTER_PROMPT : UNSEEN_BLOCKS)
}

/** A block that no waiting lifts weighs more than one that time lifts. */
function heavier(before: PastBlock | undefined, block: PastBlock): PastBlock {
  return before && before.freeAt === undefined ? before : block
}

/**
 * The state after a round, with the breaker tripped when it was one round with a block too many. A round counts for a
 * loop unless another call in it has brought something new; for a limit unless it began after the time that the last
 * round with a block named: who waits is not hammering.
 */
export function afterRound(
  state: State,
  agentId: string,
  isProgress: boolean,
  policy: Policy,
  now: number,
): State {
  const { round, freeAt, ...rest } = state.agent
  const block = round?.block
  if (!round || !block) return { ...state, agent: { ...rest, blockedRounds: 0 } }
  const counts = block.freeAt === undefined ? !isProgress : freeAt === undefined || round.beganAt < freeAt
  const blockedRounds = rest.blockedRounds + (counts ? 1 : 0)
  const agent = { ...rest, blockedRounds, ...freeFrom(block.freeAt ?? freeAt) }
  const usual = policy.halt.afterDeniedRounds
  return usual > 0 && blockedRounds >= Math.max(usual, block.haltsAfter ?? 0)
    ? trip({ ...state, agent }, agentId, figureOf(block), now)
    : { ...state, agent }
}

function freeFrom(freeAt: number | undefined): Pick<AgentState, 'freeAt'> {
  return freeAt === undefined ? {} : { freeAt }
}
