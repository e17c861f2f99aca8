/**
 * Walks a log from a place in it to its end, line by line: what is sound, what is wrong, where it ends. The
 * verifier walks all of it; the writer, after a crash, what it does not know yet.
 */

import { createHash } from 'node:crypto'
import { isFailure } from '../failure.ts'
import type { RawLine } from '../lines.ts'
import { type AuditValue, canonical } from './canonical.ts'
import { follow, type Link, type Members, resume, type Sound, type Step, skim } from './chain.ts'
import { isNamedIn, namesJunk, type Pending, UNFINISHED, withPiece } from './junk.ts'
import { linesOfSegment, type Segment, type SegmentDigest } from './segments.ts'

/** Where a line stands. */
interface Place {
  /** The file's name, the line's number in it (from 1) and its byte offset. */
  readonly file: string
  readonly line: number
  readonly offset: number
  /** The number that the line should have had. */
  readonly seq: number
}

export interface Problem extends Place {
  readonly what: string
}

/** The unfinished append at the end of a log. */
export interface Torn extends Problem {
  readonly bytes: Buffer
  /** The whole line that it is but for its LF, if it is one. */
  readonly whole?: Sound
}

/** A line that says something of the log itself. */
export interface Landmark {
  readonly seq: number
  readonly members: Members
}

export interface WalkOptions {
  /** Where the chain stands before the first line. */
  readonly from: Link
  /** The byte offset of that line in the first segment. */
  readonly offset?: number
  /** The line that is known as the last one. */
  readonly anchor?: Pick<Link, 'seq' | 'sha'> | undefined
  /** The chain, and the last signature of each key only. */
  readonly fast?: boolean
  /** Called with each sound line, without its LF. */
  readonly onLine?: (bytes: Buffer) => void
  /** Called with the number of bytes read since the last time. */
  readonly onBytes?: ((count: number) => void) | undefined
}

/** Where a segment ends. */
export interface SegmentEnd {
  readonly segment: Segment
  readonly link: Link
  /** What its last line says of its time. */
  readonly at: string
}

export interface Walk {
  /** Where the chain ends, and the end of that line in the last segment. */
  readonly link: Link
  readonly end: number
  /** The file and offset of the last sound line; undefined when there was none. */
  readonly last: { readonly segment: Segment; readonly offset: number } | undefined
  /** Sound lines met. */
  readonly lines: number
  /** The first thing that is wrong, and how many there are. */
  readonly problem?: Problem
  readonly problems: number
  readonly torn?: Torn
  readonly isAnchored: boolean
  /** Lines of the kinds genesis, prune, rotate and tamper, and those that say how they found the log. */
  readonly landmarks: readonly Landmark[]
  readonly ends: readonly SegmentEnd[]
}

/** The walk so far. */
interface Course {
  readonly options: WalkOptions
  link: Link
  end: number
  last: Walk['last']
  lines: number
  problem: Problem | undefined
  problems: number
  pending: Pending<Problem> | undefined
  /** A line was bad, and none was sound since. */
  isLost: boolean
  isAnchored: boolean
  /** In a fast walk: the last line, whose signature is still to be verified, and what it follows. */
  unproven: { readonly link: Link; readonly raw: Buffer; readonly here: Place } | undefined
  at: string
  readonly landmarks: Landmark[]
}

const LANDMARKS = new Set<unknown>(['genesis', 'prune', 'rotate', 'tamper'])

export function walk(segments: readonly Segment[], options: WalkOptions): Walk {
  const course = begin(options)
  const ends: SegmentEnd[] = []
  let before: SegmentDigest | undefined
  for (const [index, segment] of segments.entries()) {
    // What is unfinished in a file that another follows was not left by a crash: the writer mends before it goes on.
    rejectPending(course)
    before = walkReadable(course, segment, before, index === 0 ? (options.offset ?? 0) : 0)
    ends.push({ segment, link: course.link, at: course.at })
  }
  proveLast(course)
  return conclude(course, ends)
}

function begin(options: WalkOptions): Course {
  const { from, anchor, offset = 0 } = options
  return {
    ...{ options, link: from, end: offset, last: undefined, lines: 0, problem: undefined, problems: 0 },
    ...{ pending: undefined, isLost: false, isAnchored: isSame(from, anchor), unproven: undefined },
    ...{ at: '', landmarks: [] },
  }
}

/** A segment that cannot be read is a problem like any other, and the walk goes on after it. */
function walkReadable(
  course: Course,
  segment: Segment,
  before: SegmentDigest | undefined,
  start: number,
): SegmentDigest | undefined {
  const here = { file: segment.name, line: 1, offset: start, seq: course.link.seq + 1 }
  const { lines, problems } = course
  try {
    const digest = walkSegment(course, segment, before, start)
    // Files come to be with whole lines in them: one without any was not made by us.
    const isOdd = start === 0 && lines === course.lines && problems === course.problems && segment.number > 1
    if (isOdd) reject(course, { ...here, what: 'no line in it' })
    return digest
  } catch (error) {
    if (!isFailure(error)) throw error
    reject(course, { ...here, what: error.message.replace(segment.file, 'it') })
    return undefined
  }
}

