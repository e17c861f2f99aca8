import type { Environment } from '../../paths.ts'

/**
 * True in a shell that the guarded agent itself has opened (Claude Code's Bash tool), where it must not be
 * able to open its own latch. Source: client 2.1.330 as observed: AI_AGENT ends in "_agent" there and in
 * "_harness" in a hook; older clients set CLAUDECODE=1 alone.
 */
export function isAgentShell(env: Environment): boolean {
  if (env.AI_AGENT) return env.AI_AGENT.endsWith('_agent')
  return env.CLAUDECODE === '1'
}
