/** Reads a whole log and says whether it is what its writer wrote: form, bytes, keys, signatures, chain. */

import { type Link, pubIn } from './chain.ts'
import { keyId } from './ed25519.ts'
import { loneSegment, type Segment, segmentsIn, straysIn } from './segments.ts'
import { startOf } from './start.ts'
import { type Walk, walk } from './walk.ts'
import type { Landmark, Problem } from './walk-state.ts'

export interface Report extends Walk {
  readonly segments: readonly Segment[]
  /** What the first line that is there follows: BEFORE_GENESIS, or the last line that was pruned. */
  readonly from: Link
  /** The number of the first line that is there. */
  readonly first: number
  /** Why the head says that lines are missing at the end. */
  readonly truncated?: string
}

/** What audit.db knows of the last line. */
export type Anchor = Pick<Link, 'log' | 'seq' | 'sha'>

export interface VerifyOptions {
  /**
   * Is the line that it knows as the last one there? It must have been read before the log is, which may grow
   * meanwhile.
   */
  readonly head?: Anchor | undefined
  /** Verify the chain and the last signature of each key, which proves the bytes of all lines before it. */
  readonly fast?: boolean
  /** Called with the number of bytes read since the last time. */
  readonly onBytes?: (count: number) => void
}

/** Verifies the segments of a folder, or one file. */
export function verifyLog(
  place: string | { readonly folder: string },
  { head, ...options }: VerifyOptions = {},
): Report {
  const isFile = typeof place === 'string'
  const segments = isFile ? [loneSegment(place)] : segmentsIn(place.folder)
  const strays = isFile ? [] : straysIn(place.folder)
  const from = startOf(segments)
  const walked = walk(segments, { ...options, from, anchor: head })
  // Only where each line was looked at is it known which one is wrong.
  const isSuspect = walked.problem !== undefined || strays.length > 0
  if (isSuspect && options.fast) return verifyLog(place, { ...options, head, fast: false })
  const whole = isFile ? walked : reportStrays(owningUp(walked, from, segments), strays)
  const report = { ...whole, segments, from, first: from.seq + 1 }
  const truncated = head && !report.problem && !report.isAnchored ? truncation(report.link, head) : undefined
  return truncated ? { ...report, truncated } : report
}

/** A file that looks like a part of the log and is none: somebody may take it for one. */
function reportStrays(walked: Walk, strays: readonly string[]): Walk {
  const [file] = strays
  if (file === undefined) return walked
  const what = 'not the name of a file of this log, or a second copy of one: move it elsewhere'
  const problem = walked.problem ?? { file, line: 0, offset: 0, seq: walked.link.seq + 1, what }
  return { ...walked, problem, problems: walked.problems + strays.length }
}

function truncation(link: Link, head: Anchor): string {
  if (link.seq < 0) return `the log is gone, but audit.db knows line ${head.seq}`
  if (link.log !== head.log) return 'audit.db knows another log'
  if (link.seq >= head.seq) return `line ${head.seq} is not the one that audit.db knows`
  return `the log ends at line ${link.seq}, but audit.db knows line ${head.seq}`
}

/** A log whose beginning is missing is whole only when a record in it says that it was pruned up to there. */
function owningUp(walked: Walk, from: Link, segments: readonly Segment[]): Walk {
  const [first] = segments
  if (from.seq < 0 || !first || pruneRecord(walked, from)) return walked
  const missing: Problem = {
    file: first.name,
    line: 1,
    offset: 0,
    seq: from.seq + 1,
    what: `lines 0 to ${from.seq} are missing, and no prune record says so`,
  }
  return { ...walked, problem: missing, problems: walked.problems + 1 }
}

/**
 * The record of the last prune, if it owns up to all that is missing up to `from`. A crash may have left files of what
 * it was to take; then the last of them must end with the line that the record names.
 */
export function pruneRecord({ landmarks, ends }: Walk, from: Link): Landmark | undefined {
  return landmarks.findLast(({ seq, members }) => {
    const { event, through_seq: through, sha256 } = members
    if (event !== 'prune' || typeof through !== 'number' || through >= seq) return false
    const last = through === from.seq ? from : ends.find(({ link }) => link.seq === through)?.link
    return last?.sha === sha256
  })
}

type Keys = Pick<Report, 'landmarks' | 'from'>

/** The public keys in the order in which they signed. */
function keysOf({ landmarks, from }: Keys): Buffer[] {
  const named = landmarks.flatMap(({ members }) =>
    members.event === 'genesis' || members.event === 'rotate' ? (pubIn(members) ?? []) : [],
  )
  return from.pub.length > 0 ? [from.pub, ...named] : named
}

/** The names of the keys in the order in which they signed. */
export function keyNames(report: Keys): string[] {
  return keysOf(report).map(keyId)
}

export function keyNamed(report: Keys, name: string): Buffer | undefined {
  return keysOf(report).find((pub) => keyId(pub) === name)
}

/** The public key that was in force after a line: the one that signs the next. */
export function keyAfter({ landmarks, from }: Keys, seq: number): Buffer {
  const isKeyLine = ({ seq: at, members }: Landmark) =>
    at <= seq && (members.event === 'genesis' || members.event === 'rotate')
  return pubIn(landmarks.findLast(isKeyLine)?.members) ?? from.pub
}
