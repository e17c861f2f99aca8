/**
 * What appends that were cut off leave behind: the beginning of a line, which the next append closes with a LF and
 * names in its `recovery.junk`. Anything else between two lines was put there by somebody else.
 */

import { follow, type Link, type Members, type Sound, sha256 } from './chain.ts'

/**
 * What appends that were cut off one after the other can leave behind: the writer goes on after as much, and the
 * verifier takes no more for a crash.
 */
export const MAX_JUNK_BYTES = 64 * 1024

export const UNFINISHED = 'unfinished append (no LF)'

/** Every line of ours begins like this: `agent`, `all` and `at` are the first of all members. */
const BEGINNING = Buffer.from('{"a')
const LF = Buffer.from('\n')

/** Bytes after the last sound line that may be junk; they are once a line names them. */
export interface Pending<Problem> {
  readonly first: Problem
  /** Pieces, each of which was once the end of the file. */
  readonly count: number
  readonly bytes: Buffer
  /** The last piece has no LF: nothing was written after it. */
  readonly isUnfinished: boolean
  /** The last piece is a whole line but for its LF. */
  readonly line?: Sound
}

/** The junk so far with one more piece; undefined when this piece cannot be of an append that was cut off. */
export function withPiece<Problem extends { readonly what: string }>(
  pending: Pending<Problem> | undefined,
  problem: Problem,
  piece: Buffer,
  link: Link,
): Pending<Problem> | undefined {
  const bytes = Buffer.concat([pending?.bytes ?? Buffer.alloc(0), piece])
  const isUnfinished = problem.what === UNFINISHED
  const line = isUnfinished ? wholeLine(link, piece) : undefined
  if (problem.what !== 'malformed suffix' && !isUnfinished) return undefined
  if (bytes.length > MAX_JUNK_BYTES || !isBegun(piece) || (isComplete(piece) && !line)) return undefined
  return {
    first: pending?.first ?? problem,
    count: (pending?.count ?? 0) + 1,
    bytes,
    isUnfinished,
    ...(line ? { line } : {}),
  }
}

/** True when a line says that it found just this. The LF that closes junk is not part of it. */
export function isNamedIn({ recovery }: Members, bytes: Buffer): boolean {
  if (typeof recovery !== 'object' || !('junk' in recovery)) return false
  const { junk } = recovery
  if (typeof junk !== 'object' || !('sha256' in junk)) return false
  return junk.bytes === bytes.length && junk.sha256 === sha256(bytes)
}

export function namesJunk({ recovery }: Members): boolean {
  return typeof recovery === 'object' && 'junk' in recovery
}

function wholeLine(link: Link, piece: Buffer): Sound | undefined {
  const step = follow(link, Buffer.concat([piece, LF]))
  return 'link' in step ? step : undefined
}

function isBegun(piece: Buffer): boolean {
  const start = BEGINNING.subarray(0, piece.at(-1) === 0x0a ? piece.length - 1 : piece.length)
  return piece.subarray(0, start.length).equals(start)
}

/** A line that was cut off is never complete JSON; a whole one that somebody put there is. */
function isComplete(piece: Buffer): boolean {
  try {
    JSON.parse(piece.toString())
    return true
  } catch {
    return false // cut off, as it should be
  }
}
