/** What comes of an event: the verdict, and what is remembered. */

import type { GuardEvent, Prompter } from './event.ts'
import type { Reset } from './reset.ts'
import type { Done } from './rules/rule.ts'
import { RULES } from './rules/rules.ts'
import type { State } from './state.ts'
import { ALLOW, type Verdict } from './verdict.ts'

/** What one event adds to the totals. */
export interface Tally {
  /** Calls counted, admitted or not, unasked ones included. */
  readonly calls: number
  /** Of them: admitted at or above a warn limit. */
  readonly warned: number
  /** Of them: blocked. */
  readonly blocked: number
  /** Breakers tripped. */
  readonly halted: number
}

export interface Outcome extends State {
  readonly verdict: Verdict
  /** Of calls that ran without our having been asked, the tools. */
  readonly unasked: readonly string[]
  /** All 0 when nothing new was counted: the event is no call, or was answered before. */
  readonly tally: Tally
  /** Who is taken to have written it, of a prompt that is no person's. */
  readonly prompter?: Prompter
  /** Set when a session or an agent that was stopped goes on by this event. */
  readonly reset?: Reset
}

export const NOTHING: Tally = { calls: 0, warned: 0, blocked: 0, halted: 0 }

export function silent(state: State): Outcome {
  return { ...state, verdict: ALLOW, tally: NOTHING, unasked: [] }
}

/** What the event changes in the memory of each rule. */
export function remember(state: State, event: GuardEvent, done: Done): State {
  return RULES.reduce<State>((after, rule) => rule.remember?.(after, event, done) ?? after, state)
}
