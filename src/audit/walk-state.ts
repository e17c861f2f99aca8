/**
 * The state of a walk through a log: where the chain stands, what was found wrong so far, and what each further line
 * changes about it.
 */

import { type AuditValue, canonical } from './canonical.ts'
import { follow, type Link, type Members, type Sound } from './chain.ts'
import { isNamedIn, namesJunk, type Pending } from './junk.ts'
import type { Segment, SegmentDigest } from './segments.ts'

/** Where a line stands. */
export interface Place {
  /** The file's name, the line's number in it (from 1; 0 for the file as a whole) and its byte offset. */
  readonly file: string
  readonly line: number
  readonly offset: number
  /** The number that the line should have had. */
  readonly seq: number
}

export interface Problem extends Place {
  readonly what: string
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

/** The walk so far. */
export interface WalkState {
  readonly options: WalkOptions
  link: Link
  end: number
  /** The file and offset of the last sound line. */
  last: { readonly segment: Segment; readonly offset: number } | undefined
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

export function begin(options: WalkOptions): WalkState {
  const { from, anchor, offset = 0 } = options
  return {
    options,
    link: from,
    end: offset,
    last: undefined,
    lines: 0,
    problem: undefined,
    problems: 0,
    pending: undefined,
    isLost: false,
    isAnchored: isSame(from, anchor),
    unproven: undefined,
    at: '',
    landmarks: [],
  }
}

/** A sound line names the junk before it, if there is any, and none that is not there. */
export function closePending(state: WalkState, members: Members, here: Place): void {
  const { pending } = state
  if (pending && !isNamedIn(members, pending.bytes.subarray(0, -1))) rejectPending(state)
  if (!pending && namesJunk(members)) {
    reject(state, { ...here, what: 'the junk that this line names is not there' })
  }
  state.pending = undefined
}

export function accept(state: WalkState, { link, members }: Sound, raw: Buffer, here: Place): void {
  const { fast, anchor, onLine } = state.options
  // A tamper line is chained from what its writer knew, and proves nothing of what stands before it.
  if (members.event === 'tamper') proveLast(state)
  if (fast) {
    const { pub, log } = state.link
    state.unproven = { link: { log, seq: link.seq - 1, sha: String(members.prev), pub }, raw, here }
  }
  state.link = link
  state.end = here.offset + raw.length
  state.lines += 1
  state.isLost = false
  state.isAnchored ||= isSame(link, anchor)
  if (typeof members.at === 'string') state.at = members.at
  if (LANDMARKS.has(members.event) || 'recovery' in members) state.landmarks.push({ seq: link.seq, members })
  onLine?.(raw.subarray(0, -1))
}

export function isSame(link: Link, anchor: WalkOptions['anchor']): boolean {
  return link.seq === anchor?.seq && link.sha === anchor.sha
}

export function reject(state: WalkState, problem: Problem, count = 1): void {
  state.problem ??= problem
  state.problems += count
  state.isLost = true
}

export function rejectPending(state: WalkState): void {
  if (state.pending) reject(state, state.pending.first, state.pending.count)
  state.pending = undefined
}

/** The first line of every further file names the one before, or says that it was not as it should be. */
export function checkKind(
  state: WalkState,
  { event, prev_segment }: Members,
  isOpening: boolean,
  before: SegmentDigest | undefined,
  here: Place,
): void {
  const opens = event === 'segment' || event === 'tamper' || event === 'genesis'
  if (opens !== isOpening) {
    reject(state, {
      ...here,
      what: isOpening ? 'no segment line' : 'an opening line in the middle of a file',
    })
  } else if (event === 'segment' && before && !state.problem && !isNamed(prev_segment, before)) {
    reject(state, { ...here, what: 'the file before is not the one that this line names' })
  }
}

function isNamed(named: AuditValue | undefined, { file, bytes, sha256 }: SegmentDigest): boolean {
  return named !== undefined && canonical(named) === canonical({ file, bytes, sha256 })
}

/** Verifies the last line's signature, and with it, by their hashes, the lines before it. */
export function proveLast(state: WalkState): void {
  if (!state.unproven) return
  const { link, raw, here } = state.unproven
  const step = follow(link, raw)
  if ('problem' in step) reject(state, { ...here, what: step.problem })
}
