/**
 * What an event does to a session and an agent of it, and what it is answered. Pure: time is an argument, nothing
 * outside is touched. The hook, replay, explain and the tests all call this one function; nothing else decides.
 */

import { afterBlock, afterRound, countedByTrip, haltIn, reset, trip } from './breaker.ts'
import { answerGiven, withAnswer } from './duplicates.ts'
import type { CallEvent, GuardEvent, PromptEvent, ResultsEvent, TurnEndEvent } from './event.ts'
import { withPast } from './history.ts'
import { callOf, firstBlock, judge } from './judge.ts'
import type { Policy } from './policy.ts'
import { isPersonsPrompt, type Reset, resetBy, withStarter } from './reset.ts'
import { inRound, withResults } from './rounds.ts'
import { counted } from './rules/limits.ts'
import type { Done } from './rules/rule.ts'
import { RULES } from './rules/rules.ts'
import { currentAgent, freshAgent, freshSession, type Mode, type SessionState, type State } from './state.ts'
import { begun, unaskedIn, withAsked, withRound } from './unasked.ts'
import { ALLOW, type Finding, figureOf, type Halt, type Verdict } from './verdict.ts'
import { aged, withCall } from './window.ts'

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
  /** Set when a session or an agent that was stopped goes on by this event. */
  readonly reset?: Reset
}

const NOTHING: Tally = { calls: 0, warned: 0, blocked: 0, halted: 0 }

/** Decides one event at `now` (Unix ms). `before.agent` is the agent that the event is about. */
export function decide(before: State, event: GuardEvent, policy: Policy, now: number): Outcome {
  const present = presentState(before, event, now)
  const resumption = resetBy(present, event, policy, now)
  const session = begun(inMode(present.session, policy.mode), event)
  const state = { session, agent: currentAgent(present.agent, session.lasting.epoch) }
  const outcome = decideCurrent(state, event, policy, now)
  return resumption ? { ...outcome, reset: resumption } : outcome
}

function decideCurrent(state: State, event: GuardEvent, policy: Policy, now: number): Outcome {
  switch (event.type) {
    case 'call':
      return decideCall(state, event, policy, now)
    case 'results':
      return decideResults(state, event, policy, now)
    case 'turn_end':
      return decideEnd(state, state, event, policy, now)
    case 'prompt':
      return decidePrompt(state, event)
    case 'session_start':
      return silent(state)
    case 'session_end':
      return silent({ session: freshSession(now, state.session.lasting), agent: state.agent })
  }
}

/** The session in this mode: what was decided in another one, and what came of it, is void. */
function inMode(session: SessionState, mode: Mode): SessionState {
  if (session.lasting.mode === mode) return session
  const fresh = reset(session)
  return { ...fresh, answered: [], lasting: { ...fresh.lasting, mode } }
}

/** The state at this event, its windows aged whatever the event is: a clock that steps back must be seen when it does. */
function presentState({ session, agent }: State, event: GuardEvent, now: number): State {
  const counters = Object.entries(session.counters).map(
    ([name, { window, warned }]) => [name, { window: aged(window, now), warned }] as const,
  )
  const lasting = withStarter(session.lasting, event)
  return {
    session: {
      ...session,
      counters: Object.fromEntries(counters),
      blocked: aged(session.blocked, now),
      lasting,
    },
    agent: currentAgent(agent, lasting.epoch),
  }
}

function silent(state: State): Outcome {
  return { ...state, verdict: ALLOW, tally: NOTHING, unasked: [] }
}

/** A call: was it answered before? Is the breaker tripped? What do the rules say? Then remember the answer. */
function decideCall(state: State, call: CallEvent, policy: Policy, now: number): Outcome {
  const given = answerGiven(state.session.answered, call, now)
  if (given) return { ...silent(state), verdict: given }
  const asked = {
    session: withAsked(state.session, call.id),
    agent: { ...state.agent, round: inRound(state.agent, call.id, now) },
  }
  const halt = haltIn(asked)
  const outcome = halt ? blockByTrip(asked, halt) : blockOrAdmit(asked, call, policy, now)
  const answered = withAnswer(outcome.session.answered, call, outcome.verdict, now)
  return { ...outcome, session: { ...outcome.session, answered } }
}

function blockByTrip(state: State, halt: Halt): Outcome {
  const verdict = { ...halt, nth: halt.nth + 1 }
  return { ...silent(blocked(countedByTrip(state))), verdict, tally: { ...NOTHING, calls: 1, blocked: 1 } }
}

