/**
 * The client that runs the hook: the process that `CLAUDE_PID` in the hook's own environment names, and no other ancestor
 * of the hook. It can be looked at where there is /proc; elsewhere nothing is known of it. Source: client 2.1.330 as
 * observed.
 */

import { readFileSync, readlinkSync } from 'node:fs'
import type { Environment } from '../../system/paths.ts'
import type { Client, Starter } from '../host.ts'
import { isAgentShell } from './agent-shell.ts'

export function clientOf(env: Environment): Client {
  const pid = pidIn(env)
  return { pid, isAtTerminal: pid !== undefined && isAtTerminal(pid) }
}

function pidIn({ CLAUDE_PID = '' }: Environment): number | undefined {
  return /^[1-9]\d{0,9}$/.test(CLAUDE_PID) ? Number(CLAUDE_PID) : undefined
}

/** Undefined when that cannot be known. */
export function starterOf(env: Environment): Starter | undefined {
  const pid = pidIn(env)
  if (pid === undefined) return undefined
  try {
    const environ = readFileSync(`/proc/${pid}/environ`, 'latin1')
    return environ === '' ? undefined : starterIn(variablesIn(environ))
  } catch {
    return undefined // no /proc, no such process, or one of another user: all of them tell nothing
  }
}

function starterIn(variables: Environment): Starter {
  const isAgent = isAgentShell(variables)
  return { isAgent, session: (isAgent && variables.CLAUDE_CODE_SESSION_ID) || undefined }
}

function isAtTerminal(pid: number): boolean {
  try {
    return /^\/dev\/(pts\/\d|tty|console)/.test(readlinkSync(`/proc/${pid}/fd/0`))
  } catch {
    return false // as above
  }
}

/** The variables that tell an agent's shell and its session, of an environment as the kernel shows it: a NUL after each. */
function variablesIn(environ: string): Environment {
  const wanted = environ
    .split('\0')
    .filter((each) => /^(AI_AGENT|CLAUDECODE|CLAUDE_CODE_SESSION_ID)=/.test(each))
  return Object.fromEntries(wanted.map((each) => each.split('=', 2)))
}
