/** The command of another status line, run inside of ours. */

import { type ChildProcess, type ExecFileException, execFile } from 'node:child_process'

const DEADLINE_MS = 3000
/** How long it may take to read what a command has printed that has ended. */
const LAST_WORDS_MS = 100
const MAX_OUTPUT_BYTES = 1024 * 1024

export interface Wrapped {
  /** What it has printed, byte for byte; when it was ended, what it had printed until then. */
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** Why that may not be all: completes "--wrap …". */
  readonly problem?: string
}

/**
 * Runs a command as the client would, with this on its stdin. It stays in our process group: in one of its own it
 * could not ask the terminal how wide it is.
 */
export function runWrapped(command: string, input: Buffer): Promise<Wrapped> {
  const bounds = { timeout: DEADLINE_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const
  return new Promise((resolve) => {
    endWithUs(() => child)
    const child = execFile(
      '/bin/sh',
      ['-c', command],
      { ...bounds, encoding: 'buffer' },
      (error, stdout, stderr) => resolve({ stdout, stderr, ...(error ? { problem: problemOf(error) } : {}) }),
    )
    child.stdin?.on('error', () => undefined) // a command that reads nothing is fine
    child.stdin?.end(input)
    child.once('exit', () => setTimeout(() => setImmediate(stopReading, child), LAST_WORDS_MS).unref())
  })
}

/** A child that the command has left behind may hold its output open. */
function stopReading({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy()
  stderr?.destroy()
}

/**
 * The client ends a line that is out of date before it was drawn: what it has started must end too. To be called before
 * there is a child, so that none is ever left behind.
 */
function endWithUs(child: () => ChildProcess): void {
  process.once('SIGTERM', () => {
    child().kill('SIGTERM')
    process.kill(process.pid, 'SIGTERM')
  })
}

function problemOf({ code, killed, signal }: ExecFileException): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'printed over 1 MiB'
  if (killed) return `took over ${DEADLINE_MS / 1000} s`
  if (signal) return `was ended by ${signal}`
  return typeof code === 'number' ? `exited with ${code}` : `cannot be run (${code})`
}
