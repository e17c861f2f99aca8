/** A call: what it is answered, and what it changes. */

import { isAsked, withQuestion } from './ask.ts'
import { afterBlock, countedByTrip, haltIn, trip } from './breaker.ts'
import { answerGiven, withAnswer } from './duplicates.ts'
import type { CallEvent } from './event.ts'
import { withPast } from './history.ts'
import { firstBlock, firstHalt, judge } from './judge.ts'
import { NOTHING, type Outcome, remember, silent } from './outcome.ts'
import type { Policy } from './policy.ts'
import { withScheduled } from './prompter.ts'
import { inRound } from './rounds.ts'
import { counted } from './rules/limits.ts'
import type { State } from './state.ts'
import { withAsked } from './unasked.ts'
import { ALLOW, type Block, type Finding, figureOf, type Halt } from './verdict.ts'
import { withCall } from './window.ts'

/** A call: was it answered before? Is the breaker tripped? What do the rules say? Then remember the answer. */
export function decideCall(state: State, call: CallEvent, policy: Policy, now: number): Outcome {
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
  const halt = firstHalt(findings)
  const isQuestion = halt && isAsked(state.session, halt, call, policy, now)
  if (halt && !isQuestion) return blockByHalt(state, call, halt, now)
  const block = firstBlock(findings)
  if (block) return blockByRule(state, call, block, policy, now)
  const admitted = admit(state, call, findings, now)
  if (!isQuestion) return admitted
  const session = withQuestion(admitted.session, halt, call, now)
  return { ...admitted, session, verdict: { kind: 'ask', ...figureOf(halt) } }
}

/** The breaker trips with this call. */
function blockByHalt(state: State, call: CallEvent, halt: Halt, now: number): Outcome {
  const tripped = trip(state, call.agent.id, figureOf(halt), now)
  const outcome = blockByTrip(remember(tripped, call, { isAdmitted: false, now }), halt)
  return { ...outcome, tally: { ...outcome.tally, halted: 1 } }
}

function blockByRule(state: State, call: CallEvent, block: Block, policy: Policy, now: number): Outcome {
  const { verdict, ...after } = afterBlock(state, block, call.agent.id, policy, now)
  const halted = verdict.kind === 'halt' ? 1 : 0
  const noticed = remember(after, call, { isAdmitted: false, now })
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
  const scheduled = withScheduled(state.session, call)
  const after = {
    session: findings.reduce((session, each) => counted(session, each, each === spoken, now), scheduled),
    agent: { ...state.agent, history: withPast(state.agent.history, past), blocks: 0 },
  }
  const done = { isAdmitted: true, now, ...(spoken ? { spoken } : {}) }
  return {
    ...silent(remember(after, call, done)),
    verdict: spoken?.verdict ?? ALLOW,
    tally: { ...NOTHING, calls: 1, warned: warnings.length > 0 ? 1 : 0 },
  }
}
