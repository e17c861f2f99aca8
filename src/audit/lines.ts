/** The lines of a file, read in chunks: memory does not grow with the file. */

import { closeSync, constants } from 'node:fs'
import { openOurs } from '../files.ts'
import { readAt } from './files.ts'

export interface RawLine {
  /** With its LF, if it has one. */
  readonly raw: Buffer
  /** Without its LF. */
  readonly bytes: Buffer
  /** Byte offset in the file. */
  readonly offset: number
  /** False for a last line that has no LF. */
  readonly ended: boolean
}

/** Up to `length` bytes from `position`; fewer only at the end. */
export type ReadAt = (position: number, length: number) => Buffer

const CHUNK_BYTES = 256 * 1024
/** No line of any of our files is longer than a small part of this. */
const MAX_LINE_BYTES = 128 * 1024
const LF = 0x0a

export function* linesOf(file: string, start = 0): Generator<RawLine> {
  const fd = openOurs(file, constants.O_RDONLY)
  try {
    yield* linesFrom((position, length) => readAt(fd, position, length), start)
  } finally {
    closeSync(fd)
  }
}

/** Asks `read` for each byte from `start` on once, in order. */
export function* linesFrom(read: ReadAt, start: number): Generator<RawLine> {
  let rest: Buffer = Buffer.alloc(0)
  let offset = start
  for (let chunk = read(start, CHUNK_BYTES); chunk.length > 0; ) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    let from = 0
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, from)) {
      yield lineAt(bytes, from, end, offset)
      from = end + 1
    }
    rest = bytes.subarray(from)
    offset += from
    if (rest.length > MAX_LINE_BYTES) {
      yield { raw: rest, bytes: rest, offset, ended: true } // no line of ours: cut here, so that memory stays flat
      offset += rest.length
      rest = Buffer.alloc(0)
    }
    chunk = read(offset + rest.length, CHUNK_BYTES)
  }
  if (rest.length > 0) yield { raw: rest, bytes: rest, offset, ended: false }
}

function lineAt(chunk: Buffer, from: number, end: number, offset: number): RawLine {
  return {
    raw: chunk.subarray(from, end + 1),
    bytes: chunk.subarray(from, end),
    offset: offset + from,
    ended: true,
  }
}
