/**
 * The heart of the house: what an event does to a session and an agent of it, and what it is answered.
 *
 * Pure. Time is an argument, nothing outside is touched. The hook, replay, explain and the tests all call this one
 * function; nothing else decides.
 */

import { haltIn, inRound, refused, refusedByLatch } from './breaker.ts'
import { answerGiven, withAnswer } from './duplicates.ts'
import type { CallEvent, Event, PromptEvent, ResultsEvent } from './event.ts'
import type { Identity } from './identity.ts'
import type { Policy } from './policy.ts'
import { isPersonsPrompt, type Reset, resetBy, withStarter } from './reset.ts'
import { takeResults } from './rounds.ts'
import { currentMeter, type Gauge, gaugesFor, judgeGauge, RATE, withAdmitted } from './rules/limits.ts'
import { judgeRepeat, withPast } from './rules/loop.ts'
import {
  type AgentState,
  currentAgent,
  freshAgent,
  freshSession,
  type SessionState,
  type State,
} from './state.ts'
import { begun, unaskedIn, withAsked, withRound } from './unasked.ts'
import { ALLOW, type Block, type Verdict, type Warn } from './verdict.ts'
import { aged, withCall } from './window.ts'

/** What one event adds to the counters. */
export interface Tally {
  /** Calls counted, admitted or not, unasked ones included. */
  readonly calls: number
  /** Of them: admitted at or above a warn limit. */
  readonly warned: number
  /** Of them: refused. */
  readonly blocked: number
  /** Latches closed. */
  readonly halted: number
}

export interface Outcome extends State {
  readonly verdict: Verdict
  /** Of calls that ran without our having been asked, the tools. */
  readonly unasked: readonly string[]
  /** All 0 when nothing new was counted: the event is no call, or was answered before. */
  readonly tally: Tally
  /** Set when it lets go on what was stopped. */
  readonly reset?: Reset
}

const NOTHING: Tally = { calls: 0, warned: 0, blocked: 0, halted: 0 }

/** True for a caller that the policy does not even count: it demands a tenant and none is named. */
export function lacksTenant(identity: Identity, policy: Policy): boolean {
  return policy.tenant.strict && identity.tenant === ''
}

/** Decides one event at `now` (Unix ms). `state.agent` is the agent that the event is about. */
export function decide(state: State, event: Event, policy: Policy, now: number): Outcome {
  const aged = agedState(state, event, now)
  const reset = resetBy(aged, event, policy, now)
  const session = begun(inMode(aged.session, policy.mode), event)
  const agent = currentAgent(aged.agent, session.lasting.epoch)
  const outcome = decideCurrent({ session, agent }, event, policy, now)
  return reset ? { ...outcome, reset } : outcome
}

function decideCurrent(state: State, event: Event, policy: Policy, now: number): Outcome {
  switch (event.type) {
    case 'call':
      return decideCall(state, event, policy, now)
    case 'results':
      return decideResults(state, event, policy, now)
    case 'prompt':
      return decidePrompt(state, event)
    case 'session_start':
      return silent(state)
    case 'session_end':
      return silent({ session: freshSession(now, state.session.lasting), agent: state.agent })
  }
}

/** What was decided in another mode, and what came of it, is void. */
function inMode(session: SessionState, mode: Policy['mode']): SessionState {
  const { latch: _, ...lasting } = session.lasting
  if (lasting.mode === mode) return session
  return { ...session, answered: [], lasting: { ...lasting, mode, epoch: lasting.epoch + 1, looping: [] } }
}

/** Aged whatever the event: a clock that has stepped back must be seen when it does. */
function agedState({ session, agent }: State, event: Event, now: number): State {
  const meters = Object.entries(session.meters).map(
    ([name, { ring, warned }]) => [name, { ring: aged(ring, now), warned }] as const,
  )
  const lasting = withStarter(session.lasting, event)
  return {
    session: { ...session, meters: Object.fromEntries(meters), denied: aged(session.denied, now), lasting },
    agent: currentAgent(agent, lasting.epoch),
  }
}

function silent(state: State): Outcome {
  return { ...state, verdict: ALLOW, tally: NOTHING, unasked: [] }
}

function decideCall(state: State, call: CallEvent, policy: Policy, now: number): Outcome {
  const given = answerGiven(state.session.answered, call, now)
  if (given) return { ...silent(state), verdict: given }
  const asked = {
    session: withAsked(state.session, call.id),
    agent: { ...state.agent, round: inRound(state.agent, call.id, now) },
  }
  const { verdict, ...after } = answer(asked, call, policy, now)
  const answered = withAnswer(after.session.answered, call, verdict, now)
  return { ...after, session: { ...after.session, answered }, verdict }
}

