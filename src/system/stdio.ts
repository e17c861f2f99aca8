/** Standard input and output of a short run, synchronous: loading Node's streams costs more than the work. */

import { isUtf8 } from 'node:buffer'
import { fstatSync, readSync, writeSync } from 'node:fs'
import { pause } from './deadline.ts'
import { codeOf } from './failure.ts'

const MAX_INPUT_BYTES = 16 * 1024 * 1024

const CHUNK_BYTES = 64 * 1024
const RETRY_MS = 2
/** How long a pipe that has nothing to give, but is not closed, is waited for. */
const PATIENCE_MS = 1000

export interface Input {
  readonly bytes: Buffer
  /** The same without a byte order mark. */
  readonly text: string
  /** Why the text is not all there is, or not text at all: completes "stdin …". */
  readonly problem?: string
}

/** All of stdin; of one that is too long, the beginning. Throws when it cannot be read to its end. */
export function readInput(): Input {
  const chunks: Buffer[] = []
  for (let size = 0; size <= MAX_INPUT_BYTES; ) {
    const chunk = readChunk()
    if (chunk.length === 0) return decode(Buffer.concat(chunks))
    size += chunk.length
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  const problem = `is longer than ${MAX_INPUT_BYTES / 1024 / 1024} MiB`
  return { bytes, text: bytes.toString('utf8'), problem }
}

function readChunk(): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  return chunk.subarray(
    0,
    patiently(() => readSync(0, chunk)),
  )
}

function decode(bytes: Buffer): Input {
  const text = bytes.toString('utf8')
  return isUtf8(bytes)
    ? { bytes, text: text.replace(/^\ufeff/, '') }
    : { bytes, text, problem: 'is not UTF-8' }
}

/** True when stdin is a terminal or /dev/null: nobody is going to send an event. */
export function isInteractive(): boolean {
  return fstatSync(0).isCharacterDevice()
}

/** Writes all of it; returns the error that it could not be written for, which is the caller's to judge. */
export function writeOut(fd: 1 | 2, text: string | Buffer): unknown {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  try {
    for (let done = 0; done < bytes.length; ) done += patiently(() => writeSync(fd, bytes, done))
    return undefined
  } catch (error) {
    return error
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
      pause(RETRY_MS)
    }
  }
}
