/** What happened, in our own words. Every host's input is translated into one of these. */

export interface Agent {
  /** "main", or the host's id of a subagent. */
  readonly id: string
  /** The kind of agent as the host names it; empty when it does not say. */
  readonly type: string
}

export const MAIN_AGENT = 'main'

/** An agent is about to call a tool. */
export interface CallEvent {
  readonly type: 'call'
  readonly agent: Agent
  readonly tool: string
  /** Keyed hash of the id that the host gave to this call; absent where the host gives none. */
  readonly id?: string
  /** Keyed hash of agent, tool and input: equal for equal calls. */
  readonly signature: string
}

/** Calls have returned: what they were given is known, and their ids may be used again. */
export interface ResultsEvent {
  readonly type: 'results'
  readonly agent: Agent
  /** Keyed hashes of the calls' ids. */
  readonly ids: readonly string[]
}

/** The session is over. */
export interface SessionEndEvent {
  readonly type: 'session_end'
  readonly agent: Agent
}

export type Event = CallEvent | ResultsEvent | SessionEndEvent
