/**
 * A damaged database is kept under another name, never deleted, and goes on empty.
 *
 * It is copied and emptied in place, not renamed. Other processes have it open: on a renamed file they would
 * take the fresh file's journal for their own, roll it back, and count where nobody looks. So the file stays
 * the one that everybody has locked.
 *
 * Many hooks may see the damage at once. One of them mends it: under an exclusive lock on a separate file, and
 * only after the damage was seen again under that lock. It holds the damaged file's own lock too, if that can
 * still be had; if not, nobody else can write to the file either.
 */

import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { openOurs } from './files.ts'
import type { Patience } from './pause.ts'
import { type Database, exclusively, isDamage, whileBusy, withSqlite } from './sqlite.ts'

/** Moves a damaged file's content aside; returns where to, or undefined when it turns out to be sound. */
export function moveAsideIfDamaged(file: string, patience: Patience, now: number): string | undefined {
  return exclusively(`${file}-repair`, patience, () => {
    // Opened before SQLite's and closed after: closing it would give up every lock that we have on the file.
    const fd = openOurs(file, constants.O_RDWR)
    try {
      return withSqlite(file, (db) => (isSound(db, patience) ? undefined : moveAside(fd, file, now)))
    } finally {
      closeSync(fd)
    }
  })
}

function moveAside(fd: number, file: string, now: number): string {
  const aside = `${file}.damaged-${new Date(now).toISOString().replaceAll(':', '')}-${process.pid}`
  writeFileSync(aside, readFileSync(fd), { mode: 0o600, flag: 'wx', flush: true })
  // The journal first: left behind, it would be rolled back into the empty file.
  if (existsSync(`${file}-journal`)) renameSync(`${file}-journal`, `${aside}-journal`)
  ftruncateSync(fd)
  return aside
}

/** Looks with the file's own write lock held; keeps it when the file is damaged but can still be locked. */
function isSound(db: Database, patience: Patience): boolean {
  try {
    whileBusy(patience, () => db.exec('BEGIN EXCLUSIVE'))
    return db.pragma('integrity_check(1)', { simple: true }) === 'ok'
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}
