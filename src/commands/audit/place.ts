/** Which log a command is about: our own, or the one at a path. */

import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Head, readHead } from '../../audit/head.ts'
import { FORMAT } from '../../audit/line.ts'
import { loneSegment, openSegment, type Segment, segmentsIn } from '../../audit/segments.ts'
import { type Report, type VerifyOptions, verifyLog } from '../../audit/verify.ts'
import { patienceOf } from '../../system/deadline.ts'
import { codeOf, failure, isFailure } from '../../system/failure.ts'
import type { Paths } from '../../system/paths.ts'
import { isDamage } from '../../system/sqlite.ts'
import { shellWord } from '../../system/text.ts'
import { openProgress } from '../../terminal/progress.ts'
import type { Context } from '../context.ts'

const LOCK_WAIT_MS = 5000

export interface Place {
  readonly path: string
  /** A folder with a log, or one file of it. */
  readonly isFile: boolean
  readonly segments: readonly Segment[]
  /** What audit.db knows of its end. Read before the files: hooks may append meanwhile, but never take back. */
  readonly head: Head | undefined
  /** Why audit.db cannot be asked. */
  readonly problem: string | undefined
}

/** Throws a Failure where there is no log, and no memory of one either. */
export function findLog(paths: Paths, path: string | undefined): Place {
  const place = path === undefined ? paths.audit : logAt(path)
  const isFile = existsSync(place) && statSync(place).isFile()
  // A mistyped path must not be taken for a log that is gone.
  const isMistyped = path !== undefined && place !== paths.audit && !existsSync(path)
  const { head, problem } = isFile || isMistyped ? {} : headBeside(paths, place)
  if (!existsSync(place) && !head) {
    const hint =
      path === undefined
        ? 'It begins with the first call that is blocked, reset, or limit that is loosened'
        : 'Run: spikectl audit verify'
    throw failure(`there is no audit log at ${place || "''"}`, hint)
  }
  const segments = isFile ? [loneSegment(place)] : segmentsIn(place)
  if (isFile ? !isAuditFile(segments) : segments.length === 0 && !head) {
    throw failure(`there is no audit log in ${place}`, `Run: ls -l ${shellWord(place)}`)
  }
  return { path: place, isFile, segments, head, problem }
}

/** Where the log is that a person means by `path`: the folder that people copy is the one that holds `audit/`. */
function logAt(path: string): string {
  if (!existsSync(path)) return path
  const place = realpathSync(path)
  const isState =
    statSync(place).isDirectory() && ['audit', 'audit.db'].some((name) => existsSync(join(place, name)))
  return isState && segmentsIn(place).length === 0 ? join(place, 'audit') : place
}

const LOOK_BYTES = 64 * 1024

/** A file in which nothing looks like a line of ours is another file, and not a log that was tampered with. */
function isAuditFile([segment]: readonly Segment[]): boolean {
  if (!segment) return false
  const { read, close } = openSegment(segment)
  try {
    return read(0, LOOK_BYTES).includes(FORMAT)
  } finally {
    close()
  }
}

/** Verifies a log, with a progress bar if that takes long. */
export function verifyPlace(
  { terminal }: Context,
  { path, isFile, segments, head, problem }: Place,
  options: Pick<VerifyOptions, 'fast'> = {},
): Report {
  if (problem) terminal.remark(`warning: ${problem}`)
  const total = segments.reduce((sum, { file }) => sum + statSync(file).size, 0)
  const progress = openProgress('verifying', total, terminal.colour)
  try {
    return verifyLog(isFile ? path : { folder: path }, { ...options, head, onBytes: progress.add })
  } finally {
    progress.done()
  }
}

/** Our own log, found sound. Throws a Failure when it is not, because nothing may be built on it then. */
export function soundLog(context: Context): Report {
  const report = verifyPlace(context, findLog(context.paths, undefined))
  if (!report.problem && !report.truncated) return report
  throw failure('the log is not sound', 'Run: spikectl audit verify', 1)
}

/** audit.db stands beside the folder, in our own place and in a copy of it. */
function headBeside(paths: Paths, place: string): { head?: Head | undefined; problem?: string } {
  const file = place === paths.audit ? paths.auditDb : join(dirname(place), 'audit.db')
  try {
    return { head: readHead(file, patienceOf(LOCK_WAIT_MS)) }
  } catch (error) {
    const unseen = 'so what was cut off at the end cannot be seen'
    if (isDamage(error)) return { problem: `${file} is damaged (${codeOf(error)}), ${unseen}` }
    // The log of another user may be verified by anybody who can read it; their audit.db is left alone.
    if (isFailure(error) && place !== paths.audit) return { problem: `${error.message}, ${unseen}` }
    throw error
  }
}
