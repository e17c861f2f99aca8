/** What is written down for people besides the signed line: log.jsonl, and the count of our own failures. */

import { existsSync } from 'node:fs'
import { describe } from './failure.ts'
import { appendLog, type LogEntry } from './log.ts'
import type { Paths } from './paths.ts'
import { StateDb } from './store/state-db.ts'

/** Writes a log line; returns why it could not, so that the answer can say so. */
export function tryLog(paths: Paths, entry: LogEntry): string | undefined {
  try {
    appendLog(paths.log, Date.now(), entry)
    return undefined
  } catch (error) {
    return `log.jsonl cannot be written (${describe(error)})`
  }
}

/** Logs what the person is told once in a session; returns it, with what went wrong on the way. */
export function recordNotice(paths: Paths, notice: string): string {
  const problem = tryLog(paths, { event: 'notice', message: notice })
  return problem ? `${notice}; ${problem}` : notice
}

/**
 * Logs and counts a failure of ours. It is being told to the person anyway, so a log or database that cannot
 * be written either, often for the same reason, must not hide it; and it is not waited for.
 */
export function recordFailure(paths: Paths, what: string): void {
  if (!existsSync(paths.state)) return
  tryLog(paths, { event: 'error', message: what })
  try {
    if (existsSync(paths.stateDb)) countError(paths.stateDb)
  } catch (error) {
    tryLog(paths, { event: 'error', message: `the error before is not counted (${describe(error)})` })
  }
}

function countError(file: string): void {
  const store = new StateDb(file, 0, Date.now)
  try {
    store.countError()
  } finally {
    store.close()
  }
}
