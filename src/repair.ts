/**
 * A damaged database is moved aside, never deleted, and a fresh one takes its place.
 *
 * Many hooks may see the damage at once. One of them moves the file: under an exclusive lock on a separate
 * file, and only after the damage was seen again under that lock. While it moves it, it holds the damaged
 * file's own lock too, if that can still be had, so that nobody commits into a file that is going away.
 */

import { existsSync, renameSync } from 'node:fs'
import type { Patience } from './pause.ts'
import { type Database, exclusively, isDamage, whileBusy, withSqlite } from './sqlite.ts'

/** Moves a damaged file aside; returns its new name, or undefined when it turns out to be sound. */
export function moveAsideIfDamaged(file: string, patience: Patience, now: number): string | undefined {
  return exclusively(`${file}-repair`, patience, () =>
    withSqlite(file, (db) => (isSound(db, patience) ? undefined : moveAside(file, now))),
  )
}

function moveAside(file: string, now: number): string {
  const aside = `${file}.damaged-${new Date(now).toISOString().replaceAll(':', '')}-${process.pid}`
  // The journal first: left behind, it would be rolled back into the fresh file.
  if (existsSync(`${file}-journal`)) renameSync(`${file}-journal`, `${aside}-journal`)
  renameSync(file, aside)
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
