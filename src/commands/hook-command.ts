/** How Claude Code starts our hook from its settings: what `install` writes and `doctor` tries. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HookCommand } from '../hosts/claude-code/settings/edit.ts'
import type { Environment } from '../system/paths.ts'

/** Where this copy of spikectl is. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const HOOK = join(ROOT, 'bin', 'spikectl-hook.js')

/** Shared with others through the project's repository: who has no spikectl is not disturbed. */
const PROJECT_COMMAND = 'command -v spikectl-hook >/dev/null 2>&1 || exit 0; exec spikectl-hook'

/** Longer than the client waits. */
const DEADLINE_MS = 15_000

export function hookCommand(env: Environment, scope: string, failClosed: boolean): HookCommand {
  if (scope === 'project') return { command: PROJECT_COMMAND, failClosed }
  return { command: stableNode(env), args: [HOOK], failClosed }
}

/** What it takes to start it. */
export type Runnable = Pick<HookCommand, 'command' | 'args'>

/** How a run of the hook has ended. */
export interface HookRun {
  /** Null when it was not started, or killed. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** Why it was not started, or not waited for. */
  readonly problem: string | undefined
}

/** Runs the command on one event as the client would, with `home` for all that it keeps. */
export function runHook({ command, args }: Runnable, event: object, home: string, env: Environment): HookRun {
  const [program, words] = args ? [command, [...args]] : ['/bin/sh', ['-c', command]]
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    input: `${JSON.stringify(event)}\n`,
    env: { ...env, SPIKECTL_HOME: home, CLAUDE_PROJECT_DIR: home },
    cwd: home,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  })
  // One that has ended may not have read its input: that is no problem.
  const problem = status === null ? error?.message : undefined
  return { exitCode: status, stdout: stdout ?? '', stderr: stderr ?? '', problem }
}

/** A home that is gone afterwards, with these settings. */
export function inThrowAwayHome<T>(settings: object, use: (home: string) => T): T {
  const home = mkdtempSync(join(tmpdir(), 'spikectl-trial-'))
  try {
    writeFileSync(join(home, 'config.json'), JSON.stringify(settings))
    return use(home)
  } finally {
    rmSync(home, { recursive: true })
  }
}

/** A call by an agent of `session`; each is another one. */
export function exampleCall(session: string, number: number): object {
  return bashCall(session, `toolu_${number}`, `ls ${number}`)
}

/** A call as the client tells of it before it runs. */
export function bashCall(session: string, id: string, command: string) {
  return {
    session_id: session,
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command },
    tool_use_id: id,
  }
}

/** The path of this Node as the shell finds it, which outlives its updates; else where it really is. */
function stableNode({ PATH = '' }: Environment): string {
  const real = realpathSync(process.execPath)
  const found = PATH.split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((file) => folderIsStable(file) && existsSync(file) && realpathSync(file) === real)
  return found ?? process.execPath
}

function folderIsStable(file: string): boolean {
  return file.startsWith(sep) && !file.includes(`${sep}node_modules${sep}`)
}
