/** Runs Node under strace, which lists the system calls of its main thread and can kill it at any one of them. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type Ended, type Options, run } from './processes.ts'

/** One system call of a run: its name, and which one of that name it is, from 1 and from the start of the run. */
export interface Point {
  readonly name: string
  readonly ordinal: number
}

/**
 * Calls that touch no file: a kill at one of them leaves what a kill at the next other call leaves. They are a
 * third of all calls, and come when another thread or the garbage collector wants it, which cannot be counted on.
 */
export const LEFT_OUT = new Set(['futex', 'brk', 'mmap', 'munmap', 'mprotect', 'madvise'])

/** Throws when there is no strace: a test that cannot do its work must not pass. */
export function requireStrace(): void {
  if (spawnSync('strace', ['-V']).status === 0) return
  throw new Error('strace is not installed. Run: sudo apt-get install strace')
}

/** Runs to the end; returns the main thread's calls in order, from the first one that mentions the home on. */
export async function systemCallsOf(
  args: readonly string[],
  options: Options,
  trace: string,
): Promise<{ readonly ended: Ended; readonly points: readonly Point[] }> {
  const ended = await straced(['-o', trace], args, options)
  const calls = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => NAME.test(line))
  const first = calls.findIndex((line) => line.includes(options.home))
  return { ended, points: first === -1 ? [] : numbered(calls).slice(first) }
}

/** Other lines of a trace tell of signals and of the end. */
const NAME = /^\w+(?=\()/

function numbered(calls: readonly string[]): Point[] {
  const counts = new Map<string, number>()
  return calls.map((call) => {
    const name = NAME.exec(call)?.[0] ?? ''
    const ordinal = (counts.get(name) ?? 0) + 1
    counts.set(name, ordinal)
    return { name, ordinal }
  })
}

/** Kills the process as it enters the call: the call itself is not made. */
export function killedAt(
  { name, ordinal }: Point,
  args: readonly string[],
  options: Options,
): Promise<Ended> {
  const injection = `inject=${name}:signal=SIGKILL:when=${ordinal}`
  return straced(['-o', '/dev/null', '-e', `trace=${name}`, '-e', injection], args, options)
}

/** Without -f: the helpers of the main thread, which does all work on files itself, are left alone. */
function straced(flags: readonly string[], args: readonly string[], options: Options): Promise<Ended> {
  return run(['-qq', ...flags, process.execPath, ...args], options, 'strace')
}
