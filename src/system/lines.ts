/** The lines of a file, read in chunks: memory does not grow with the file. */

import { closeSync, constants } from 'node:fs'
import { openOurs, readAt } from './files.ts'

export interface RawLine {
  /** With its LF, if it has one. */
  readonly raw: Buffer
  /** Without its LF. */
  readonly bytes: Buffer
  /** Byte offset in the file. */
  readonly offset: number
  /** False for a last line that has no LF. */
  readonly ended: boolean
  /** True for each part of a line that is too long to be held as a whole. */
  readonly isPart: boolean
}

/** Some of the `length` bytes from `position`; none only at the end. */
export type ReadAt = (position: number, length: number) => Buffer

const CHUNK_BYTES = 256 * 1024
/** No line of any of our own files is longer than a small part of this. */
const MAX_BYTES = 128 * 1024
const LF = 0x0a

export function* linesOf(file: string, start = 0): Generator<RawLine> {
  const fd = openOurs(file, constants.O_RDONLY)
  try {
    yield* linesFrom((position, length) => readAt(fd, position, length), start)
  } finally {
    closeSync(fd)
  }
}

/** Asks `read` for each byte from `start` on once, in order. A line over `maxBytes` comes in parts. */
export function* linesFrom(read: ReadAt, start: number, maxBytes = MAX_BYTES): Generator<RawLine> {
  let rest: Buffer[] = []
  let size = 0
  let position = start
  let isPart = false
  for (let chunk = read(start, CHUNK_BYTES); chunk.length > 0; chunk = read(position, CHUNK_BYTES)) {
    let from = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      const piece = chunk.subarray(from, end + 1)
      const raw = rest.length > 0 ? Buffer.concat([...rest, piece]) : piece
      yield { raw, bytes: raw.subarray(0, -1), offset: position + end + 1 - raw.length, ended: true, isPart }
      from = end + 1
      rest = []
      size = 0
      isPart = false
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
    size += chunk.length - from
    position += chunk.length
    if (size > maxBytes) {
      const raw = Buffer.concat(rest)
      yield { raw, bytes: raw, offset: position - size, ended: true, isPart: true }
      rest = []
      size = 0
      isPart = true
    }
  }
  if (rest.length === 0) return
  const raw = Buffer.concat(rest)
  yield { raw, bytes: raw, offset: position - size, ended: false, isPart }
}
