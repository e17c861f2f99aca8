/**
 * GitHub Copilot CLI, which runs the hooks of a project's `.claude/settings.json` as if they were its own. Source:
 * Copilot CLI 1.0.102 as observed, and its hooks reference.
 */

import type { Host } from '../host.ts'
import { isCopilots, parseCopilotInput } from './event.ts'
import { copilotReply } from './reply.ts'

export const COPILOT: Host = { wrote: isCopilots, parse: parseCopilotInput, reply: copilotReply }
