/**
 * An event that could not be counted, because state.db cannot be used: its lock is held, or something stands in its way.
 * A tripped session or agent stays blocked all the same, and so does one that counts in a tripped session. A reader may
 * often still look when nobody may write; where not even that is possible, a copy made without any lock says what was true
 * a moment ago.
 */

import { decide } from '../guard/decide.ts'
import { keyOf } from '../guard/identity.ts'
import { nestedEvent } from '../guard/nested.ts'
import type { Outcome } from '../guard/outcome.ts'
import type { State } from '../guard/state.ts'
import type { Answer } from '../hosts/answer.ts'
import { fingerprint } from '../hosts/fingerprint.ts'
import type { GuardedInput } from '../hosts/input.ts'
import { onCopy, peek } from '../store/look.ts'
import { nothing } from '../store/snapshot.ts'
import type { Snapshot } from '../store/store.ts'
import { answerEvent } from './answer.ts'
import type { Context } from './context.ts'
import { answerFailure } from './failed.ts'
import { atRoot } from './nested.ts'
import { record } from './record.ts'
import { parentIn, starterFor } from './starter.ts'

/** Nearly all the time that an answer has was spent on the wait for the lock. */
const LOCK_WAIT_MS = 50

/** `what` went wrong with state.db: a halt that stands is answered and signed as ever, all else is a failure of ours. */
export async function answerUncounted(context: Context<GuardedInput>, what: string): Promise<Answer> {
  const [standing] = asHeard(context).flatMap(standingHalt)
  if (!standing) return answerFailure(context, what, context.input.type === 'call')
  const { outcome } = standing
  const updated = { ...outcome, unasked: [], complaints: [], sweepIsDue: false, noticeIsNew: false }
  const answer = await answerEvent(standing.context, updated)
  await record(context, { failure: what })
  return answer
}

/** An event as one session hears it, and what is remembered there. */
interface Heard {
  readonly context: Context<GuardedInput>
  readonly state: State
}

/** In its own session, and in the outermost one where an agent has started the client: nobody may have noted that yet. */
function asHeard(context: Context<GuardedInput>): readonly Heard[] {
  const starter = starterFor(context)(true)
  return lookAt(context.paths.stateDb, (seen) => {
    const root = seen.root(context.identity, parentIn(starter))
    const hearing = root === undefined ? [context] : [context, atRoot(context, root)]
    return hearing.map((each) => ({
      context: each,
      state: seen.state(keyOf(each.identity), each.input.agent.id),
    }))
  })
}

/** What the guard says of the event where the session or the agent was halted before; a new halt is not saved, so it is not said. */
function standingHalt({ context, state }: Heard): readonly { context: Heard['context']; outcome: Outcome }[] {
  const { input, policy, isNested } = context
  if (policy.mode !== 'enforce') return []
  // No hashes: a halt stands whatever the call is.
  const event = fingerprint(input, () => '')
  const outcome = decide(state, isNested ? nestedEvent(event) : event, policy, Date.now())
  const isStanding = outcome.verdict.kind === 'halt' && outcome.tally.halted === 0
  return isStanding ? [{ context, outcome }] : []
}

/** Where even a copy cannot be read, nothing is known. */
function lookAt<T>(stateDb: string, look: (seen: Snapshot) => T): T {
  try {
    return peek(stateDb, look, LOCK_WAIT_MS)
  } catch {
    // Said already: it is why the event could not be counted.
  }
  try {
    return onCopy(stateDb, look)
  } catch {
    return look(nothing(Date.now()))
  }
}
