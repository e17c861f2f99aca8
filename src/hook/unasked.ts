/** Calls that ran without our having been asked, in one line of the log. */

import type { LogEntry } from '../system/log.ts'
import type { callerOf } from './caller.ts'

/** More tools than this are named in no message. */
const MOST_NAMED = 5

/** `tools` has one for each call. */
export function unaskedEntry(tools: readonly string[], caller: ReturnType<typeof callerOf>): LogEntry {
  const calls = tools.length === 1 ? '1 call' : `${tools.length} calls`
  const message = `${calls} ran without the hook having been asked (${named(tools)}): it crashed, was killed, timed out or was not there`
  return { event: 'unasked', message, ...caller, count: tools.length }
}

/** "Bash 2, Read 1". */
function named(tools: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const tool of tools) counts.set(tool, (counts.get(tool) ?? 0) + 1)
  const most = [...counts].sort(([, a], [, b]) => b - a).map(([tool, count]) => `${tool} ${count}`)
  return [...most.slice(0, MOST_NAMED), ...(most.length > MOST_NAMED ? ['…'] : [])].join(', ')
}
