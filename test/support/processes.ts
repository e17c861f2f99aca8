/** Real processes on real files: the built hook and the built command line. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const HOOK = join(ROOT, 'bin/spikectl-hook.js')
export const CLI = join(ROOT, 'bin/spikectl.js')

/** This Node, claiming to be one that cannot load the SQLite binary. */
export const OLD_NODE = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2',napi:'9'}})`,
]

export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly home: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string | Buffer
  /** Kills the process, and those that it has started, so many ms after its start. */
  readonly killAfterMs?: number
  /** Is given the process when it has been started. */
  readonly onStart?: (child: ChildProcess) => void
  /** Another user of the operating system; only root can do that. */
  readonly uid?: number
}

/** A folder that is gone after the test. With settings, they are in its config.json. */
export function temporaryHome(t: TestContext, settings?: object): string {
  const home = mkdtempSync(join(tmpdir(), 'spikectl-test-'))
  // A process that has outlived its hook may still be at work in it.
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 100, retryDelay: 100 }))
  if (settings) writeFileSync(join(home, 'config.json'), JSON.stringify(settings))
  return home
}

export function runHook(options: Options): Promise<Ended> {
  return run([HOOK], options)
}

export function runCli(args: readonly string[], options: Options): Promise<Ended> {
  return run([CLI, ...args], options)
}

/** As wide a screen as needed for each sentence to stand on one line. */
const COLUMNS = '1000'

/** Runs Node with `args`, in an environment without what the surroundings of the tests may have set. */
export function run(args: readonly string[], options: Options, program = process.execPath): Promise<Ended> {
  const { home, cwd, input = '', killAfterMs, uid } = options
  const env = { PATH: process.env.PATH ?? '', COLUMNS, HOME: home, SPIKECTL_HOME: home, ...options.env }
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      cwd: cwd ?? home,
      ...(uid === undefined ? {} : { uid, gid: uid }),
      detached: killAfterMs !== undefined,
    })
    const killer = killAfterMs === undefined ? undefined : setTimeout(() => killGroup(child), killAfterMs)
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.stdin.on('error', () => undefined) // it may end, or be killed, before it has read everything
    child.on('error', reject)
    options.onStart?.(child)
    child.on('close', (exitCode, signal) => {
      clearTimeout(killer)
      resolve({ exitCode, signal, stdout, stderr })
    })
    child.stdin.end(input)
  })
}

/** As the client does: a hook and the process that signs for it are in one group. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
}

let ids = 0

/** A PreToolUse event; every call is its own unless told otherwise. */
export function event(members: object = {}): string {
  ids += 1
  return `${JSON.stringify({
    session_id: 's1',
    cwd: '/',
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command: `ls ${ids}` },
    tool_use_id: `toolu_${process.pid}_${ids}`,
    ...members,
  })}\n`
}

/** Runs `jobs` with at most `atOnce` at a time; the results in order. */
export async function inParallel<T>(jobs: readonly (() => Promise<T>)[], atOnce: number): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < jobs.length; index = next++) {
      const job = jobs[index]
      if (job) results[index] = await job()
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, worker))
  return results
}

/** Runs the hook on each event, one after the other. */
export async function hookEach(events: readonly string[], options: Options): Promise<Ended[]> {
  return inParallel(
    events.map((input) => () => runHook({ ...options, input })),
    1,
  )
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

export const LOW = { rate: { warnPerMin: 5, blockPerMin: 10 } }

/** Blocks each call, whatever time has passed since another: on a slow machine a minute is soon over. */
export const BLOCKING = { rate: { blockPerMin: 1 } }

/** A home in which three calls of one session were blocked. */
export async function blockedHome(t: TestContext): Promise<string> {
  const home = temporaryHome(t, BLOCKING)
  await hookEach(
    times(3, () => event({ cwd: '/home/dev/app' })),
    { home },
  )
  return home
}
