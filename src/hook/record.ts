/**
 * Writes down what was blocked, in a process of its own. Once a call is counted as blocked it must be answered as one,
 * whatever hangs or dies on the way to the signed line: SQLite and the disk are waited for in calls that nothing in the
 * same process can interrupt. Where there is no time for another process, better signed by this one than not at all. See
 * docs/decisions/0014.
 */

import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { type Members, objectIn } from '../guard/members.ts'
import { monotonic, sinceStart } from '../system/deadline.ts'
import { describe } from '../system/failure.ts'
import type { Context } from './context.ts'
import { ANSWERED_MS, SIGNED_MS, TOO_LATE_TO_START_MS } from './deadlines.ts'
import { JOB, type Job, type Recorded, type Task } from './recorder.ts'
import { UNSIGNED } from './sign.ts'

const HOOK = join(import.meta.dirname, '..', 'bin', 'spikectl-hook.js')

/** What main() in hook.ts looks for. */
const MODE = 'record'

/**
 * Is back when the hook must answer, and has loaded the words for it before it waits. Throws where there are none to
 * load, and for nothing else.
 */
export async function record(
  { host, paths, policy }: Pick<Context, 'host' | 'paths' | 'policy'>,
  task: Task,
): Promise<Recorded> {
  await host.prepare()
  const destination = { paths, segmentBytes: policy.audit.segmentBytes }
  const job: Job = { ...task, destination, until: monotonic() + SIGNED_MS - sinceStart() }
  const time = timeToAnswer()
  const recorder = sinceStart() < TOO_LATE_TO_START_MS ? start(job) : undefined
  if (!recorder) return carryOutHere(job)
  try {
    return await Promise.race([recorder.ended, time])
  } catch (error) {
    recorder.kill()
    const why = describe(error)
    if (task.line) await noteLost({ ...job, lost: why }, time)
    return { audit: UNSIGNED, detail: `not signed: ${why}` }
  }
}

/** Rejects when the hook must answer: at its deadline, or because it is told to end. */
function timeToAnswer(): Promise<never> {
  end ??= listenForTheEnd()
  return end
}

/** Of the whole process, whatever it records: Node warns on stderr of more than ten listeners of a signal. */
let end: Promise<never> | undefined

function listenForTheEnd(): Promise<never> {
  const time = new Promise<never>((_, reject) => {
    const seconds = ANSWERED_MS / 1000
    const giveUp = () => reject(new Error(`the recorder was not done ${seconds} s after the hook's start`))
    setTimeout(giveUp, Math.max(1, ANSWERED_MS - sinceStart())) // Node would warn on stderr of less
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new Error(`the hook was ended by ${signal}`)))
    }
  })
  time.catch(() => undefined) // it may come when nobody waits any more
  return time
}

/** Logs and counts what was not signed: in a process that lives on alone if this one must end before. */
async function noteLost(job: Job, time: Promise<never>): Promise<void> {
  const { line: _, ...lost } = job
  try {
    await Promise.race([start(lost, { detached: true })?.ended, time])
  } catch {
    // The reason says that the line is not signed; nobody waits for more.
  }
}

interface Recorder {
  /** Rejects when it ends without having said what it did. */
  readonly ended: Promise<Recorded>
  readonly kill: () => void
}

/** Undefined where no process can be started. */
function start(job: Job, { detached = false } = {}): Recorder | undefined {
  const child = spawned(job, detached)
  if (!child) return undefined
  const ended = new Promise<Recorded>((resolve, reject) => {
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (said += chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const recorded = objectIn(said)
      if (code !== 0) reject(new Error(`the recorder ended with ${signal ?? `exit code ${code}`}`))
      else if (recorded && isRecorded(recorded)) resolve(recorded)
      else reject(new Error('the recorder has not said what it did'))
    })
  })
  ended.catch(() => undefined) // the hook may have answered before
  if (child.pid === undefined) return undefined
  giveWay(child.pid)
  return { ended, kill: () => child.kill('SIGKILL') }
}

function isRecorded(value: Members): value is Members & Recorded {
  return typeof value.audit === 'string' && typeof value.detail === 'string'
}

/** A call that has not been counted yet is more urgent than a line of one that is blocked already. */
const NICENESS = 5

function giveWay(pid: number): void {
  try {
    setPriority(pid, NICENESS)
  } catch {
    // It has ended already, or the system has no priorities: then it runs as it is.
  }
}

function spawned(job: Job, detached: boolean) {
  try {
    return spawn(process.execPath, [HOOK, MODE], {
      cwd: dirname(HOOK),
      env: { ...process.env, [JOB]: JSON.stringify(job) },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached,
    })
  } catch {
    return undefined // the same as a process that does not start: its work is done here
  }
}

async function carryOutHere(job: Job): Promise<Recorded> {
  const { carryOut } = await import('./recorder.ts')
  return carryOut(job)
}
