/** Our own failures: told to the person, logged, counted. */

import { existsSync } from 'node:fs'
import { describe } from '../failure.ts'
import { isOff, type Policy } from '../guard/policy.ts'
import { type Reply, SILENCE } from '../hosts/claude-code/reply.ts'
import { replyToFailure } from '../hosts/claude-code/wording.ts'
import { tryLog } from '../log.ts'
import type { Paths } from '../paths.ts'
import type { Patience } from '../pause.ts'
import { StateDb } from '../store/state-db.ts'

/**
 * The answer when we have failed at an event. A failure lets the call run and is shown to the person; with
 * `onError: "block"` a tool call is refused, and so is an event whose name could not even be read. `reply` is
 * what was decided in spite of the failure: a refusal stays, and a warning is still spoken.
 */
export function answerFailure(
  paths: Paths,
  policy: Policy,
  what: string,
  eventName = 'PreToolUse',
  reply = SILENCE,
): Reply {
  if (isOff(policy)) return SILENCE
  recordFailure(paths, what)
  if (reply.exitCode === 2) return reply
  return replyToFailure(
    what,
    eventName === 'PreToolUse' && policy.onError === 'block' && policy.mode === 'enforce',
    reply,
  )
}

/**
 * The failure is being told to the person anyway, so a log or database that cannot be written either, often
 * for the same reason, must not hide it; and their locks are not waited for.
 */
export function recordFailure(paths: Paths, what: string): void {
  if (!existsSync(paths.state)) return
  tryLog(paths.log, { event: 'error', message: what })
  try {
    if (existsSync(paths.stateDb)) countIn(paths.stateDb, 'errors', () => 0)
  } catch (error) {
    const message = describe(error)
    if (message !== what) tryLog(paths.log, { event: 'error', message: `not counted: ${message}` })
  }
}

export function countIn(file: string, what: 'errors' | 'unsigned', patience: Patience): void {
  const store = new StateDb(file, patience, Date.now)
  try {
    store.count(what)
  } finally {
    store.close()
  }
}
