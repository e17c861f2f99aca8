/** What a turn goes on with, and where it may end: results, rounds, the end of a turn, an agent's start, a prompt. */

import { answerIn, isAsked, withQuestion } from './ask.ts'
import { afterRound, haltIn, reset, trip } from './breaker.ts'
import type { AgentStartEvent, PromptEvent, ResultsEvent, TurnEndEvent } from './event.ts'
import { firstBlock, firstHalt, judge } from './judge.ts'
import { NOTHING, type Outcome, remember, silent } from './outcome.ts'
import type { Policy } from './policy.ts'
import { prompterOf } from './prompter.ts'
import { withResults } from './rounds.ts'
import { currentAgent, freshAgent, type State } from './state.ts'
import { unaskedIn, withRound } from './unasked.ts'
import { ALLOW, type Block, figureOf, type Halt, type Verdict } from './verdict.ts'

/** Results: a person's answer is known now, what calls brought, and which of them nobody had asked about. */
export function decideResults(before: State, event: ResultsEvent, policy: Policy, now: number): Outcome {
  const { session, isYes, no } = answerIn(before.session, event)
  const told = { ...before, session }
  const outcome = no
    ? decideRound(trip(told, event.agent.id, no, now), event, policy, now)
    : decideRound(told, event, policy, now)
  if (no) return { ...outcome, verdict: haltIn(outcome) ?? ALLOW, tally: { ...outcome.tally, halted: 1 } }
  return isYes ? { ...outcome, reset: { how: 'answer', wasStopped: true } } : outcome
}

/** At the end of a round unasked calls are counted, and the turn may end. */
function decideRound(before: State, event: ResultsEvent, policy: Policy, now: number): Outcome {
  const unasked = unaskedIn(before, event, now)
  const known = withRound(before, event, unasked, policy, now)
  const { state, endsRound, isProgress } = withResults(known, event, now)
  if (!event.endsRound) return silent(state)
  // A round that is told of again was judged, but for what has been used up since.
  if (!endsRound)
    return decideEnd(state, event, policy, now, { after: state, bringsNews: false, isAgain: true })
  const after = haltIn(state) ? closeRound(state) : afterRound(state, event.agent.id, isProgress, policy, now)
  const { tally, ...outcome } = decideEnd(state, event, policy, now, { after, bringsNews: isProgress })
  return { ...outcome, tally: { ...tally, calls: unasked.length }, unasked: unasked.map(({ tool }) => tool) }
}

function closeRound({ session, agent: { round: _, ...agent } }: State): State {
  return { session, agent }
}

/** An event at which a turn may end. */
type End = ResultsEvent | TurnEndEvent | AgentStartEvent | PromptEvent

/** What the end of a round has changed already. */
interface Ended {
  readonly after: State
  readonly bringsNews: boolean
  /** It has ended before. */
  readonly isAgain?: true
}

/**
 * The rules judge the event by the state `before` it; `after` is the one that follows. A rule that halts ends the turn, or
 * has a person asked; so does one that blocks, unless rounds are never to end it.
 */
export function decideEnd(before: State, event: End, policy: Policy, now: number, ended?: Ended): Outcome {
  const after = ended?.after ?? before
  const findings = haltIn(after) ? [] : judge(before, event, policy, now)
  const halt = firstHalt(findings)
  const isQuestion = halt && isAsked(before.session, halt, event, policy, now)
  const block = policy.halt.afterDeniedRounds === 0 || ended?.isAgain ? undefined : firstBlock(findings)
  const end = (isQuestion ? undefined : halt) ?? block
  const tripped = end ? trip(after, event.agent.id, figureOf(end), now) : after
  const asking = isQuestion
    ? { ...tripped, session: withQuestion(tripped.session, halt, event, now) }
    : tripped
  const state = remember(asking, event, { isAdmitted: false, bringsNews: ended?.bringsNews ?? false, now })
  const verdict = withReset(haltIn(state), end)
  const halted = verdict.kind === 'halt' && !haltIn(before) ? 1 : 0
  return { ...silent(state), verdict, tally: { ...NOTHING, halted } }
}

/** What halts now, with what is known only now: when the count begins anew. */
function withReset(halt: Halt | undefined, end: Halt | Block | undefined): Verdict {
  if (!halt || end?.resetsInMs === undefined) return halt ?? ALLOW
  return { ...halt, resetsInMs: end.resetsInMs }
}

/** A person's prompt resets the session and begins a new epoch; the windows stay as they are. */
export function decidePrompt(
  { session, agent }: State,
  event: PromptEvent,
  policy: Policy,
  now: number,
): Outcome {
  const { lasting } = session
  const heard = { ...session, lasting: { ...lasting, hears: { ...lasting.hears, prompts: true } } }
  const prompter = prompterOf(event, lasting)
  if (prompter !== 'person') {
    const outcome = decideEnd({ session: heard, agent }, event, policy, now)
    // An agent that is halted alone is blocked at its calls, and not at what others give it to do.
    const session = { session: outcome.session, agent: freshAgent(lasting.epoch) }
    return { ...outcome, verdict: haltIn(session) ?? ALLOW, prompter }
  }
  const fresh = reset(heard)
  const state = { session: fresh, agent: currentAgent(agent, fresh.lasting.epoch) }
  return silent(remember(state, event, { isAdmitted: false, now }))
}
