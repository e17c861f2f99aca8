/** Our own failures: told to the person, logged, counted. */

import { isOff, type Policy } from '../guard/policy.ts'
import { replyToFailure } from '../hosts/claude-code/wording.ts'
import { type Reply, SILENCE } from '../hosts/reply.ts'
import type { Paths } from '../system/paths.ts'
import { recordFailure } from './count.ts'
import { record } from './record.ts'

/**
 * The answer when we have failed at an event. A failure lets the call run and is shown to the person; with
 * `onError: "block"` a tool call is blocked, and so is an event whose name could not even be read. `reply` is
 * what was decided in spite of the failure: a block stays, and a warning is still spoken.
 */
export async function answerFailure(
  paths: Paths,
  policy: Policy,
  what: string,
  eventName = 'PreToolUse',
  reply = SILENCE,
): Promise<Reply> {
  if (isOff(policy)) return SILENCE
  const blocks = eventName === 'PreToolUse' && policy.onError === 'block' && policy.mode === 'enforce'
  if (!blocks && reply.exitCode !== 2) {
    recordFailure(paths, what)
    return replyToFailure(what, false, reply)
  }
  await record({ paths, segmentBytes: policy.audit.segmentBytes }, { failure: what })
  return reply.exitCode === 2 ? reply : replyToFailure(what, true, reply)
}
