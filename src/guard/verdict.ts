/** What the rules say of one event. Data only: the host turns it into words and an exit code. */

/** Which rule spoke: `tools` for the limits of a named tool. */
export type Rule = 'rate' | 'spawn' | 'tools' | 'repeat'

export interface Allow {
  readonly kind: 'allow'
}

/** What was counted, and against which limit. */
export interface Figure {
  readonly rule: Rule
  /** Calls in the window, this one included; for repeat, how often the same call came. */
  readonly count: number
  readonly limit: number
  /** For the rule `tools`, the name or pattern that has this limit. */
  readonly of?: string
}

/** The call runs, and the count has just reached the limit at which we speak. */
export interface Warn extends Figure {
  readonly kind: 'warn'
  /** The limit at which calls will be refused; 0 when there is none. */
  readonly blockLimit: number
}

/** The call is refused. */
export interface Block extends Figure {
  readonly kind: 'block'
  /** Milliseconds until a place is next free; absent when waiting alone frees none. */
  readonly retryAfterMs?: number
  /** For repeat: how long it has gone on, ms. */
  readonly sinceMs?: number
  /** The how manieth refusal in a row of this agent, from 1. */
  readonly nth?: number
  /** The agent's turn ends with it: nobody tells us where rounds end, so that it cannot be ended there. */
  readonly endsTurn?: boolean
}

/** The turn ends, and until a person says otherwise every further call is refused. */
export interface Halt extends Figure {
  readonly kind: 'halt'
  /** Who is halted: every agent of the session, or this one alone. */
  readonly scope: 'session' | 'agent'
  /** The how manieth refusal since, from 0: the event that closes the latch refuses nothing. */
  readonly nth: number
}

export type Verdict = Allow | Warn | Block | Halt

export const ALLOW: Allow = { kind: 'allow' }
