/** What we say of an event, in values: each client words it in its own way (hosts/…). */

import type { Identity } from '../guard/identity.ts'
import type { Ask, Block, Halt, Warn } from '../guard/verdict.ts'

export interface Answer {
  /** Of the event itself; undefined where there is nothing to say of it. */
  readonly statement?: Statement
  /** For the person, beside it. No client shows them beside a block, of which the model reads the reason. */
  readonly notices: readonly string[]
  readonly failure?: OwnFailure
}

/** Nothing to say: the call runs, the turn goes on. */
export const NOTHING: Answer = { notices: [] }

export type Statement = CallStatement | PromptStatement | TurnStatement | TenantStatement | SettingsStatement

export interface CallStatement {
  readonly about: 'call'
  readonly verdict: Warn | Ask | Block | Halt
  readonly identity: Identity
  /**
   * The reference of the signed line, or why there is none; undefined for a call that was blocked before, because a
   * repeat is not signed again.
   */
  readonly audit?: string | undefined
}

/** A prompt that no person wrote is blocked, so that the model is not asked. */
export interface PromptStatement {
  readonly about: 'prompt'
  readonly verdict: Halt
  readonly identity: Identity
  /** Only by its words: a person may have written them. */
  readonly isScheduled: boolean
}

/** The turn ends: the model is not asked again. */
export interface TurnStatement {
  readonly about: 'turn'
  readonly verdict: Halt
  readonly identity: Identity
}

/** A call is blocked, because it names no tenant and the policy demands one. */
export interface TenantStatement {
  readonly about: 'tenant'
}

/** A change of the settings is blocked. */
export interface SettingsStatement {
  readonly about: 'settings'
  /** Which file does what. */
  readonly problem: string
  readonly audit?: string | undefined
}

/** A failure of ours. */
export interface OwnFailure {
  readonly what: string
  /** The event is blocked for it; else the call runs, and what else there is to say is said. */
  readonly blocks: boolean
}
