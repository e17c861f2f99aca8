import type { Host } from '../host.ts'
import { parseHookInput } from './event.ts'

/** What no other client has written is taken for Claude Code's. */
export const CLAUDE_CODE: Host = { wrote: () => true, parse: parseHookInput, reply: (answer) => answer }
