/** Rows of (seconds, event, verdict): the specification of the guard, read from top to bottom. */

import assert from 'node:assert/strict'
import { decide } from '../../src/guard/decide.ts'
import type { CallEvent, GuardEvent } from '../../src/guard/event.ts'
import type { Policy } from '../../src/guard/policy.ts'
import { RATE } from '../../src/guard/rules/rate.ts'
import {
  type AgentState,
  counterIn,
  freshAgent,
  freshSession,
  type SessionState,
  type State,
} from '../../src/guard/state.ts'
import type { Verdict } from '../../src/guard/verdict.ts'
import { countOf } from '../../src/guard/window.ts'
import { only } from './policies.ts'

/** Any time will do; this one is not on a second, so that nothing works by accident of alignment. */
export const START = 1_800_000_000_400

export const MAIN = { id: 'main', type: '' }

/** The rate rule alone. */
export function limits(warnPerMin: number, blockPerMin: number): Policy {
  return only([], { rate: { warnPerMin, blockPerMin } })
}

/** A call of its own kind, with or without an id. */
export function call(signature: string, id?: string): CallEvent {
  return {
    ...{ type: 'call', agent: MAIN, tool: 'Bash', signature, isPoll: false },
    ...(id === undefined ? {} : { id }),
  }
}

/** Calls have returned, each with a result of its own. */
export function results(...ids: string[]): GuardEvent {
  const calls = ids.map((id) => ({
    id,
    tool: 'Bash',
    signature: id,
    isPoll: false,
    result: `result of ${id}`,
  }))
  return { type: 'results', agent: MAIN, calls, endsRound: false }
}

/** What a verdict is in a row: its kind, and for a block the seconds until a place is free. */
export type Expected = Verdict['kind'] | `block for ${number} s`
export type Row = readonly [seconds: number, event: GuardEvent, expected: Expected]

export interface Session {
  session: SessionState
  readonly agents: Map<string, AgentState>
  readonly policy: Policy
}

export function session(policy: Policy): Session {
  return { session: freshSession(START), agents: new Map(), policy }
}

/** The session as an agent meets it. */
export function stateOf({ session: state, agents }: Session, agent = 'main'): State {
  return { session: state, agent: agents.get(agent) ?? freshAgent(state.lasting.epoch) }
}

/** One event at `seconds` after START. */
export function meet(session: Session, seconds: number, event: GuardEvent): Verdict {
  const now = START + Math.round(seconds * 1000)
  const outcome = decide(stateOf(session, event.agent.id), event, session.policy, now)
  session.session = outcome.session
  session.agents.set(event.agent.id, outcome.agent)
  return outcome.verdict
}

/** Admitted calls in the window, as it was when it was last looked at. */
export function admittedIn({ session: state }: Session): number {
  return countOf(counterIn(state, RATE).window)
}

let fillers = 0

/** As many calls in the same second, all different; all must be allowed, but for a warning on the way. */
export function admit(session: Session, seconds: number, calls: number): void {
  for (let i = 0; i < calls; i += 1) {
    fillers += 1
    assert.notEqual(
      meet(session, seconds, call(`filler ${fillers}`)).kind,
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
