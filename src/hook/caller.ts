/** Whose event it is, as the audit log and log.jsonl name it. A member that is undefined is left out there. */

import { MAIN_AGENT } from '../guard/event.ts'
import type { Identity } from '../guard/identity.ts'
import { clientPid, isClientAtTerminal } from '../hosts/claude-code/client.ts'
import type { GuardedInput, SettingsChangeInput } from '../hosts/input.ts'
import type { Environment } from '../system/paths.ts'

/** An event that is answered, or at least written down. */
export type HeardInput = GuardedInput | SettingsChangeInput

/** Whose event it is: the session with its tenant and user, and the agent unless that is the main one. */
export function callerOf({ agent }: HeardInput, identity: Identity) {
  return {
    session: identity.id,
    tenant: identity.tenant,
    user: identity.user || undefined,
    agent: agent.id === MAIN_AGENT ? undefined : agent.id,
  }
}

/** The tool that is called; of results, that of their last call. */
export function toolOf(input: HeardInput): string | undefined {
  if (input.type === 'call') return input.tool
  return input.type === 'results' ? input.calls.at(-1)?.tool : undefined
}

/** The client that tells of the event, and whether it is known to be at a terminal. */
export function clientOf(env: Environment) {
  return { tty: isClientAtTerminal(env), client_pid: clientPid(env) }
}
