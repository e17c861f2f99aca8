/** One run of the real client, with a deadline. */

import { type ChildProcess, spawn } from 'node:child_process'
import { codeOf } from '../../../src/system/failure.ts'
import type { Ended } from '../../support/processes.ts'
import { clientProgram } from './download.ts'

/** A run takes a second or two, one with many agents or clients of its own some more; one that takes this long hangs. */
const DEADLINE_MS = 120_000
/** What a client that hangs may take to end the hooks and tools that it has started. */
const GRACE_MS = 3000
/** Characters of what a client has said that a failure shows. */
const TAIL = 3000

export interface Surroundings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Runs the client with exactly these arguments and this environment; what it leaves in its process group ends with it. */
export function runClient(args: readonly string[], { cwd, env }: Surroundings): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(clientProgram(), args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const deadline = endInTime(child)
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.on('error', reject)
    child.on('exit', () => signalGroup(child, 'SIGKILL'))
    child.on('close', (exitCode, signal) => {
      const ended = { exitCode, signal, stdout, stderr }
      if (deadline.isOver()) reject(new Error(`the client took over ${DEADLINE_MS} ms${tailOf(ended)}`))
      else resolve(ended)
    })
  })
}

/** A client that hangs is asked to end what it has started, and killed if it does not. */
function endInTime(child: ChildProcess) {
  let isOver = false
  const asking = setTimeout(() => {
    isOver = true
    signalGroup(child, 'SIGTERM')
  }, DEADLINE_MS)
  const killing = setTimeout(() => signalGroup(child, 'SIGKILL'), DEADLINE_MS + GRACE_MS)
  child.on('close', () => {
    clearTimeout(asking)
    clearTimeout(killing)
  })
  return { isOver: () => isOver }
}

/** The end of a failure's message: what the client said last. */
export function tailOf({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): string {
  return `; it said last:\n${stdout.slice(-TAIL)}\n${stderr.slice(-TAIL)}`
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error // nobody is left in it
  }
}
