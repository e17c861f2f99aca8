/** A session that was halted, and clients that real processes stand for. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { event, hookEach, runCli, temporaryHome } from './processes.ts'

const HALTING = { rate: { warnPerMin: 0, blockPerMin: 2 }, halt: { afterDeniedRounds: 1 } }

/** A home whose session s1 is halted: one call ran, the second was blocked, and its round ended the turn. */
export async function haltedHome(t: TestContext, members: object = {}): Promise<string> {
  const home = temporaryHome(t, HALTING)
  const second = { tool_name: 'Bash', tool_input: {}, tool_use_id: 'second' }
  const batch = { hook_event_name: 'PostToolBatch', tool_calls: [{ ...second, tool_response: 'blocked' }] }
  await hookEach([event(members), event({ ...second, ...members }), event({ ...batch, ...members })], {
    home,
  })
  return home
}

export function prompt(members: object = {}): string {
  return event({ hook_event_name: 'UserPromptSubmit', prompt: 'go on', ...members })
}

/** The members of the lines of the audit log that are of one kind. */
export async function signed(home: string, name: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await runCli(['audit', 'show', '--json'], { home })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((line) => line.event === name)
}

export const HAS_PROC = existsSync('/proc/self/environ')

/** A process that stands for a client that was started in this environment; what its hooks are told of it. */
export function client(t: TestContext, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)'], {
    env,
    stdio: 'ignore',
  })
  t.after(() => child.kill('SIGKILL'))
  return { CLAUDE_PID: String(child.pid), CLAUDECODE: '1', AI_AGENT: 'claude-code_2-1-330_harness' }
}