function blockOrAdmit(state: State, call: CallEvent, policy: Policy, now: number): Outcome {
  const findings = judge(state, call, policy, now)
  const block = firstBlock(findings)
  if (!block) return admit(state, call, findings, now)
  const { verdict, ...after } = afterBlock(state, block, call.agent.id, policy, now)
  const halted = verdict.kind === 'halt' ? 1 : 0
  const noticed = remember(after, call, { isAdmitted: false })
  return { ...silent(blocked(noticed)), verdict, tally: { ...NOTHING, calls: 1, blocked: 1, halted } }
}

/** Blocked calls have a window of their own, so that hammering never prolongs a block. */
function blocked(state: State): State {
  return { ...state, session: { ...state.session, blocked: withCall(state.session.blocked) } }
}

/** The call runs: it is in the history and in every counter that a rule has for it. */
function admit(state: State, call: CallEvent, findings: readonly Finding[], now: number): Outcome {
  const warnings = findings.filter(({ verdict }) => verdict.kind === 'warn')
  const spoken = warnings.find(({ isSpoken }) => !isSpoken)
  const { id, signature, isPoll } = call
  const past = { ...(id === undefined ? {} : { id }), signature, isPoll, at: now }
  const after = {
    session: findings.reduce((session, each) => counted(session, each, each === spoken, now), state.session),
    agent: { ...state.agent, history: withPast(state.agent.history, past), blocks: 0 },
  }
  const done = { isAdmitted: true, ...(spoken ? { spoken } : {}) }
  return {
    ...silent(remember(after, call, done)),
    verdict: spoken?.verdict ?? ALLOW,
    tally: { ...NOTHING, calls: 1, warned: warnings.length > 0 ? 1 : 0 },
  }
}

/** What the event changes in the memory of each rule. */
function remember(state: State, event: GuardEvent, done: Done): State {
  return RULES.reduce<State>((after, rule) => rule.remember?.(after, event, done) ?? after, state)
}

/** Results: what calls brought is known now, unasked ones are counted, and at the end of a round the turn may end. */
function decideResults(before: State, event: ResultsEvent, policy: Policy, now: number): Outcome {
  const unasked = unaskedIn(before, event, now)
  const known = withRound(before, event, unasked, policy, now)
  const { state, endsRound, isProgress } = withResults(known, event, now)
  if (!endsRound) return { ...silent(state), verdict: (event.endsRound && haltIn(state)) || ALLOW }
  const after = haltIn(state) ? closeRound(state) : afterRound(state, event.agent.id, isProgress, policy, now)
  const { tally, ...outcome } = decideEnd(state, after, event, policy, now)
  return { ...outcome, tally: { ...tally, calls: unasked.length }, unasked: unasked.map(({ tool }) => tool) }
}

function closeRound({ session, agent: { round: _, ...agent } }: State): State {
  return { session, agent }
}

/**
 * The end of a round or of a turn, which the rules judge by the state `before` it; `after` is the one that follows. A
 * rule that blocks here ends the turn, unless turns are never to be ended.
 */
function decideEnd(
  before: State,
  after: State,
  event: ResultsEvent | TurnEndEvent,
  policy: Policy,
  now: number,
): Outcome {
  const block =
    haltIn(after) || policy.halt.afterDeniedRounds === 0
      ? undefined
      : firstBlock(judge(before, event, policy, now))
  const state = block ? trip(after, event.agent.id, figureOf(block), now) : after
  const verdict = haltIn(state) ?? ALLOW
  const halted = verdict.kind === 'halt' && !haltIn(before) ? 1 : 0
  return { ...silent(remember(state, event, { isAdmitted: false })), verdict, tally: { ...NOTHING, halted } }
}

/** A person's prompt resets the session and begins a new epoch; the windows stay as they are. */
function decidePrompt({ session, agent }: State, event: PromptEvent): Outcome {
  const { lasting } = session
  const heard = { ...session, lasting: { ...lasting, hears: { ...lasting.hears, prompts: true } } }
  if (!isPersonsPrompt(event, lasting)) {
    const state = remember({ session: heard, agent }, event, { isAdmitted: false })
    return { ...silent(state), verdict: haltIn({ session: heard, agent: freshAgent(0) }) ?? ALLOW }
  }
  const fresh = reset(heard)
  const state = { session: fresh, agent: currentAgent(agent, fresh.lasting.epoch) }
  return silent(remember(state, event, { isAdmitted: false }))
}

/** The verdict on a next call of the session at `now`, if it repeats none and is of a tool without limits of its own. */
export function outlook(session: SessionState, policy: Policy, now: number): Verdict {
  const state = { session: inMode(session, policy.mode), agent: freshAgent(session.lasting.epoch) }
  const findings = judge(state, callOf(''), policy, now)
  const warning = findings.find(({ verdict }) => verdict.kind === 'warn')?.verdict
  return haltIn(state) ?? firstBlock(findings) ?? warning ?? ALLOW
}