/** Returns the digest of the segment; of one that was not read from its beginning it is not known. */
function walkSegment(
  course: Course,
  segment: Segment,
  before: SegmentDigest | undefined,
  start: number,
): SegmentDigest | undefined {
  const digest = createHash('sha256')
  let size = 0
  let line = 0
  course.end = start
  const lines = linesOfSegment(segment, start, (bytes) => {
    digest.update(bytes)
    size += bytes.length
    course.options.onBytes?.(bytes.length)
  })
  for (const raw of lines) {
    line += 1
    const here = { file: segment.name, line, offset: raw.offset, seq: course.link.seq + 1 }
    const sound = meet(course, raw, here)
    if (!sound) continue
    if (segment.number > 0) checkKind(course, sound.members, line === 1 && start === 0, before, here)
    accept(course, sound, raw.raw, here)
    course.last = { segment, offset: raw.offset }
  }
  return start === 0 ? { file: segment.name, bytes: size, sha256: digest.digest('hex') } : undefined
}

/** Decides what a line is: sound, junk so far, or a problem. Returns what to go on with, if it is sound. */
function meet(course: Course, { raw, ended }: RawLine, here: Place): Sound | undefined {
  const step = stepOf(course, raw, ended)
  if ('link' in step) {
    closePending(course, step.members, here)
    return step
  }
  const problem = { ...here, what: step.problem }
  const pending = withPiece(course.pending, problem, raw, course.link)
  if (pending) {
    course.pending = pending
    return undefined
  }
  rejectPending(course)
  const found = ended ? resume(course.link, raw) : undefined
  // A line that only does not follow a bad one is not bad itself.
  if (!found || !course.isLost) reject(course, problem)
  course.isLost = !found
  return found
}

function stepOf({ link, options }: Course, raw: Buffer, ended: boolean): Step {
  if (!ended) return { problem: UNFINISHED }
  return options.fast ? skim(link, raw) : follow(link, raw)
}

/** A sound line names the junk before it, if there is any, and none that is not there. */
function closePending(course: Course, members: Members, here: Place): void {
  const { pending } = course
  if (pending && !isNamedIn(members, pending.bytes.subarray(0, -1))) rejectPending(course)
  if (!pending && namesJunk(members)) {
    reject(course, { ...here, what: 'the junk that this line names is not there' })
  }
  course.pending = undefined
}

function accept(course: Course, { link, members }: Sound, raw: Buffer, here: Place): void {
  const { fast, anchor, onLine } = course.options
  // A tamper line is chained from what its writer knew, and proves nothing of what stands before it.
  if (members.event === 'tamper') proveLast(course)
  if (fast) {
    const { pub, log } = course.link
    course.unproven = { link: { log, seq: link.seq - 1, sha: String(members.prev), pub }, raw, here }
  }
  course.link = link
  course.end = here.offset + raw.length
  course.lines += 1
  course.isLost = false
  course.isAnchored ||= isSame(link, anchor)
  if (typeof members.at === 'string') course.at = members.at
  if (LANDMARKS.has(members.event) || 'recovery' in members) course.landmarks.push({ seq: link.seq, members })
  onLine?.(raw.subarray(0, -1))
}

function isSame(link: Link, anchor: WalkOptions['anchor']): boolean {
  return link.seq === anchor?.seq && link.sha === anchor.sha
}

function reject(course: Course, problem: Problem, count = 1): void {
  course.problem ??= problem
  course.problems += count
  course.isLost = true
}

function rejectPending(course: Course): void {
  if (course.pending) reject(course, course.pending.first, course.pending.count)
  course.pending = undefined
}

/** The first line of every further file names the one before, or says that it was not as it should be. */
function checkKind(
  course: Course,
  { event, prev_segment }: Members,
  isOpening: boolean,
  before: SegmentDigest | undefined,
  here: Place,
): void {
  const opens = event === 'segment' || event === 'tamper' || event === 'genesis'
  if (opens !== isOpening) {
    reject(course, {
      ...here,
      what: isOpening ? 'no segment line' : 'an opening line in the middle of a file',
    })
  } else if (event === 'segment' && before && !course.problem && !isNamed(prev_segment, before)) {
    reject(course, { ...here, what: 'the file before is not the one that this line names' })
  }
}

function isNamed(named: AuditValue | undefined, { file, bytes, sha256 }: SegmentDigest): boolean {
  return named !== undefined && canonical(named) === canonical({ file, bytes, sha256 })
}

/** Verifies the last line's signature, and with it, by their hashes, the lines before it. */
function proveLast(course: Course): void {
  if (!course.unproven) return
  const { link, raw, here } = course.unproven
  const step = follow(link, raw)
  if ('problem' in step) reject(course, { ...here, what: step.problem })
}

/**
 * What is left at the end is a crash when nothing was written after it, or when it follows the line that is known as the
 * last: the LF that closes it may be all that was written of the next append.
 */
function conclude(course: Course, ends: readonly SegmentEnd[]): Walk {
  const { pending, link, options } = course
  const isCrash = pending && (pending.isUnfinished || isSame(link, options.anchor))
  if (!isCrash) rejectPending(course)
  const { end, last, lines, problem, problems, isAnchored, landmarks } = course
  return {
    ...{ link, end, last, lines, problems, isAnchored, landmarks, ends },
    ...(problem ? { problem } : {}),
    ...(isCrash ? { torn: tornIn(pending) } : {}),
  }
}

function tornIn({ first, bytes, line }: Pending<Problem>): Torn {
  return { ...first, what: UNFINISHED, bytes, ...(line ? { whole: line } : {}) }
}
