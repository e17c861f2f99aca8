/** Where the next line goes: what the files mean in the light of the head. */

import { type Failure, failure, isFailure } from '../system/failure.ts'
import { shellWord } from '../system/text.ts'
import type { AuditObject } from './canonical.ts'
import { type Link, sha256 } from './chain.ts'
import type { Head } from './head.ts'
import { openSegment, type Segment, segmentName, segmentsIn } from './segments.ts'
import { startOf } from './start.ts'
import { unsignedInAll } from './unsigned.ts'
import { type Walk, walk } from './walk.ts'

/** The log goes on in its last file. */
export interface Tail {
  readonly kind: 'tail'
  readonly link: Link
  readonly segment: Segment
  /** The end of the file: of its last sound line, or of what a process that died left after it. */
  readonly end: number
  /** The last byte is no LF: the next line begins with one. */
  readonly isOpen: boolean
  /** What the next line says of how the log was found, if it was not as the head says. */
  readonly recovery: AuditObject
  /** Blocks that could not be signed of which the lines tell that the head does not know. */
  readonly told: number
}

/** The files are not what the head says: nobody knows what they are worth, so the log goes on in a new one. */
export interface Gap {
  readonly kind: 'gap'
  readonly link: Link
  /** The number of the new file. */
  readonly number: number
  /** What should have been there, and what was found. */
  readonly tamper: AuditObject
}

type OnBytes = (count: number) => void

/**
 * Undefined when there is no log yet. Whole lines beyond the head that verify and chain are adopted: their writer
 * died before it could save the head. Without a head all files are read. `onBytes` is called as it reads. Throws a Failure
 * when there is no head and no sound line either.
 */
export function findTail(folder: string, head: Head | undefined, onBytes: OnBytes): Tail | Gap | undefined {
  const segments = segmentsIn(folder)
  if (!head) return segments.length > 0 ? rebuilt(folder, segments, onBytes) : undefined
  const rest = runFrom(segments, head.segment)
  const found = lookAt(rest[0], head)
  if (found) return afterTampering(segments, head, found, onBytes)
  const walked = walk(rest, { from: head, offset: head.off + head.len, anchor: head, onBytes })
  if (!walked.problem) return tailOf(walked, rest, walked.lines > 0 ? { adopted: walked.lines } : {})
  return gap(head, segments, 'bytes after it that are no lines of ours')
}

/**
 * The segments from this number on without a hole. The writer leaves none, so a file beyond one was put there by
 * somebody else: whatever its number, it must neither be continued nor use up the numbers before it.
 */
function runFrom(segments: readonly Segment[], first: number): Segment[] {
  const numbers = new Set(segments.map(({ number }) => number))
  const next = firstFree(numbers, first)
  return segments.filter(({ number }) => number >= first && number < next)
}

function firstFree(taken: ReadonlySet<number>, from: number): number {
  let number = from
  while (taken.has(number)) number += 1
  return number
}

/** What is wrong with the place where the head's line must be, or undefined. */
function lookAt(segment: Segment | undefined, head: Head): string | undefined {
  if (segment?.number !== head.segment) return 'no such file'
  try {
    const { read, size, close } = openSegment(segment)
    try {
      if (size < head.off + head.len) return `only ${size} bytes`
      return sha256(read(head.off, head.len)) === head.sha ? undefined : 'another line'
    } finally {
      close()
    }
  } catch (error) {
    if (!isFailure(error)) throw error
    return `a file that cannot be read: ${error.message.replace(segment.file, segment.name)}`
  }
}

/** A process may have begun a new file for this very reason, and died before it could save the head. */
function afterTampering(
  segments: readonly Segment[],
  head: Head,
  found: string,
  onBytes: OnBytes,
): Tail | Gap {
  const later = runFrom(segments, head.segment + 1)
  const walked = walk(later, { from: head, onBytes })
  const isOurs = walked.lines > 0 && !walked.problem
  return isOurs ? tailOf(walked, later, { adopted: walked.lines }) : gap(head, segments, found)
}

function rebuilt(folder: string, segments: readonly Segment[], onBytes: OnBytes): Tail | Gap {
  const from = startOf(segments)
  const fast = walk(segments, { from, fast: true, onBytes })
  if (!fast.problem) return tailOf(fast, segments, { anchor: 'rebuilt' })
  // Our signature on the next line vouches for the one that it follows: so that one must be proven by itself.
  const { link, last } = walk(segments, { from, onBytes })
  if (!last) throw noLog(folder)
  const known = { ...link, segment: last.segment.number, off: last.offset }
  return gap(known, segments, 'no head, and a log that is not sound')
}

function noLog(folder: string): Failure {
  return failure(
    `${folder} holds files that are no log of ours, and audit.db does not know them`,
    `Run: mv ${shellWord(folder)} ${shellWord(`${folder}.other`)}`,
  )
}

/** An append that was cut off just before its LF is a whole line, and is adopted like others. */
function tailOf(walked: Walk, segments: readonly Segment[], found: AuditObject): Tail | Gap {
  const segment = segments.at(-1)
  if (!segment) throw new Error('Expected a log to have a file')
  const { link, end, torn } = walked
  const told = unsignedInAll([...walked.landmarks, ...(torn?.whole ? [torn.whole] : [])])
  if (!torn) return { kind: 'tail', link, segment, end, isOpen: false, recovery: found, told }
  if (segment.isPacked)
    return gap(
      { ...link, segment: segment.number, off: end },
      segments,
      'an unfinished append in a packed file',
    )
  const place = {
    kind: 'tail',
    segment,
    end: end + torn.bytes.length,
    isOpen: torn.bytes.at(-1) !== 0x0a,
    told,
  } as const
  if (torn.whole) {
    return { ...place, link: torn.whole.link, recovery: { ...found, adopted: walked.lines + 1 } }
  }
  const junk = place.isOpen ? torn.bytes : torn.bytes.subarray(0, -1)
  return { ...place, link, recovery: { ...found, junk: { bytes: junk.length, sha256: sha256(junk) } } }
}

type Known = Link & Pick<Head, 'segment' | 'off'>

function gap(known: Known, segments: readonly Segment[], found: string): Gap {
  const { log, seq, sha, pub, segment, off } = known
  const expected = { seq, sha256: sha, segment: segmentName(segment), off }
  const number = firstFree(new Set(segments.map((each) => each.number)), segment + 1)
  return { kind: 'gap', link: { log, seq, sha, pub }, number, tamper: { expected, found } }
}
