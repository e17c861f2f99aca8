import type { Environment } from '../../system/paths.ts'

/**
 * True in a shell that the guarded agent itself has started (Claude Code's Bash tool), where it must not be
 * able to reset its own breaker. Source: client 2.1.330 as observed: AI_AGENT ends in "_agent" there and in
 * "_harness" in a hook; older clients set CLAUDECODE=1 alone.
 */
export function isAgentShell(env: Environment): boolean {
  return isNamedAgent(env) || (!env.AI_AGENT && env.CLAUDECODE === '1')
}

/** The same where a hook runs, in which older clients set CLAUDECODE=1 too. */
export function isNamedAgent(env: Environment): boolean {
  return Boolean(env.AI_AGENT?.endsWith('_agent'))
}
