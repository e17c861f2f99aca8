/** What the rules say of one event. Data only: messages turn it into words, the host into an exit code. */

/** What was counted, and against which limit. */
export interface Figure {
  /** The name of the rule; of a rule of a newer version, in what was kept, perhaps one that is not known here. */
  readonly rule: string
  /** As the rule counts, the event itself included. */
  readonly count: number
  readonly limit: number
  /** What this limit is for, where the rule has several: the name or pattern of a tool. */
  readonly of?: string
  /** Milliseconds until the count begins anew, if that is known; of the event alone, and remembered with nothing. */
  readonly resetsInMs?: number
}

/** The figure alone of what says more, as it is remembered. */
export function figureOf({ rule, count, limit, of }: Figure): Figure {
  return { rule, count, limit, ...(of === undefined ? {} : { of }) }
}

export interface Allow {
  readonly kind: 'allow'
}

/** The call runs, and the count has just reached the limit at which we speak. */
export interface Warn extends Figure {
  readonly kind: 'warn'
  /** The limit at which calls will be blocked; 0 when there is none. */
  readonly blockLimit: number
}

/** The call does not run. */
export interface Block extends Figure {
  readonly kind: 'block'
  /** Milliseconds until a place is next free; absent when waiting alone frees none. */
  readonly retryAfterMs?: number
  /** How long the loop has gone on, ms. */
  readonly sinceMs?: number
  /** Which block in a row of this agent it is, from 1. */
  readonly nth?: number
  /** It counts towards a halt only in so many rounds in a row, where that is more than usual. */
  readonly haltsAfter?: number
  /** The agent's turn ends with it: nobody tells us where rounds end, so it cannot be ended there. */
  readonly endsTurn?: boolean
}

/** The turn ends, and every further call is blocked until a person resets the session. */
export interface Halt extends Figure {
  readonly kind: 'halt'
  /** Who is halted: every agent of the session, or this one alone. */
  readonly scope: 'session' | 'agent'
  /** How many calls were blocked since, from 0: the event that trips the breaker blocks none. */
  readonly nth: number
  /** No person is asked before: there is nothing that a yes could grant. */
  readonly asksNobody?: true
}

/** The client asks a person whether the call may run; else the turn would have ended here. */
export interface Ask extends Figure {
  readonly kind: 'ask'
}

/** What a rule says. */
export type Ruling = Allow | Warn | Block | Halt

export type Verdict = Ruling | Ask

export const ALLOW: Allow = { kind: 'allow' }

/** What one rule says of one event: its verdict, and the figures that lead to it. */
export interface Finding {
  readonly rule: string
  /** A halt ends the turn at once, whatever the event is. A block of what is no call ends it at the end of the round. */
  readonly verdict: Ruling
  /** What was counted, the event itself included. */
  readonly count: number
  /** The limits; 0 for none. */
  readonly warnAt: number
  readonly blockAt: number
  readonly of?: string
  /** The name of the counter that a call goes into when it is admitted. */
  readonly counter?: string
  /** The warning was spoken before, and says nothing again. */
  readonly isSpoken: boolean
  /** What lifts a block that no time lifts, in words that complete "lifts …". */
  readonly lifts?: string
}
