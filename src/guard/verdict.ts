/** What a rule says of one event. Data only: the host turns it into words and an exit code. */

export type Rule = 'rate'

export interface Allow {
  readonly kind: 'allow'
}

/** The call runs, and the count has just reached the limit at which we speak. */
export interface Warn {
  readonly kind: 'warn'
  readonly rule: Rule
  /** Admitted calls in the window, this one included. */
  readonly count: number
  readonly limit: number
  /** The limit at which calls will be refused; 0 when there is none. */
  readonly blockLimit: number
}

/** The call is refused. */
export interface Block {
  readonly kind: 'block'
  readonly rule: Rule
  /** What the count would have become: the admitted calls in the window and this one. */
  readonly count: number
  readonly limit: number
  /** Milliseconds until a place is next free; absent when the limit admits no call at all. */
  readonly retryAfterMs?: number
}

export type Verdict = Allow | Warn | Block

export const ALLOW: Allow = { kind: 'allow' }
