/** Standard input and output of one hook run, synchronous: loading Node's streams costs more than the work. */

import { isUtf8 } from 'node:buffer'
import { fstatSync, readSync, writeSync } from 'node:fs'
import { codeOf } from '../failure.ts'
import { badInput } from '../hosts/claude-code/event.ts'

export const MAX_INPUT_BYTES = 16 * 1024 * 1024

const CHUNK_BYTES = 64 * 1024
const RETRY_MS = 2
/** How long a pipe that has nothing to give, but is not closed, is waited for. */
const PATIENCE_MS = 1000

/** All of stdin. Throws a Failure when it is too long, no UTF-8, or does not end. */
export function readInput(): string {
  const chunks: Buffer[] = []
  for (let size = 0; ; ) {
    const chunk = readChunk()
    if (chunk.length === 0) break
    size += chunk.length
    if (size > MAX_INPUT_BYTES) throw badInput(`is longer than ${MAX_INPUT_BYTES / 1024 / 1024} MiB`)
    chunks.push(chunk)
  }
  return decode(Buffer.concat(chunks))
}

function readChunk(): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  return chunk.subarray(
    0,
    patiently(() => readSync(0, chunk)),
  )
}

function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw badInput('is not UTF-8')
  return bytes.toString('utf8')
}

/** True when stdin is a terminal or /dev/null: nobody is going to send an event. */
export function isInteractive(): boolean {
  return fstatSync(0).isCharacterDevice()
}

/** Writes all of `text`. A reader that has gone away is no reason to fail: the exit code still speaks. */
export function writeOut(fd: 1 | 2, text: string): void {
  const bytes = Buffer.from(text)
  try {
    for (let done = 0; done < bytes.length; ) done += patiently(() => writeSync(fd, bytes, done))
  } catch (error) {
    if (codeOf(error) !== 'EPIPE') throw error
  }
}

/** A descriptor that others made non-blocking says EAGAIN where ours would wait. */
function patiently(attempt: () => number): number {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (codeOf(error) === 'EOF') return 0 // Windows, at the end of a pipe
      if (codeOf(error) !== 'EAGAIN' || Date.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}
