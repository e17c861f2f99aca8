import { closeSync, constants } from 'node:fs'
import { openOurs } from '../files.ts'
import { readAt } from './files.ts'

export interface RawLine {
  /** Without its LF. */
  readonly bytes: Buffer
  /** Byte offset in the file. */
  readonly offset: number
  /** False for a last line that has no LF. */
  readonly ended: boolean
}

const CHUNK_BYTES = 256 * 1024
/** No line of any of our files is longer than a small part of this. */
const MAX_LINE_BYTES = 128 * 1024
const LF = 0x0a

/** The lines of a file from `start` on, read in chunks: memory does not grow with the file. */
export function* linesOf(file: string, start = 0): Generator<RawLine> {
  const fd = openOurs(file, constants.O_RDONLY)
  try {
    let rest: Buffer = Buffer.alloc(0)
    let offset = start
    for (let chunk = readAt(fd, start, CHUNK_BYTES); chunk.length > 0; ) {
      const bytes = Buffer.concat([rest, chunk])
      let from = 0
      for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, from)) {
        yield { bytes: bytes.subarray(from, end), offset: offset + from, ended: true }
        from = end + 1
      }
      rest = bytes.subarray(from)
      offset += from
      if (rest.length > MAX_LINE_BYTES) {
        yield { bytes: rest, offset, ended: true } // no line of ours: cut here, so that memory stays flat
        offset += rest.length
        rest = Buffer.alloc(0)
      }
      chunk = readAt(fd, offset + rest.length, CHUNK_BYTES)
    }
    if (rest.length > 0) yield { bytes: rest, offset, ended: false }
  } finally {
    closeSync(fd)
  }
}
