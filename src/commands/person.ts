/** What only a person may do, and signs for: not the agent that is guarded. */

import { type AuditEvent, append, type Signed } from '../audit/append.ts'
import { isAgentShell } from '../hosts/claude-code/agent-shell.ts'
import { readConfig } from '../settings/load.ts'
import { unsignedIn } from '../store/failures.ts'
import { patienceOf } from '../system/deadline.ts'
import { osUser } from '../system/environment.ts'
import { failure } from '../system/failure.ts'
import type { Context } from './context.ts'

const AUDIT_WAIT_MS = 15_000

/** Throws a Failure in a shell that the guarded agent has opened. */
export function refuseAgents({ env }: Context, command: string): void {
  if (!isAgentShell(env)) return
  throw failure(
    `${command} refuses to run in an agent's own shell`,
    'A person runs it in a terminal of their own',
  )
}

/** Who is at the keyboard: the user of the operating system, and whether this is a terminal. */
export function whoIsThere(): { readonly by: string; readonly tty: boolean } {
  return { by: osUser(), tty: Boolean(process.stdin.isTTY) }
}

/** How appends of people are made: they can wait longer than a tool call. */
export async function appendOptions({ paths }: Context) {
  const { policy } = await readConfig(paths.config)
  return {
    patience: patienceOf(AUDIT_WAIT_MS),
    clock: Date.now,
    segmentBytes: policy.audit.segmentBytes,
    readsAll: true,
    unsigned: () => unsignedIn(paths.stateDb),
  }
}

/** Signs what a person did. */
export async function signForPerson(context: Context, event: AuditEvent): Promise<Signed> {
  return append(context.paths, { ...event, ...whoIsThere() }, await appendOptions(context))
}
