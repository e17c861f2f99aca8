/** Reads a whole log and says whether it is what its writer wrote: form, bytes, keys, signatures, chain. */

import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { BEFORE_GENESIS, follow, type Link, type Members } from './chain.ts'
import { segmentFile, segmentsIn } from './files.ts'
import { linesOf } from './lines.ts'

/** A few appends that were cut off one after the other. */
const MAX_JUNK_BYTES = 64 * 1024

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
}

interface Progress {
  readonly link: Link
  readonly problem?: Problem
  readonly torn?: Problem
}

/** What stands between two sound lines; harmless only if the next sound line names it as its junk. */
interface Pending {
  readonly first: Problem
  readonly bytes: readonly Buffer[]
}

/** Verifies the segments of a folder, or one file. */
export function verifyLog(place: string | { readonly folder: string }): Report {
  const files =
    typeof place === 'string'
      ? [place]
      : segmentsIn(place.folder).map((number) => segmentFile(place.folder, number))
  let progress: Progress = { link: BEFORE_GENESIS }
  for (const file of files) {
    progress = verifyFile(file, progress.link)
    if (progress.problem) break
  }
  const { link } = progress
  return { ...progress, log: link.log, lines: link.seq + 1, segments: files.length }
}

function verifyFile(file: string, from: Link): Progress {
  let link = from
  let line = 0
  let pending: Pending | undefined
  for (const { bytes, offset, ended } of linesOf(file)) {
    line += 1
    const here = { file: basename(file), line, offset, seq: link.seq + 1 }
    if (!ended) {
      const torn = { ...here, what: 'unfinished append (no LF)' }
      return pending ? { link, problem: pending.first } : { link, torn }
    }
    const step = follow(link, bytes)
    if ('problem' in step) {
      pending = added(pending, { ...here, what: step.problem }, bytes)
      if (!mayBeJunk(pending)) break
      continue
    }
    if (pending && !isNamedJunk(step.members, pending)) break
    pending = undefined
    link = step.link
  }
  return pending ? { link, problem: pending.first } : { link }
}

function added(pending: Pending | undefined, problem: Problem, bytes: Buffer): Pending {
  if (!pending) return { first: problem, bytes: [Buffer.from(bytes)] }
  return { first: pending.first, bytes: [...pending.bytes, Buffer.from('\n'), Buffer.from(bytes)] }
}

/** Only an append that was cut off can become junk: it has no suffix, and it is short. */
function mayBeJunk(pending: Pending): boolean {
  const size = pending.bytes.reduce((sum, bytes) => sum + bytes.length, 0)
  return pending.first.what === 'malformed suffix' && size <= MAX_JUNK_BYTES
}

function isNamedJunk(members: Members, pending: Pending): boolean {
  const recovery = members.recovery
  if (typeof recovery !== 'object' || !('junk' in recovery)) return false
  const junk = recovery.junk
  if (typeof junk !== 'object' || !('sha256' in junk)) return false
  const bytes = Buffer.concat(pending.bytes)
  return junk.bytes === bytes.length && junk.sha256 === createHash('sha256').update(bytes).digest('hex')
}
