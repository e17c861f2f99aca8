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
  /** It is the host's own way to wait, so that it may come as often as it likes. */
  readonly isWait?: true
}

/** What the client itself says of its user's limits: of the one that is used most. */
export interface Quota {
  /** How much of it is used, from 0; it may be above 100. */
  readonly percent: number
  /** As the client names it, such as "five_hour"; empty when no limit is in force. */
  readonly window: string
  /** When it begins anew, Unix ms; absent where the client does not say. */
  readonly resetsAt?: number
}

interface Happening {
  readonly agent: Agent
  /** An agent has started the client that tells of it, and no person; absent where nobody has looked. */
  readonly startedByAgent?: boolean
  /** A person is there who can answer a question of the client. */
  readonly isAttended?: true
  /** Told with prompts, ends of rounds and ends of turns, where it is known. */
  readonly quota?: Quota
  /** What has been used up so far, in tokens and in cents of a dollar; absent where nobody has looked. */
  readonly tokens?: Spent
  readonly cents?: Spent
}

/** What a session, its agents and the clients that they have started have used up. Whole numbers. */
export interface Spent {
  /** Since a person last wrote. */
  readonly prompt: number
  readonly session: number
  /** In this day, with all other sessions of the same tenant and user. */
  readonly day: number
  /** When this day ends: Unix ms. */
  readonly dayEndsAt: number
}

/** An agent is about to call a tool. */
export interface CallEvent extends Call, Happening {
  readonly type: 'call'
  /** Keyed hash of the prompt that it schedules, if it does. */
  readonly schedules?: string
}

/** A call that has returned, with the keyed hash of what the model was given; absent when that is not known. */
export interface ReturnedCall extends Call {
  readonly result?: string
  /** It did not run: its result says that its input was invalid, or that a hook or a permission refused it. */
  readonly isRefused?: true
}

/** Calls have returned: what they were given is known, and their ids may be used again. */
export interface ResultsEvent extends Happening {
  readonly type: 'results'
  readonly calls: readonly ReturnedCall[]
  /** These are all calls of one message of the model, those included that were never asked about. */
  readonly endsRound: boolean
}

/**
 * Who gives an agent something to do: a person; a schedule or wake-up that was set before; the client, which notifies
 * that a background task has ended; or else a machine, such as a teammate.
 */
export type Prompter = 'person' | 'schedule' | 'notification' | 'machine'

/** The agent is given something to do. */
export interface PromptEvent extends Happening {
  readonly type: 'prompt'
  /** Keyed hash of its id; absent where the host gives none. */
  readonly id?: string
  /** As far as the prompt itself says it. */
  readonly by: Prompter
  /** Keyed hash of its words; absent where the host does not tell them. */
  readonly words?: string
}

/** The model has said its last word of a turn, which ends unless a hook of somebody else keeps it going. */
export interface TurnEndEvent extends Happening {
  readonly type: 'turn_end'
  /** A hook had kept this turn going after it had ended once; absent where the host does not say. */
  readonly isContinued?: boolean
  /** Keyed hash of the model's last words; absent where the host does not tell them. */
  readonly words?: string
  /** Keyed hashes of the prompts that are scheduled; absent where the host does not tell them. */
  readonly scheduled?: readonly string[]
  /** It has ended because the client was refused at a limit of its provider: each request more would be refused too. */
  readonly limitError?: true
}

/** An agent that another one, or a workflow, has started begins, or goes on. */
export interface AgentStartEvent extends Happening {
  readonly type: 'agent_start'
}

/** A client has begun or resumed the session: no call of it is running. */
export interface SessionStartEvent extends Happening {
  readonly type: 'session_start'
}

/** The session is over. */
export interface SessionEndEvent extends Happening {
  readonly type: 'session_end'
}

export type GuardEvent =
  | CallEvent
  | ResultsEvent
  | PromptEvent
  | TurnEndEvent
  | AgentStartEvent
  | SessionStartEvent
  | SessionEndEvent
