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
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import type { Patience } from './deadline.ts'
import { failure } from './failure.ts'
import { openOurs, readAt } from './files.ts'
import { type Database, exclusively, isDamage, whileBusy, withSqlite } from './sqlite.ts'

/** How long a repair may take. */
export interface RepairWaits {
  readonly locks: Patience
  /** For the copy of a large file: hooks have a deadline, people wait. */
  readonly copy: Patience
}

/**
 * Moves a damaged file's content aside; returns where to, or undefined when it turns out to be sound. Throws a Failure
 * when the file is too large to be copied in time.
 */
export function moveAsideIfDamaged(file: string, waits: RepairWaits, now: number): string | undefined {
  return exclusively(`${file}-repair`, waits.locks, () => {
    // Opened before SQLite's and closed after: closing it would give up every lock that we have on the file.
    const fd = openOurs(file, constants.O_RDWR)
    try {
      return withSqlite(file, (db) =>
        isSound(db, waits.locks) ? undefined : moveAside(fd, file, waits.copy, now),
      )
    } finally {
      closeSync(fd)
    }
  })
}

function moveAside(fd: number, file: string, patience: Patience, now: number): string {
  const aside = `${file}.damaged-${new Date(now).toISOString().replaceAll(':', '')}-${process.pid}`
  if (!copy(fd, aside, patience)) {
    rmSync(aside)
    throw failure(
      `${file} is damaged, and too large to be moved aside while a call waits`,
      'Run: spikectl status, which takes the time',
    )
  }
  // The journal first: left behind, it would be rolled back into the empty file.
  if (existsSync(`${file}-journal`)) renameSync(`${file}-journal`, `${aside}-journal`)
  ftruncateSync(fd)
  return aside
}

const CHUNK_BYTES = 1024 * 1024
/** So much is copied in milliseconds, whatever time is left. */
const COPY_ANYHOW_BYTES = 16 * CHUNK_BYTES
const ZEROS = Buffer.alloc(CHUNK_BYTES)

/** Copies in pieces, for files of any size, with what is all zeros left as a hole. False when time is over before. */
function copy(from: number, aside: string, patience: Patience): boolean {
  const to = openSync(aside, 'wx', 0o600)
  try {
    for (let position = 0; ; ) {
      if (position > COPY_ANYHOW_BYTES && patience() === 0) return false
      const chunk = readAt(from, position, CHUNK_BYTES)
      if (!chunk.equals(ZEROS.subarray(0, chunk.length))) writeAt(to, chunk, position)
      position += chunk.length
      if (chunk.length === CHUNK_BYTES) continue
      ftruncateSync(to, position)
      fsyncSync(to)
      return true
    }
  } finally {
    closeSync(to)
  }
}

function writeAt(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done)
  }
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
