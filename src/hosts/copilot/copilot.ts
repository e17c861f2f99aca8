/**
 * GitHub Copilot CLI, which runs the hooks of a project's `.claude/settings.json` as if they were its own: so it has
 * Claude Code's settings, and what it writes and reads is translated into and from Claude Code's. Source: Copilot CLI
 * 1.0.102 as observed, and its hooks reference.
 */

import { CLAUDE_CODE } from '../claude-code/claude-code.ts'
import type { Host } from '../host.ts'
import { isCopilots, parseCopilotInput } from './event.ts'
import { copilotReply } from './reply.ts'

export const COPILOT: Host = {
  ...CLAUDE_CODE,
  wrote: isCopilots,
  parse: parseCopilotInput,
  reply: async (answer) => copilotReply(await CLAUDE_CODE.reply(answer)),
}
