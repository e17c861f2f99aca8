/** The clients that we know, told from each other by what they write on stdin. */

import { CLAUDE_CODE } from './claude-code/claude-code.ts'
import type { Host } from './host.ts'

/** Whoever has written nothing that tells, or nothing at all. */
export const USUAL: Host = CLAUDE_CODE

/** The client that wrote this text; Claude Code unless it is unmistakably another. */
export async function hostOf(text: string): Promise<Host> {
  // Claude Code has no such member, so that its calls load nothing more.
  if (!text.includes('"timestamp"')) return CLAUDE_CODE
  const { COPILOT } = await import('./copilot/copilot.ts')
  return COPILOT.wrote(text) ? COPILOT : CLAUDE_CODE
}
