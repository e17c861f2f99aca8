/**
 * Calls that ask whether something is done yet: asking again is their purpose, so that it is no loop by itself.
 * Source: the tools of client 2.1.330, and what models use in their place.
 */

import { membersOf } from '../../guard/members.ts'

const POLLING_TOOLS = new Set(['BashOutput', 'TaskOutput', 'AgentOutput', 'TaskList', 'TaskGet', 'Monitor'])

/** Where the client keeps what a background task has printed so far. */
const TASK_OUTPUT = /\btasks\/[^\s/]+\.output\b/

/** True for a tool whose purpose is to wait, so that it does not have to be told how. */
export function isWait(tool: string): boolean {
  return POLLING_TOOLS.has(tool) || /^(mcp__.+__)?wait/i.test(tool)
}

export function isPoll(tool: string, input: unknown): boolean {
  if (isWait(tool)) return true
  const text = textIn(input, tool === 'Bash' ? 'command' : 'file_path')
  if (tool === 'Bash') return /(^|[\s;&|(])sleep\s+[\d.]/.test(text) || TASK_OUTPUT.test(text)
  return tool === 'Read' && TASK_OUTPUT.test(text)
}

function textIn(input: unknown, key: string): string {
  const value = membersOf(input)[key]
  return typeof value === 'string' ? value : ''
}
