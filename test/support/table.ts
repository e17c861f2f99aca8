/** Rows of (seconds, event, verdict): the specification of the guard, read from top to bottom. */

import assert from 'node:assert/strict'
import { decide } from '../../src/guard/decide.ts'
import type { Event } from '../../src/guard/event.ts'
import { applySettings, DEFAULT_POLICY, type Policy } from '../../src/guard/policy.ts'
import { freshState, type SessionState } from '../../src/guard/state.ts'
import type { Verdict } from '../../src/guard/verdict.ts'

/** Any time will do; this one is not on a second, so that nothing works by accident of alignment. */
export const START = 1_800_000_000_400

export const MAIN = { id: 'main', type: '' }

export function limits(warnPerMin: number, blockPerMin: number): Policy {
  return applySettings(DEFAULT_POLICY, { rate: { warnPerMin, blockPerMin } })
}

/** A call of its own kind, with or without an id. */
export function call(signature: string, id?: string): Event {
  return { type: 'call', agent: MAIN, tool: 'Bash', signature, ...(id === undefined ? {} : { id }) }
}

export function results(...ids: string[]): Event {
  return { type: 'results', agent: MAIN, ids }
}

/** What a verdict is in a row: its kind, and for a block the seconds until a place is free. */
export type Expected = 'allow' | 'warn' | 'block' | `block for ${number} s`
export type Row = readonly [seconds: number, event: Event, expected: Expected]

export interface Session {
  state: SessionState
  readonly policy: Policy
}

export function session(policy: Policy): Session {
  return { state: freshState(START), policy }
}

/** One event at `seconds` after START. */
export function meet(session: Session, seconds: number, event: Event): Verdict {
  const outcome = decide(session.state, event, session.policy, START + Math.round(seconds * 1000))
  session.state = outcome.state
  return outcome.verdict
}

/** As many calls in the same second; all must be allowed, but for a warning on the way. */
export function admit(session: Session, seconds: number, calls: number): void {
  for (let i = 0; i < calls; i += 1) {
    assert.notEqual(
      meet(session, seconds, call(`filler ${i}`)).kind,
      'block',
      `call ${i + 1} at ${seconds} s`,
    )
  }
}

export function follow(session: Session, rows: readonly Row[]): void {
  for (const [seconds, event, expected] of rows) {
    assert.equal(worded(meet(session, seconds, event), expected), expected, `at ${seconds} s`)
  }
}

function worded(verdict: Verdict, expected: Expected): string {
  if (verdict.kind !== 'block' || expected === 'block') return verdict.kind
  return `block for ${Math.ceil((verdict.retryAfterMs ?? Number.NaN) / 1000)} s`
}
