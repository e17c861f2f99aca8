/**
 * Walks a log from a place in it to its end, line by line: what is sound, what is wrong, where it ends. The
 * verifier walks all of it; the writer, after a crash, what it does not know yet.
 */

import { createHash } from 'node:crypto'
import { type AuditValue, canonical } from './canonical.ts'
import { follow, type Link, type Members, resume, type Sound, type Step, sha256, skim } from './chain.ts'
import { linesOfSegment, type Segment, type SegmentDigest } from './segments.ts'

/**
 * What appends that were cut off one after the other can leave behind: the writer goes on after as much, and the
 * verifier takes no more for a crash.
 */
export const MAX_JUNK_BYTES = 64 * 1024

export interface Problem {
  /** The file's name, the line's number in it (from 1) and its byte offset. */
  readonly file: string
  readonly line: number
  readonly offset: number
  /** The number that the line should have had. */
  readonly seq: number
  readonly what: string
}

type Place = Omit<Problem, 'what'>

/** The unfinished append at the end of a log. */
export interface Torn extends Problem {
  readonly bytes: Buffer
}

/** A record that says something of the log itself. */
export interface Record {
  readonly seq: number
  readonly members: Members
}

export interface WalkOptions {
  /** Where the chain stands before the first line, and the byte offset of that line in the first segment. */
  readonly from: Link
  readonly offset?: number
  /** A line that is to be met on the way. */
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
  /** Where the chain ends, and the end of that line in the last segment that was read. */
  readonly link: Link
  readonly end: number
  /** Sound lines met. */
  readonly lines: number
  /** The first thing that is wrong, and how many there are. */
  readonly problem?: Problem
  readonly problems: number
  readonly torn?: Torn
  readonly isAnchored: boolean
  /** Lines of the kinds genesis, prune, rotate and tamper. */
  readonly records: readonly Record[]
  readonly ends: readonly SegmentEnd[]
}

/** What stands between two sound lines; harmless only if the next sound line names it as its junk. */
interface Pending {
  readonly first: Problem
  readonly count: number
  /** The last of it has no LF: nothing was written after it. */
  readonly isUnfinished: boolean
  readonly bytes: Buffer
}

/** The walk so far. */
interface Course {
  link: Link
  /** In a fast walk the last line, whose signature is still to be verified, and what it follows. */
  unproven: { link: Link; raw: Buffer; here: Place } | undefined
  end: number
  lines: number
  problem: Problem | undefined
  problems: number
  pending: Pending | undefined
  /** A line was bad, and none was sound since. */
  isLost: boolean
  isAnchored: boolean
  at: string
  readonly records: Record[]
  readonly ends: SegmentEnd[]
}

const UNFINISHED = 'unfinished append (no LF)'
const RECORDS = new Set<unknown>(['genesis', 'prune', 'rotate', 'tamper'])

export function walk(segments: readonly Segment[], options: WalkOptions): Walk {
  const { from, anchor } = options
  const isAnchored = from.seq === anchor?.seq && from.sha === anchor.sha
  const course: Course = {
    link: from,
    unproven: undefined,
    end: options.offset ?? 0,
    lines: 0,
    problem: undefined,
    problems: 0,
    pending: undefined,
    isLost: false,
    isAnchored,
    at: '',
    records: [],
    ends: [],
  }
  let before: SegmentDigest | undefined
  for (const [index, segment] of segments.entries()) {
    leaveSegment(course)
    before = walkSegment(course, segment, before, index === 0 ? options : { ...options, offset: 0 })
    course.ends.push({ segment, link: course.link, at: course.at })
  }
  proveLast(course)
  return concluded(course, anchor)
}

/** Returns the digest of the segment; of one that was not read from its beginning it is not known. */
function walkSegment(
  course: Course,
  segment: Segment,
  before: SegmentDigest | undefined,
  options: WalkOptions,
): SegmentDigest | undefined {
  const { offset: start = 0, onBytes } = options
  const digest = createHash('sha256')
  let size = start
  let line = 0
  const lines = linesOfSegment(segment, start, (bytes) => {
    digest.update(bytes)
    size += bytes.length
    onBytes?.(bytes.length)
  })
  course.end = start
  for (const { raw, offset, ended } of lines) {
    line += 1
    const here = { file: segment.name, line, offset, seq: course.link.seq + 1 }
    const isOpening = line === 1 && start === 0 && segment.number > 0
    const step = ended ? (options.fast ? skim : follow)(course.link, raw) : { problem: UNFINISHED }
    const sound = meet(course, step, raw, here)
    if (sound && isOpening) checkOpening(course, sound.members, before, here)
    if (sound) accept(course, sound, raw, here, options)
  }
  return start === 0 ? { file: segment.name, bytes: size, sha256: digest.digest('hex') } : undefined
}

