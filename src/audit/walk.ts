/**
 * Walks a log from a place in it to its end, line by line: what is sound, what is wrong, where it ends. The
 * verifier walks all of it; the writer, after a crash, what it does not know yet.
 */

import { createHash } from 'node:crypto'
import { isFailure } from '../system/failure.ts'
import type { RawLine } from '../system/lines.ts'
import { follow, type Link, resume, type Sound, type Step, skim } from './chain.ts'
import { type Pending, UNFINISHED, withPiece } from './junk.ts'
import { linesIn, type OpenSegment, openSegment, type Segment, type SegmentDigest } from './segments.ts'
import {
  accept,
  begin,
  checkKind,
  closePending,
  isSame,
  type Landmark,
  type Place,
  type Problem,
  proveLast,
  reject,
  rejectPending,
  type WalkOptions,
  type WalkState,
} from './walk-state.ts'

/** The unfinished append at the end of a log. */
export interface Torn extends Problem {
  readonly bytes: Buffer
  /** The whole line that it is but for its LF, if it is one. */
  readonly whole?: Sound
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
  readonly last: WalkState['last']
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

export function walk(segments: readonly Segment[], options: WalkOptions): Walk {
  const state = begin(options)
  const ends: SegmentEnd[] = []
  let before: SegmentDigest | undefined
  for (const [index, segment] of segments.entries()) {
    // What is unfinished in a file that another follows was not left by a crash: the writer mends before it goes on.
    rejectPending(state)
    before = walkReadable(state, segment, before, index === 0 ? (options.offset ?? 0) : 0)
    ends.push({ segment, link: state.link, at: state.at })
  }
  proveLast(state)
  return conclude(state, ends)
}

/** A segment that cannot be read is a problem like any other, and the walk goes on after it. */
function walkReadable(
  state: WalkState,
  segment: Segment,
  before: SegmentDigest | undefined,
  start: number,
): SegmentDigest | undefined {
  const here = { file: segment.name, line: 1, offset: start, seq: state.link.seq + 1 }
  const opened = tryToOpen(state, segment, here)
  if (!opened) return undefined
  const { lines, problems } = state
  try {
    const digest = walkSegment(state, { segment, opened, before, start })
    // Files come to be with whole lines in them: one without any was not made by us.
    if (start === 0 && lines === state.lines) {
      rejectPending(state)
      if (problems === state.problems) reject(state, { ...here, what: 'no line in it' })
    }
    return digest
  } finally {
    opened.close()
  }
}

/** What fails while it is read is no fault of the segment: a caller whose patience is at its end says so by a Failure. */
function tryToOpen(state: WalkState, segment: Segment, here: Place): OpenSegment | undefined {
  try {
    return openSegment(segment)
  } catch (error) {
    if (!isFailure(error)) throw error
    reject(state, { ...here, what: error.message.replace(segment.file, 'it') })
    return undefined
  }
}

interface Stretch {
  readonly segment: Segment
  readonly opened: OpenSegment
  readonly before: SegmentDigest | undefined
  readonly start: number
}

/** Returns the digest of the segment; of one that was not read from its beginning it is not known. */
function walkSegment(
  state: WalkState,
  { segment, opened, before, start }: Stretch,
): SegmentDigest | undefined {
  const digest = createHash('sha256')
  let size = 0
  let line = 0
  state.end = start
  const lines = linesIn(opened, start, (bytes) => {
    digest.update(bytes)
    size += bytes.length
    state.options.onBytes?.(bytes.length)
  })
  for (const raw of lines) {
    line += 1
    const here = { file: segment.name, line, offset: raw.offset, seq: state.link.seq + 1 }
    const sound = checkLine(state, raw, here)
    if (!sound) continue
    if (segment.number > 0) checkKind(state, sound.members, line === 1 && start === 0, before, here)
    accept(state, sound, raw.raw, here)
    state.last = { segment, offset: raw.offset }
  }
  return start === 0 ? { file: segment.name, bytes: size, sha256: digest.digest('hex') } : undefined
}

/** Decides what a line is: sound, junk so far, or a problem. Returns what to go on with, if it is sound. */
function checkLine(state: WalkState, { raw, ended }: RawLine, here: Place): Sound | undefined {
  const step = stepOf(state, raw, ended)
  if ('link' in step) {
    closePending(state, step.members, here)
    return step
  }
  const problem = { ...here, what: step.problem }
  const pending = withPiece(state.pending, problem, raw, state.link)
  if (pending) {
    state.pending = pending
    return undefined
  }
  rejectPending(state)
  const found = ended ? resume(state.link, raw) : undefined
  // A line that only does not follow a bad one is not bad itself.
  if (!found || !state.isLost) reject(state, problem)
  return found
}

function stepOf({ link, options }: WalkState, raw: Buffer, ended: boolean): Step {
  if (!ended) return { problem: UNFINISHED }
  return options.fast ? skim(link, raw) : follow(link, raw)
}

/**
 * What is left at the end is a crash when nothing was written after it, or when it follows the line that is known as the
 * last: the LF that closes it may be all that was written of the next append.
 */
function conclude(state: WalkState, ends: readonly SegmentEnd[]): Walk {
  const { pending, link, options } = state
  const isCrash = pending && (pending.isUnfinished || isSame(link, options.anchor))
  if (!isCrash) rejectPending(state)
  const { end, last, lines, problem, problems, isAnchored, landmarks } = state
  return {
    link,
    end,
    last,
    lines,
    problems,
    isAnchored,
    landmarks,
    ends,
    ...(problem ? { problem } : {}),
    ...(isCrash ? { torn: tornIn(pending) } : {}),
  }
}

function tornIn({ first, bytes, line }: Pending<Problem>): Torn {
  return { ...first, what: UNFINISHED, bytes, ...(line ? { whole: line } : {}) }
}
