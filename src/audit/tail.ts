/** Where the next line goes: what the files mean in the light of the head. The one place that judges it. */

import { failure } from '../failure.ts'
import type { AuditObject } from './canonical.ts'
import { type Link, sha256 } from './chain.ts'
import type { Head } from './head.ts'
import { openSegment, type Segment, segmentName, segmentsIn } from './segments.ts'
import { startOf } from './start.ts'
import { type Walk, walk } from './walk.ts'

/** The log goes on in its last file. */
export interface Tail {
  readonly kind: 'tail'
  readonly link: Link
  readonly segment: Segment
  /** The end of the last sound line. */
  readonly end: number
  /** What a process that died left after it. */
  readonly junk?: Buffer
  /** What the next line says of how the log was found again, if it was not as the head says. */
  readonly recovery: AuditObject
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

/**
 * Undefined when there is no log yet. Whole lines beyond the head that verify and chain are adopted: their writer
 * died before it could save the head. Without a head all files are read. `onBytes` is called as it reads. Throws a Failure
 * when there is no head and no sound line either.
 */
export function findTail(
  folder: string,
  head: Head | undefined,
  onBytes: (count: number) => void,
): Tail | Gap | undefined {
  const segments = segmentsIn(folder)
  if (!head) return segments.length > 0 ? rebuilt(folder, segments, onBytes) : undefined
  const rest = segments.filter(({ number }) => number >= head.segment)
  const found = lookAt(rest[0], head)
  if (found) return gap(head, segments, found)
  const walked = walk(rest, { from: head, offset: head.off + head.len, onBytes })
  if (walked.problem) return gap(head, segments, 'bytes after it that are no lines of ours')
  return tailOf(walked, rest, walked.lines > 0 ? { adopted: walked.lines } : {})
}

/** What is wrong with the place where the head's line must be, or undefined. */
function lookAt(segment: Segment | undefined, head: Head): string | undefined {
  if (segment?.number !== head.segment) return 'no such file'
  const { read, size, close } = openSegment(segment)
  try {
    if (size < head.off + head.len) return `only ${size} bytes`
    return sha256(read(head.off, head.len)) === head.sha ? undefined : 'another line'
  } finally {
    close()
  }
}

function rebuilt(folder: string, segments: readonly Segment[], onBytes: (count: number) => void): Tail | Gap {
  const walked = walk(segments, { from: startOf(segments), fast: true, onBytes })
  if (!walked.problem) return tailOf(walked, segments, { anchor: 'rebuilt' })
  const last = walked.ends.findLast(({ link }) => link.seq >= 0)
  if (!last) {
    throw failure(
      `${folder} holds files that are no log of ours, and audit.db does not know them`,
      'Run: spikectl audit verify, and move them away',
    )
  }
  const { number } = last.segment
  return gap(
    { ...walked.link, segment: number, off: walked.end },
    segments,
    'no head, and a log that is not sound',
  )
}

function tailOf(walked: Walk, segments: readonly Segment[], recovery: AuditObject): Tail {
  const segment = segments.at(-1)
  if (!segment) throw new Error('Expected a log to have a file')
  const { link, end, torn } = walked
  return { kind: 'tail', link, segment, end, recovery, ...(torn ? { junk: torn.bytes } : {}) }
}

type Known = Link & Pick<Head, 'segment' | 'off'>

function gap(known: Known, segments: readonly Segment[], found: string): Gap {
  const { log, seq, sha, pub, segment, off } = known
  const expected = { seq, sha256: sha, segment: segmentName(segment), off }
  const number = Math.max(segment, ...segments.map((each) => each.number)) + 1
  return { kind: 'gap', link: { log, seq, sha, pub }, number, tamper: { expected, found } }
}
