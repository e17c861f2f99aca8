/** What the rules remember between two events. */

import { isObject, type Members } from './members.ts'
import type { Figure, Verdict } from './verdict.ts'
import { emptyWindow, type Window } from './window.ts'

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
export interface Counter {
  /** Admitted calls. */
  readonly window: Window
  /** True from the moment the warning was spoken until the count has fallen below 80 % of its limit. */
  readonly warned: boolean
}

/** The breaker is tripped: an agent would not stop by itself. A person resets it. */
export interface Trip extends Figure {
  /** Unix ms. */
  readonly at: number
  /** Calls blocked since. */
  readonly blocked: number
}

/** Which kinds of events the host has told of so far. */
export interface Hears {
  /** Prompts: so a tripped session can be reset by one. */
  readonly prompts: boolean
  /** What single calls returned. */
  readonly results: boolean
  /** Ends of rounds: so rounds with a block can be counted, and a turn ended after one. */
  readonly rounds: boolean
}

export type Mode = 'enforce' | 'shadow'

/** What outlives an idle session, its end, and its being resumed. */
export interface Lasting {
  /** Prompts of persons so far: what was remembered of agents before the last of them is void. */
  readonly epoch: number
  /** It decides how a turn can be ended. */
  readonly hears: Hears
  /** The mode in which this came to be: a breaker that tripped in shadow mode blocked nobody. */
  readonly mode: Mode
  /** Tripped for every agent of the session. */
  readonly trip?: Trip
  /** Agents halted for loops since the last prompt of a person. */
  readonly looping: readonly string[]
  /**
   * Ids of all calls that we were asked about and that no round has named yet, at most MAX_ASKED; "not all" where some
   * are not known. Absent before the session's first event.
   */
  readonly asked?: readonly string[] | 'not all'
  /** What rules remember for themselves, each under its name: JSON values. */
  readonly memory?: Members
  /** An agent has started the client that was looked at last: its prompts are no person's. */
  readonly startedByAgent?: true
}

/** What is remembered of a session. */
export interface SessionState {
  /** By name: "rate", "spawn", and one for each named tool or pattern that has limits and was called. */
  readonly counters: Readonly<Record<string, Counter>>
  /** Blocked calls. */
  readonly blocked: Window
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
  /** The block that weighs most in it. */
  readonly block?: PastBlock
}

/** A block of an earlier call. */
export interface PastBlock extends Figure {
  /** Unix ms from which the call could have run; absent when waiting alone does not help. */
  readonly freeAt?: number
  /** Rounds in a row with it after which the turn ends, where that is more than usual. */
  readonly haltsAfter?: number
}

/** What is remembered of one agent of a session. */
export interface AgentState {
  /** The session's epoch in which this was remembered. */
  readonly epoch: number
  /** The last calls, oldest first, at most MAX_HISTORY. */
  readonly history: readonly PastCall[]
  /** Signatures in the history that were warned of. */
  readonly warned: readonly string[]
  readonly round?: Round
  /** The last round that has ended, by which it is known when it is told again: its first id, and Unix ms. */
  readonly lastRound?: { readonly id: string; readonly at: number }
  /** Rounds with a block, in a row, that count towards a halt. */
  readonly blockedRounds: number
  /** Blocks in a row. */
  readonly blocks: number
  /** Of the last round with a block: the time from which trying again is no hammering. */
  readonly freeAt?: number
  readonly trip?: Trip
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
  return { counters: {}, blocked: emptyWindow(now), answered: [], lasting }
}

export function freshAgent(epoch: number): AgentState {
  return { epoch, history: [], warned: [], blockedRounds: 0, blocks: 0 }
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
  const session = freshSession(now)
  return { session, agent: freshAgent(session.lasting.epoch) }
}

/** The admitted calls that one pair of limits is about. */
export function counterIn({ counters, blocked }: SessionState, name: string): Counter {
  return counters[name] ?? { window: emptyWindow(blocked.newest * 1000), warned: false }
}

/** What is remembered under a name: a flat record of counts, flags, texts and lists of counts. */
export type Memory = Readonly<Record<string, number | boolean | string | readonly number[]>>

/** What a rule remembers of a session; `fresh` when there is nothing that it could have written. */
export function memoryIn<M extends Memory>({ memory }: Lasting, name: string, fresh: M): M {
  const value = memory?.[name]
  return isLike(value, fresh) ? value : fresh
}

/** The session in which a rule remembers this, for as long as the session is known. */
export function withMemory(session: SessionState, name: string, value: Memory): SessionState {
  const { lasting } = session
  return { ...session, lasting: { ...lasting, memory: { ...lasting.memory, [name]: value } } }
}

/** Read as if by anybody: another version, or a hand, may have written it. */
function isLike<M extends Memory>(value: unknown, fresh: M): value is M {
  if (!isObject(value)) return false
  for (const name of Object.keys(fresh)) if (!isAlike(value[name], fresh[name])) return false
  return true
}

function isAlike(found: unknown, like: unknown): boolean {
  if (typeof like === 'number') return isCount(found)
  return Array.isArray(like) ? Array.isArray(found) && found.every(isCount) : typeof found === typeof like
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
