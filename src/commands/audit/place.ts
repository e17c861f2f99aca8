/** Which log a command is about: our own, or the one at a path. */

import { existsSync, realpathSync, statSync } from 'node:fs'
import { type Head, readHead } from '../../audit/head.ts'
import { loneSegment, type Segment, segmentsIn } from '../../audit/segments.ts'
import { type Report, type VerifyOptions, verifyLog } from '../../audit/verify.ts'
import { codeOf, failure } from '../../failure.ts'
import type { Paths } from '../../paths.ts'
import { patienceOf } from '../../pause.ts'
import { shellWord } from '../../short-id.ts'
import { isDamage } from '../../sqlite.ts'
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
}

/** Throws a Failure where there is no log, and no memory of one either. */
export function findLog(paths: Paths, path: string | undefined): Place {
  const place = path ?? paths.audit
  const head = isOwn(paths, place) ? ownHead(paths) : undefined
  if (!existsSync(place) && !head) {
    const hint = path ? 'Run: spikectl audit verify' : 'It begins with the first call that is refused'
    throw failure(`there is no audit log at ${place}`, hint)
  }
  const isFile = existsSync(place) && statSync(place).isFile()
  const segments = isFile ? [loneSegment(place)] : segmentsIn(place)
  if (segments.length === 0 && !head) {
    throw failure(`there is no audit log in ${place}`, `Run: ls -l ${shellWord(place)}`)
  }
  return { path: place, isFile, segments, head }
}

/** Verifies a log, with a progress bar if that takes long. */
export function verifyPlace(
  { terminal }: Context,
  { path, isFile, segments, head }: Place,
  options: Pick<VerifyOptions, 'fast'> = {},
): Report {
  const total = segments.reduce((sum, { file }) => sum + statSync(file).size, 0)
  const progress = openProgress('verifying', total, terminal.colour)
  try {
    return verifyLog(isFile ? path : { folder: path }, { ...options, head, onBytes: progress.add })
  } finally {
    progress.done()
  }
}

/** Our own log, found sound. Throws a Failure when it is not, because nothing may be built on it then. */
export function soundLog(context: Context): { place: Place; report: Report } {
  const place = findLog(context.paths, undefined)
  const report = verifyPlace(context, place)
  if (!report.problem && !report.truncated) return { place, report }
  throw failure('the log is not sound', 'Run: spikectl audit verify', 1)
}

function isOwn(paths: Paths, place: string): boolean {
  if (place === paths.audit) return true
  return existsSync(place) && existsSync(paths.audit) && realpathSync(place) === realpathSync(paths.audit)
}

function ownHead(paths: Paths): Head | undefined {
  try {
    return readHead(paths.auditDb, patienceOf(LOCK_WAIT_MS))
  } catch (error) {
    if (!isDamage(error)) throw error
    throw failure(
      `${paths.auditDb} is damaged (${codeOf(error)}); the next refusal moves it aside`,
      `To verify the files without it, run: spikectl audit verify ${shellWord(`${paths.audit}/audit-000001.jsonl`)}`,
    )
  }
}
