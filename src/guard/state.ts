/** What the rules remember between two events. */

import type { Policy } from './policy.ts'
import type { Figure, Verdict } from './verdict.ts'
import { emptyRing, type Ring } from './window.ts'

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

/** The calls that one pair of limits is about. */
export interface Meter {
  /** Admitted calls. */
  readonly ring: Ring
  /** True from the moment the warning was spoken until the count has fallen below 80 % of its limit. */
  readonly warned: boolean
}

/** Closed when an agent would not stop by itself; opened by a person. */
export interface Latch extends Figure {
  /** Unix ms. */
  readonly at: number
  /** Calls refused since. */
  readonly refused: number
}

export interface Hears {
  /** Prompts: so a latch can be opened. */
  readonly prompts: boolean
  /** What single calls returned. */
  readonly results: boolean
  /** Ends of rounds: so refused rounds can be counted, and a turn ended after one. */
  readonly rounds: boolean
}

/** What outlives an idle session, its end, and its being resumed. */
export interface Lasting {
  /** Prompts of persons so far: what was remembered of agents before the last of them is void. */
  readonly epoch: number
  /** What the host has told of so far: it decides how a turn can be ended. */
  readonly hears: Hears
  /** The mode in which this came to be: a latch of shadow mode was never closed for anybody. */
  readonly mode: Policy['mode']
  /** Closed for every agent of the session. */
  readonly latch?: Latch
  /** Agents halted for repeating themselves since the last prompt of a person. */
  readonly looping: readonly string[]
  /**
   * Ids of all calls that we were asked about and that no round has named yet, at most MAX_ASKED; "not all" where some
   * are not known. Absent before the session's first event.
   */
  readonly asked?: readonly string[] | 'not all'
  /** An agent has started the client that was looked at last: its prompts are no person's. */
  readonly startedByAgent?: true
}

/** What is remembered of a session. */
export interface SessionState {
  /** By name: "rate", "spawn", and one for each named tool or pattern that has limits and was called. */
  readonly meters: Readonly<Record<string, Meter>>
  readonly denied: Ring
  /** Oldest first, at most MAX_ANSWERED. */
  readonly answered: readonly AnsweredCall[]
  readonly lasting: Lasting
}

/** A call that was admitted, or that the host tells of only afterwards. */
export interface PastCall {
  readonly id?: string
  readonly signature: string
  readonly isPoll: boolean
  /** Unix ms. */
  readonly at: number
  /** Keyed hash of its result; absent as long as it is not known. */
  readonly result?: string
}

/** One message of the model with tool calls, from its first call to its last result. */
export interface Round {
  /** Unix ms. */
  readonly beganAt: number
  /** Ids of its calls that we were asked about, oldest first, at most MAX_ROUND_IDS. */
  readonly ids: readonly string[]
  /** The refusal that weighs most in it. */
  readonly denial?: Denial
}

export interface Denial extends Figure {
  /** Unix ms from which the call could have run; absent when waiting alone does not help. */
  readonly freeAt?: number
}

/** What is remembered of one agent of a session. */
export interface AgentState {
  /** The session's epoch in which this was remembered. */
  readonly epoch: number
  /** The last calls, oldest first, at most MAX_HISTORY. */
  readonly history: readonly PastCall[]
  /** Signatures in the history about which we have spoken. */
  readonly warned: readonly string[]
  readonly round?: Round
  /** The last round that has ended, by which it is known when it is told of again: its first id, and Unix ms. */
  readonly lastRound?: { readonly id: string; readonly at: number }
  /** Rounds in a row with a refused call that count towards a halt. */
  readonly deniedRounds: number
  /** Refusals in a row. */
  readonly denials: number
  /** Of the last refused round: from when on trying again is no hammering. */
  readonly freeAt?: number
  readonly latch?: Latch
}

export interface State {
  readonly session: SessionState
  /** The agent that the event is about. */
  readonly agent: AgentState
}

const NEVER: Lasting = {
  epoch: 0,
  hears: { prompts: false, results: false, rounds: false },
  mode: 'enforce',
  looping: [],
}

/** A session of which nothing is remembered but what lasts. */
export function freshSession(now: number, lasting: Lasting = NEVER): SessionState {
  return { meters: {}, denied: emptyRing(now), answered: [], lasting }
}

export function freshAgent(epoch: number): AgentState {
  return { epoch, history: [], warned: [], deniedRounds: 0, denials: 0 }
}

/**
 * The agent as it counts in this epoch: what it did before a person spoke is void, but for the calls of its open round,
 * whose results are still to come, and its last round, which may be told of again.
 */
export function currentAgent(agent: AgentState, epoch: number): AgentState {
  if (agent.epoch === epoch) return agent
  const { round, lastRound } = agent
  return {
    ...freshAgent(epoch),
    ...(round ? { round: { beganAt: round.beganAt, ids: round.ids } } : {}),
    ...(lastRound ? { lastRound } : {}),
  }
}

export function freshState(now: number): State {
  return { session: freshSession(now), agent: freshAgent(0) }
}

/** The admitted calls that one pair of limits is about. */
export function meterIn({ meters, denied }: SessionState, name: string): Meter {
  return meters[name] ?? { ring: emptyRing(denied.newest * 1000), warned: false }
}
