/** The version of state.db's tables. How they are made and brought up to date is in migrations.ts, which is rarely needed. */

import { failure } from '../system/failure.ts'
import type { Database } from '../system/sqlite.ts'

export const VERSION = 10

/** False for a file that lacks tables or columns. Throws a Failure for one that a newer spikectl wrote. */
export function hasSchema(db: Database, file: string): boolean {
  return versionOf(db, file) === VERSION
}

/** True for a file with tables of an earlier version. */
export function isOutdated(db: Database, file: string): boolean {
  const version = versionOf(db, file)
  return version > 0 && version < VERSION
}

/** 0 for a file that is empty. Throws a Failure for one that a newer spikectl wrote. */
export function versionOf(db: Database, file: string): number {
  const version = Number(db.prepare('PRAGMA user_version').pluck().get())
  if (version <= VERSION) return version
  throw failure(`${file} was written by a newer version of spikectl`, 'Run: npm install -g spikectl@latest')
}

/** Minutes since the epoch: what idle rows are looked up by. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000)
}
