/**
 * An event that could not be counted, because state.db cannot be used: its lock is held, or something stands in its way.
 * A tripped session or agent stays blocked all the same. A reader may often still look when nobody may write; where not
 * even that is possible, a copy made without any lock says what was true a moment ago.
 */

import { decide } from '../guard/decide.ts'
import { keyOf } from '../guard/identity.ts'
import type { Outcome } from '../guard/outcome.ts'
import { freshState, type State } from '../guard/state.ts'
import type { Answer } from '../hosts/answer.ts'
import { fingerprint } from '../hosts/fingerprint.ts'
import type { GuardedInput } from '../hosts/input.ts'
import { onCopy, peek } from '../store/look.ts'
import type { Snapshot } from '../store/store.ts'
import { answerEvent } from './answer.ts'
import type { Context } from './context.ts'
import { answerFailure } from './failed.ts'
import { record } from './record.ts'

/** Nearly all the time that an answer has was spent on the wait for the lock. */
const LOCK_WAIT_MS = 50

/** `what` went wrong with state.db: a halt that stands is answered and signed as ever, all else is a failure of ours. */
export async function answerUncounted(context: Context<GuardedInput>, what: string): Promise<Answer> {
  const halt = context.policy.mode === 'enforce' ? standingHalt(context) : undefined
  if (!halt) return answerFailure(context, what, context.input.type === 'call')
  const updated = { ...halt, unasked: [], complaints: [], sweepIsDue: false, noticeIsNew: false }
  const answer = await answerEvent(context, updated)
  await record(context, { failure: what })
  return answer
}

/** What the guard says of the event where the session or the agent was halted before; a new halt is not saved, so it is not said. */
function standingHalt({ paths, input, identity, policy }: Context<GuardedInput>): Outcome | undefined {
  const state = lookAt(paths.stateDb, keyOf(identity), input.agent.id)
  // No hashes: a halt stands whatever the call is.
  const event = fingerprint(input, () => '')
  const outcome = decide(state, event, policy, Date.now())
  return outcome.verdict.kind === 'halt' && outcome.tally.halted === 0 ? outcome : undefined
}

function lookAt(stateDb: string, key: string, agent: string): State {
  const look = (seen: Snapshot) => seen.state(key, agent)
  try {
    return peek(stateDb, look, LOCK_WAIT_MS)
  } catch {
    // Said already: it is why the event could not be counted.
  }
  try {
    return onCopy(stateDb, look)
  } catch {
    return freshState(Date.now())
  }
}
