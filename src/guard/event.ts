/** What happened, in our own words. Every host's input is translated into one of these. */

export interface Agent {
  /** "main", or the host's id of a subagent. */
  readonly id: string
  /** The kind of agent as the host names it; empty when it does not say. */
  readonly type: string
}

export const MAIN_AGENT = 'main'

/** A call as the rules know it: what it was, but not what it said. */
interface Call {
  readonly tool: string
  /** Keyed hash of the id that the host gave to this call; absent where the host gives none. */
  readonly id?: string
  /** Keyed hash of agent, tool and input without what the model rewords: equal for equal calls. */
  readonly signature: string
  /** It asks whether something is done yet, so that asking again is no loop. */
  readonly isPoll: boolean
}

/** An agent is about to call a tool. */
export interface CallEvent extends Call {
  readonly type: 'call'
  readonly agent: Agent
}

/** A call that has returned, with the keyed hash of what the model was given; absent when that is not known. */
export interface ReturnedCall extends Call {
  readonly result?: string
  /** It did not run: its result says that its input was invalid, or that a hook or a permission refused it. */
  readonly isRefused?: true
}

/** Calls have returned: what they were given is known, and their ids may be used again. */
export interface ResultsEvent {
  readonly type: 'results'
  readonly agent: Agent
  readonly calls: readonly ReturnedCall[]
  /** These are all calls of one message of the model, those included that were never asked about. */
  readonly endsRound: boolean
}

/**
 * Who gives an agent something to do: a person; a schedule or wake-up that was set before; or else a machine, such as
 * the notification that a background task has ended.
 */
export type Prompter = 'person' | 'schedule' | 'machine'

/** The agent is given something to do. */
export interface PromptEvent {
  readonly type: 'prompt'
  readonly agent: Agent
  readonly by: Prompter
}

/** A client has begun or resumed the session: no call of it is running. */
export interface SessionStartEvent {
  readonly type: 'session_start'
  readonly agent: Agent
}

/** The session is over. */
export interface SessionEndEvent {
  readonly type: 'session_end'
  readonly agent: Agent
}

export type Event = CallEvent | ResultsEvent | PromptEvent | SessionStartEvent | SessionEndEvent
