/** Whose event it is, as the audit log and log.jsonl name it. A member that is undefined is left out there. */

import { MAIN_AGENT } from '../guard/event.ts'
import type { Context } from './context.ts'

/** The session with its tenant and user, and the agent unless that is the main one. */
export function callerOf({ identity, input }: Context) {
  return {
    session: identity.id,
    tenant: identity.tenant,
    user: identity.user || undefined,
    agent: input.agent.id === MAIN_AGENT ? undefined : input.agent.id,
  }
}

/** The tool that is called; of results, that of their last call. */
export function toolOf({ input }: Context): string | undefined {
  if (input.type === 'call') return input.tool
  return input.type === 'results' ? input.calls.at(-1)?.tool : undefined
}

/** The client that tells of the event, and whether it is known to be at a terminal. */
export function clientOf({ host, env }: Context) {
  const { pid, isAtTerminal } = host.client(env)
  return { tty: isAtTerminal, client_pid: pid }
}
