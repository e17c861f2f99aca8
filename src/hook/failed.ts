/** Our own failures: told to the person, logged, counted. */

import { isOff } from '../guard/policy.ts'
import { type Answer, NOTHING } from '../hosts/answer.ts'
import { codeOf, describe } from '../system/failure.ts'
import type { Paths } from '../system/paths.ts'
import type { Context } from './context.ts'
import { recordFailure } from './count.ts'
import { record } from './record.ts'

/**
 * The answer when we have failed at an event. A failure lets the call run and is shown to the person; with
 * `onError: "block"` a tool call is blocked, and so is an event that could not even be read. `answer` is what was
 * decided in spite of the failure: a block stays, and a warning is still spoken.
 */
export async function answerFailure(
  context: Pick<Context, 'host' | 'paths' | 'policy'>,
  what: string,
  isCall: boolean,
  answer = NOTHING,
): Promise<Answer> {
  const { paths, policy } = context
  if (isOff(policy)) return NOTHING
  const blocks = isCall && policy.onError === 'block' && policy.mode === 'enforce'
  const told = isBlock(answer) ? answer : { ...answer, failure: { what, blocks } }
  if (isBlock(told)) await record(context, { failure: what })
  else recordFailure(paths, what)
  return told
}

/** An answer that could not be written. The exit code has said what was decided, so this is for the log alone. */
export function recordUnsaid(paths: Paths, error: unknown): void {
  if (codeOf(error) === 'EPIPE') return // who was to read it has gone
  recordFailure(paths, `the answer could not be written: ${describe(error)}`)
}

function isBlock({ statement, failure }: Answer): boolean {
  if (failure?.blocks) return true
  if (!statement || statement.about === 'turn') return false
  return statement.about !== 'call' || statement.verdict.kind !== 'warn'
}
