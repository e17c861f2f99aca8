/** What went wrong, in the log and in the counters. */

import { existsSync } from 'node:fs'
import { countFailure } from '../store/failures.ts'
import type { Patience } from '../system/deadline.ts'
import { describe } from '../system/failure.ts'
import { tryLog } from '../system/log.ts'
import type { Paths } from '../system/paths.ts'

/**
 * A failure that the person is told of anyway, so a log or database that cannot be written either, often for the same
 * reason, must not hide it; and their locks are not waited for.
 */
export function recordFailure(paths: Paths, what: string): void {
  if (!existsSync(paths.state)) return
  tryLog(paths.log, { event: 'error', message: what })
  try {
    if (existsSync(paths.stateDb)) countFailure(paths.stateDb, 'errors', () => 0)
  } catch (error) {
    const message = describe(error)
    if (message !== what) tryLog(paths.log, { event: 'error', message: `not counted: ${message}` })
  }
}

/** Counts a block whose line is in no log. Returns what to add to the log when that fails too. */
export function countUnsigned({ stateDb }: Paths, patience: Patience): string {
  try {
    countFailure(stateDb, 'unsigned', patience)
    return ''
  } catch (error) {
    return `; and not counted: ${describe(error)}`
  }
}
