/**
 * The heart of the house: what an event does to a session, and what it is answered.
 *
 * Pure. Time is an argument, nothing outside is touched. The hook, the tests and whatever else wants to know
 * what the rules say all call this one function; nothing else decides.
 */

import { answerGiven, withAnswer, withoutResults } from './answered.ts'
import type { CallEvent, Event } from './event.ts'
import type { Identity } from './identity.ts'
import type { Policy } from './policy.ts'
import { judgeRate, staysWarned } from './rate.ts'
import { aged, withCall } from './ring.ts'
import { freshState, type SessionState } from './state.ts'
import { ALLOW, type Verdict } from './verdict.ts'

/** What one event adds to the counters. */
export interface Tally {
  /** Calls counted, admitted or not. */
  readonly calls: number
  /** Of them: admitted at or above a warn limit. */
  readonly warned: number
  /** Of them: refused. */
  readonly blocked: number
}

export interface Outcome {
  readonly state: SessionState
  readonly verdict: Verdict
  /** All 0 when the event is no call, or a call that was answered before. */
  readonly tally: Tally
}

const NOTHING: Tally = { calls: 0, warned: 0, blocked: 0 }

/** True for a caller that the policy does not even count: it demands a tenant and none is named. */
export function lacksTenant(identity: Identity, policy: Policy): boolean {
  return policy.tenant.strict && identity.tenant === ''
}

/** Decides one event at `now` (Unix ms). */
export function decide(state: SessionState, event: Event, policy: Policy, now: number): Outcome {
  switch (event.type) {
    case 'call':
      return decideCall(current(state, policy, now), event, policy, now)
    case 'results':
      return silent({ ...state, answered: withoutResults(state.answered, event.ids) })
    case 'session_end':
      return silent(freshState(now))
  }
}

/** What the next call of this session would meet at `now`; nothing is recorded. */
export function outlook(state: SessionState, policy: Policy, now: number): Verdict {
  return judgeRate(aged(state.admitted, now), policy.rate, now)
}

function silent(state: SessionState): Outcome {
  return { state, verdict: ALLOW, tally: NOTHING }
}

/** The state as it stands at `now`: rings aged, the warning armed again if the count has fallen. */
function current(state: SessionState, policy: Policy, now: number): SessionState {
  const admitted = aged(state.admitted, now)
  const warned = state.warned && staysWarned(admitted, policy.rate.warnPerMin)
  return { ...state, admitted, denied: aged(state.denied, now), warned }
}

function decideCall(state: SessionState, call: CallEvent, policy: Policy, now: number): Outcome {
  const given = answerGiven(state.answered, call, now)
  if (given) return { state, verdict: given, tally: NOTHING }

  const judged = judgeRate(state.admitted, policy.rate, now)
  const verdict = judged.kind === 'warn' && state.warned ? ALLOW : judged
  return {
    state: { ...counted(state, judged.kind), answered: withAnswer(state.answered, call, verdict, now) },
    verdict,
    tally: { calls: 1, warned: judged.kind === 'warn' ? 1 : 0, blocked: judged.kind === 'block' ? 1 : 0 },
  }
}

/** A denied call has a ring of its own, so that hammering against a block never prolongs it. */
function counted(state: SessionState, judged: 'allow' | 'warn' | 'block'): SessionState {
  if (judged === 'block') return { ...state, denied: withCall(state.denied) }
  return { ...state, admitted: withCall(state.admitted), warned: state.warned || judged === 'warn' }
}