function answer(state: State, call: CallEvent, policy: Policy, now: number): Outcome {
  const halt = haltIn(state)
  if (halt) {
    const after = refusedByLatch(state)
    const verdict = { ...halt, nth: halt.nth + 1 }
    return { ...denied(after, now), verdict, tally: { ...NOTHING, calls: 1, blocked: 1 }, unasked: [] }
  }
  const findings = judge(state, call, policy, now)
  const block = findings.find(({ verdict }) => verdict.kind === 'block')?.verdict
  if (block?.kind === 'block') {
    const { verdict, ...after } = refused(state, block, call.agent.id, policy, now)
    const halted = verdict.kind === 'halt' ? 1 : 0
    return {
      ...denied(after, now),
      verdict,
      tally: { ...NOTHING, calls: 1, blocked: 1, halted },
      unasked: [],
    }
  }
  return admit(state, call, policy, findings, now)
}

/** A denied call has a ring of its own, so that hammering against a block never prolongs it. */
function denied(state: State, now: number): State {
  return { ...state, session: { ...state.session, denied: withCall(aged(state.session.denied, now)) } }
}

/** What one rule says of a call. */
export interface Finding {
  readonly verdict: Warn | Block | typeof ALLOW
  /** The limits it looked at; absent for the repeat rule. */
  readonly gauge?: Gauge
  /** The rule has spoken of this before, and says nothing again. */
  readonly isSpoken: boolean
}

/** What every rule says of a call, the one that people can do least about first. */
export function judge({ session, agent }: State, call: CallEvent, policy: Policy, now: number): Finding[] {
  const repeat = judgeRepeat(agent.history, call, policy.repeat, now)
  return [
    { verdict: repeat, isSpoken: agent.warned.includes(call.signature) },
    ...gaugesFor(policy, call.tool).map((gauge) => {
      const { ring, warned } = currentMeter(session, gauge, now)
      return { gauge, verdict: judgeGauge(gauge, ring, now), isSpoken: warned }
    }),
  ]
}

function admit(
  state: State,
  call: CallEvent,
  policy: Policy,
  findings: readonly Finding[],
  now: number,
): Outcome {
  const { session, agent } = state
  const { id, signature, isPoll } = call
  const warnings = findings.filter(({ verdict }) => verdict.kind === 'warn')
  const spoken = warnings.find(({ isSpoken }) => !isSpoken)
  const history = withPast(agent.history, { ...(id === undefined ? {} : { id }), signature, isPoll, at: now })
  const isRepeated = spoken !== undefined && spoken.gauge === undefined
  return {
    session: {
      ...session,
      meters: withAdmitted(session, gaugesFor(policy, call.tool), spoken?.gauge?.meter, now),
    },
    agent: {
      ...agent,
      history,
      warned: stillWarned(agent, history, isRepeated ? signature : ''),
      denials: 0,
    },
    verdict: spoken?.verdict ?? ALLOW,
    tally: { ...NOTHING, calls: 1, warned: warnings.length > 0 ? 1 : 0 },
    unasked: [],
  }
}

/** The signatures we have spoken of, as long as they are in the history. */
function stillWarned(
  { warned }: AgentState,
  history: AgentState['history'],
  added: string,
): readonly string[] {
  const all = added && !warned.includes(added) ? [...warned, added] : warned
  return all.filter((signature) => history.some((past) => past.signature === signature))
}

/**
 * A person's prompt resets every trip of the session and begins a new epoch; the rings stay as they are. No other resets
 * anything. A scheduled one voids what its agent repeated: the same check at each wake-up is what the schedule is for.
 */
function decidePrompt(state: State, event: PromptEvent): Outcome {
  const { session } = state
  const { latch: _, ...rest } = session.lasting
  const hears = { ...rest.hears, prompts: true }
  if (!isPersonsPrompt(event, rest)) {
    const agent = event.by === 'schedule' ? { ...state.agent, history: [], warned: [] } : state.agent
    const told = { agent, session: { ...session, lasting: { ...session.lasting, hears } } }
    return { ...silent(told), verdict: haltIn({ session, agent: freshAgent(0) }) ?? ALLOW }
  }
  const lasting = { ...rest, epoch: rest.epoch + 1, hears, looping: [] }
  return silent({ session: { ...session, lasting }, agent: currentAgent(state.agent, lasting.epoch) })
}

/** At the end of a round, calls that nobody asked about are counted, and a turn that should have ended is ended. */
function decideResults(before: State, event: ResultsEvent, policy: Policy, now: number): Outcome {
  const calls = unaskedIn(before, event, now)
  const session = withRound(before.session, event, calls, policy, now)
  const state = takeResults({ ...before, session }, event, policy, now)
  const halt = event.endsRound ? haltIn(state) : undefined
  const isNew = halt && !haltIn(before)
  return {
    ...state,
    verdict: halt ?? ALLOW,
    tally: { ...NOTHING, calls: calls.length, halted: isNew ? 1 : 0 },
    unasked: calls.map(({ tool }) => tool),
  }
}

/** What the next call of a session would meet at `now`, if it repeats nothing and has no limits of its own. */
export function outlook(session: SessionState, policy: Policy, now: number): Verdict {
  const halt = haltIn({ session: inMode(session, policy.mode), agent: freshAgent(0) })
  if (halt) return halt
  const gauge: Gauge = { meter: RATE, rule: 'rate', limits: policy.rate }
  return judgeGauge(gauge, currentMeter(session, gauge, now).ring, now)
}