/** Decides what a line is: sound, junk so far, or a problem. Returns what to go on with, if it is sound. */
function meet(course: Course, step: Step, raw: Buffer, here: Place): Sound | undefined {
  if ('link' in step) {
    const { pending } = course
    if (pending && !isNamedJunk(step.members, pending)) reject(course, pending.first, pending.count)
    course.pending = undefined
    return step
  }
  const problem = { ...here, what: step.problem }
  const pending = added(course.pending, problem, raw)
  if (mayBeJunk(problem, pending.bytes)) {
    course.pending = pending
    return undefined
  }
  if (course.pending) reject(course, course.pending.first, course.pending.count)
  course.pending = undefined
  const found = resume(course.link, raw)
  // A line that only does not follow a bad one is not bad itself.
  if (!found || !course.isLost) reject(course, problem, 1)
  course.isLost = !found
  return found
}

function accept(
  course: Course,
  { link, members }: Sound,
  raw: Buffer,
  here: Place,
  { anchor, fast, onLine }: WalkOptions,
) {
  if (fast) {
    const { pub, log } = course.link
    course.unproven = { link: { log, seq: link.seq - 1, sha: String(members.prev), pub }, raw, here }
  }
  course.link = link
  course.end = here.offset + raw.length
  course.lines += 1
  onLine?.(raw.subarray(0, -1))
  course.isLost = false
  course.isAnchored ||= link.seq === anchor?.seq && link.sha === anchor.sha
  if (typeof members.at === 'string') course.at = members.at
  if (RECORDS.has(members.event)) course.records.push({ seq: link.seq, members })
}

function reject(course: Course, problem: Problem, count: number): void {
  course.problem ??= problem
  course.problems += count
  course.isLost = true
}

/** The first line of every further segment names the one before, or says that it was not as it should be. */
function checkOpening(
  course: Course,
  { event, prev_segment }: Members,
  before: SegmentDigest | undefined,
  here: Place,
): void {
  const isOther = before && !course.problem && !isNamedSegment(prev_segment, before)
  if (event !== 'segment' && event !== 'tamper' && event !== 'genesis') {
    reject(course, { ...here, what: 'no segment line' }, 1)
  } else if (event === 'segment' && isOther) {
    reject(course, { ...here, what: 'the file before is not the one that this line names' }, 1)
  }
}

function isNamedSegment(named: AuditValue | undefined, { file, bytes, sha256 }: SegmentDigest): boolean {
  return named !== undefined && canonical(named) === canonical({ file, bytes, sha256 })
}

/** What is unfinished in a file that another follows was not left by a crash: the writer mends before it goes on. */
function leaveSegment(course: Course): void {
  if (course.pending) reject(course, course.pending.first, course.pending.count)
  course.pending = undefined
}

/** Verifies the last line's signature, and with it, by their hashes, the lines before it. */
function proveLast(course: Course): void {
  if (!course.unproven) return
  const { link, raw, here } = course.unproven
  const step = follow(link, raw)
  if ('problem' in step) reject(course, { ...here, what: step.problem }, 1)
}

/** What is left at the end is a crash when it is unfinished, or stands after the line that is known as the last. */
function concluded(course: Course, anchor: WalkOptions['anchor']): Walk {
  const { pending } = course
  const { link, end, lines, isAnchored, records, ends } = course
  const isCrash = pending && (pending.isUnfinished || (isAnchored && link.seq === anchor?.seq))
  if (pending && !isCrash) reject(course, pending.first, pending.count)
  const { problem, problems } = course
  return {
    ...{ link, end, lines, problems, isAnchored, records, ends },
    ...(problem ? { problem } : {}),
    ...(pending && isCrash ? { torn: { ...pending.first, what: UNFINISHED, bytes: pending.bytes } } : {}),
  }
}

function added(pending: Pending | undefined, problem: Problem, raw: Buffer): Pending {
  return {
    first: pending?.first ?? problem,
    count: (pending?.count ?? 0) + 1,
    isUnfinished: problem.what === UNFINISHED,
    bytes: Buffer.concat([pending?.bytes ?? Buffer.alloc(0), raw]),
  }
}

/** Only an append that was cut off can become junk: it has no suffix, and it is short. */
function mayBeJunk({ what }: Problem, bytes: Buffer): boolean {
  return (what === 'malformed suffix' || what === UNFINISHED) && bytes.length <= MAX_JUNK_BYTES
}

/** The writer closes junk with a LF of its own, which is not part of it. */
function isNamedJunk(members: Members, pending: Pending): boolean {
  const recovery = members.recovery
  if (typeof recovery !== 'object' || !('junk' in recovery)) return false
  const junk = recovery.junk
  if (typeof junk !== 'object' || !('sha256' in junk)) return false
  const bytes = pending.bytes.subarray(0, -1)
  return junk.bytes === bytes.length && junk.sha256 === sha256(bytes)
}
