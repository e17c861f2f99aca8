/**
 * What an event does to a session and an agent of it, and what it is answered. Pure: time is an argument, nothing
 * outside is touched. The hook, replay, explain and the tests all call this one function; nothing else decides.
 */

import { haltIn, reset } from './breaker.ts'
import { decideCall } from './calls.ts'
import type { GuardEvent } from './event.ts'
import { callOf, firstBlock, firstHalt, judge } from './judge.ts'
import { type Outcome, remember, silent } from './outcome.ts'
import type { Policy } from './policy.ts'
import { withSchedules, withStarter } from './prompter.ts'
import { resetBy } from './reset.ts'
import { currentAgent, freshAgent, freshSession, type Mode, type SessionState, type State } from './state.ts'
import { decideEnd, decidePrompt, decideResults } from './turns.ts'
import { begun } from './unasked.ts'
import { ALLOW, type Ruling } from './verdict.ts'
import { aged } from './window.ts'

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
    case 'prompt':
      return decidePrompt(state, event, policy, now)
    case 'turn_end':
      return decideEnd({ ...state, session: withSchedules(state.session, event) }, event, policy, now)
    case 'agent_start':
      return decideEnd(state, event, policy, now)
    case 'session_start':
      return silent(remember(state, event, { isAdmitted: false, now }))
    case 'session_end': {
      const { session, agent } = remember(state, event, { isAdmitted: false, now })
      return silent({ session: freshSession(now, session.lasting), agent })
    }
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

/** The verdict on a next call of the session at `now`, if it repeats none and is of a tool without limits of its own. */
export function outlook(session: SessionState, policy: Policy, now: number): Ruling {
  const state = { session: inMode(session, policy.mode), agent: freshAgent(session.lasting.epoch) }
  const findings = judge(state, callOf(''), policy, now)
  const warning = findings.find(({ verdict }) => verdict.kind === 'warn')?.verdict
  return haltIn(state) ?? firstHalt(findings) ?? firstBlock(findings) ?? warning ?? ALLOW
}
