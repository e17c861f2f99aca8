/** Reads a whole log and says whether it is what its writer wrote: form, bytes, keys, signatures, chain. */

import { basename } from 'node:path'
import { BEFORE_GENESIS, follow, type Link, MAX_JUNK_BYTES, type Members, sha256 } from './chain.ts'
import { segmentFile, segmentsIn } from './files.ts'
import { linesOf } from './lines.ts'

export interface Problem {
  /** The file's name, the line's number in it (from 1) and its byte offset. */
  readonly file: string
  readonly line: number
  readonly offset: number
  /** The number that the line should have had. */
  readonly seq: number
  readonly what: string
}

export interface Report {
  readonly log: string
  /** Sound lines. */
  readonly lines: number
  readonly segments: number
  /** Where the chain ends. */
  readonly link: Link
  readonly problem?: Problem
  /** An unfinished append at the end: a crash, not tampering. */
  readonly torn?: Problem
  /** Why the head says that lines are missing at the end. */
  readonly truncated?: string
}

/** What audit.db knows of the last line. */
export type Anchor = Pick<Link, 'log' | 'seq' | 'sha'>

const UNFINISHED = 'unfinished append (no LF)'

interface Progress {
  readonly link: Link
  /** The line that the head knows was met. */
  readonly isAnchored: boolean
  readonly problem?: Problem
  readonly torn?: Problem
}

/** What stands between two sound lines; harmless only if the next sound line names it as its junk. */
interface Pending {
  readonly first: Problem
  /** The last of it has no LF: nothing was written after it. */
  readonly isUnfinished: boolean
  readonly bytes: readonly Buffer[]
}

/**
 * Verifies the segments of a folder, or one file. With a `head`, also whether the line that it knows as the
 * last is there; read the head before, for the log may grow meanwhile.
 */
export function verifyLog(place: string | { readonly folder: string }, head?: Anchor): Report {
  const files =
    typeof place === 'string'
      ? [place]
      : segmentsIn(place.folder).map((number) => segmentFile(place.folder, number))
  let progress: Progress = { link: BEFORE_GENESIS, isAnchored: false }
  for (const file of files) {
    progress = verifyFile(file, progress, head)
    if (progress.problem) break
  }
  const { link, isAnchored, ...found } = progress
  const truncated = head && !found.problem && !isAnchored ? truncation(link, head) : undefined
  const report = { ...found, log: link.log, lines: link.seq + 1, segments: files.length, link }
  return truncated ? { ...report, truncated } : report
}

function truncation(link: Link, head: Anchor): string {
  if (link.seq < 0) return `the log is gone, but audit.db knows line ${head.seq}`
  if (link.log !== head.log) return 'audit.db knows another log'
  if (link.seq >= head.seq) return `line ${head.seq} is not the one that audit.db knows`
  return `the log ends at line ${link.seq}, but audit.db knows line ${head.seq}`
}

function verifyFile(file: string, from: Progress, head: Anchor | undefined): Progress {
  let { link, isAnchored } = from
  let line = 0
  let pending: Pending | undefined
  for (const { bytes, offset, ended } of linesOf(file)) {
    line += 1
    const here = { file: basename(file), line, offset, seq: link.seq + 1 }
    const step = ended ? follow(link, bytes) : { problem: UNFINISHED }
    if ('problem' in step) {
      pending = added(pending, { ...here, what: step.problem }, bytes)
      if (!mayBeJunk(pending)) return { link, isAnchored, problem: pending.first }
      continue
    }
    if (pending && !isNamedJunk(step.members, pending)) return { link, isAnchored, problem: pending.first }
    pending = undefined
    link = step.link
    isAnchored ||= link.seq === head?.seq && link.sha === head.sha
  }
  return concluded({ link, isAnchored }, pending)
}

/** What is left at the end is a crash when its last line is unfinished, or when it is only torn so far. */
function concluded(progress: Progress, pending: Pending | undefined): Progress {
  if (!pending) return progress
  return pending.isUnfinished
    ? { ...progress, torn: { ...pending.first, what: UNFINISHED } }
    : { ...progress, problem: pending.first }
}

function added(pending: Pending | undefined, problem: Problem, bytes: Buffer): Pending {
  const isUnfinished = problem.what === UNFINISHED
  if (!pending) return { first: problem, isUnfinished, bytes: [Buffer.from(bytes)] }
  return {
    first: pending.first,
    isUnfinished,
    bytes: [...pending.bytes, Buffer.from('\n'), Buffer.from(bytes)],
  }
}

/** Only an append that was cut off can become junk: it has no suffix, and it is short. */
function mayBeJunk(pending: Pending): boolean {
  const size = pending.bytes.reduce((sum, bytes) => sum + bytes.length, 0)
  return (pending.first.what === 'malformed suffix' || pending.isUnfinished) && size <= MAX_JUNK_BYTES
}

function isNamedJunk(members: Members, pending: Pending): boolean {
  const recovery = members.recovery
  if (typeof recovery !== 'object' || !('junk' in recovery)) return false
  const junk = recovery.junk
  if (typeof junk !== 'object' || !('sha256' in junk)) return false
  const bytes = Buffer.concat(pending.bytes)
  return junk.bytes === bytes.length && junk.sha256 === sha256(bytes)
}
