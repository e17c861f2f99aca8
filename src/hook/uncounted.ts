/**
 * An event that could not be counted, because state.db cannot be used: its lock is held, or something stands in its way.
 * A tripped session or agent stays blocked all the same. A reader may often still look when nobody may write; where not
 * even that is possible, a copy made without any lock says what was true a moment ago.
 */

import { decide, type Outcome } from '../guard/decide.ts'
import { type Identity, keyOf } from '../guard/identity.ts'
import type { Policy } from '../guard/policy.ts'
import { freshState, type State } from '../guard/state.ts'
import { fingerprint } from '../hosts/fingerprint.ts'
import type { GuardedInput } from '../hosts/input.ts'
import type { Reply } from '../hosts/reply.ts'
import { onCopy, peek } from '../store/look.ts'
import type { Snapshot } from '../store/store.ts'
import { answerEvent } from './answer.ts'
import { answerFailure } from './failed.ts'
import { record } from './record.ts'
import type { Destination } from './sign.ts'

/** Nearly all the time that an answer has was spent on the wait for the lock. */
const LOCK_WAIT_MS = 50

interface About {
  readonly identity: Identity
  readonly policy: Policy
  readonly destination: Destination
}

/** `what` went wrong with state.db: a halt that stands is answered and signed as ever, all else is a failure of ours. */
export async function answerUncounted(
  input: GuardedInput,
  { identity, policy, destination }: About,
  what: string,
): Promise<Reply> {
  const { paths } = destination
  const halt = policy.mode === 'enforce' ? standingHalt(paths.stateDb, input, identity, policy) : undefined
  if (!halt) return answerFailure(paths, policy, what, input.name)
  const updated = { ...halt, unasked: [], sweepIsDue: false, noticeIsNew: false }
  const reply = await answerEvent(destination, input, identity, updated, undefined)
  await record(destination, { failure: what })
  return reply
}

/** What the guard says of the event where the session or the agent was halted before; a new halt is not saved, so it is not said. */
function standingHalt(
  stateDb: string,
  input: GuardedInput,
  identity: Identity,
  policy: Policy,
): Outcome | undefined {
  const state = lookAt(stateDb, keyOf(identity), input.agent.id)
  // No hashes: a halt stands whatever the call is.
  const outcome = decide(
    state,
    fingerprint(input, () => ''),
    policy,
    Date.now(),
  )
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
