/**
 * Opens SQLite files. The JavaScript of better-sqlite3 is bundled with ours and its binary is loaded by path,
 * because every tool call would have to find and load its dozen small files.
 */

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { type Patience, pause } from './deadline.ts'
import { codeOf, failure, mendable } from './failure.ts'
import { isOurFile, refuseForeignFolder } from './files.ts'
import { oldNode } from './version.ts'

export type { Database } from 'better-sqlite3'

/** Damage, as SQLite reports it. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(NOTADB|CORRUPT)/.test(codeOf(error))
}

export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY')
}

/** True when the file was moved away under an open connection. */
export function isMoved(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_READONLY_DBMOVED'
}

/** What SQLite opens beside a database by itself, and waits for if it is a named pipe. */
const COMPANIONS = ['-journal', '-wal', '-shm']

/**
 * Opens `file`, creating it if need be unless it is only to be read. Waits for no lock by itself: see whileBusy.
 * Refuses what is no file of ours, under its own name and under those of its companions.
 */
export function openSqlite(file: string, { readonly = false } = {}): Database.Database {
  refuseForeignFolder(dirname(file))
  isOurFile(file)
  for (const companion of COMPANIONS) isOurFile(file + companion)
  binary ??= loadBinary()
  // Typed loosely: better-sqlite3 13 takes the loaded binary itself, which its types do not know yet.
  const options: object = { timeout: 0, nativeBinding: binary, readonly, fileMustExist: readonly }
  try {
    return new Database(file, options)
  } catch (error) {
    throw mendable(error, file)
  }
}

/** A database that is in memory alone, with the content of a file. */
export function openCopy(content: Buffer): Database.Database {
  binary ??= loadBinary()
  const options: object = { timeout: 0, nativeBinding: binary }
  return new Database(content, options)
}

/** Runs `use` on a file that is open meanwhile. */
export function withSqlite<T>(file: string, use: (db: Database.Database) => T): T {
  const db = openSqlite(file)
  try {
    return use(db)
  } finally {
    db.close()
  }
}

/** Runs `work` while no other process runs any under the same `lockFile`, an empty database of its own. */
export function exclusively<T>(lockFile: string, patience: Patience, work: () => T): T {
  return withSqlite(lockFile, (lock) => {
    whileBusy(patience, () => lock.exec('BEGIN EXCLUSIVE'))
    return work()
  })
}

let binary: object | undefined

/**
 * Throws a Failure on a Node that is too old: the binary would take the whole process down with it.
 * Loaded with dlopen() and not require(), which would look at every folder on the way for half a millisecond.
 */
function loadBinary(): object {
  const old = oldNode(process.versions)
  if (old) throw old
  const { platform, arch } = process
  const problems: string[] = []
  for (const name of [`prebuilds/${platform}-${arch}`, `prebuilds/linuxmusl-${arch}`, COMPILED]) {
    const file = installed(`better-sqlite3/${name}.node`)
    if (!file) continue
    try {
      const loaded = { exports: {} }
      process.dlopen(loaded, file)
      return loaded.exports
    } catch (error) {
      problems.push(String(error)) // on Linux it may be the other C library's turn: first glibc, then musl
    }
  }
  const why = problems.join('; ') || 'it is not installed'
  throw failure(
    `SQLite's binary for ${platform}-${arch} cannot be loaded: ${why}`,
    'Run: npm install -g spikectl',
  )
}

/** Where a compiler puts the binary on a platform for which none is shipped. */
const COMPILED = 'build/Release/better_sqlite3'

/** The path of a file in an installed package, found as Node finds packages: in this folder or one above it. */
function installed(file: string): string | undefined {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = `${folder}/node_modules/${file}`
    if (existsSync(candidate)) return candidate
  }
  return undefined
}

/** How a file is kept: run once before the first transaction of a connection, under no lock. */
export const QUICK = 'PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF'
export const DURABLE = 'PRAGMA journal_mode = PERSIST; PRAGMA synchronous = FULL'

/**
 * All of `work` or nothing, under the write lock, which is taken at once: nobody deadlocks on a later one.
 * All waits in it together last as long as there is patience; then SQLITE_BUSY is thrown.
 */
export function inTransaction<T>(
  db: Database.Database,
  kept: typeof QUICK | typeof DURABLE,
  patience: Patience,
  work: () => T,
): T {
  whileBusy(patience, () => db.exec(kept))
  whileBusy(patience, () => db.exec('BEGIN IMMEDIATE'))
  try {
    const result = work()
    // Only readers are in the way, and no new ones come: whoever else waits, waits for us.
    whileBusy(patience, () => db.exec('COMMIT'), 0)
    return result
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** `read` on one consistent state of the file, under no lock but a reader's. */
export function onOneState<T>(db: Database.Database, read: () => T): T {
  db.exec('BEGIN')
  try {
    return read()
  } finally {
    db.exec('COMMIT')
  }
}

const LONGEST_PAUSE_MS = 24

/**
 * What `attempt` returns, once nobody holds a lock in its way. Asks again after pauses of random length, soon up
 * to `longestMs`: SQLite's own pauses grow to 100 ms, which starves those who came first, and much shorter
 * ones would take the holder's processor. See docs/decisions/0006.
 */
export function whileBusy<T>(patience: Patience, attempt: () => T, longestMs = LONGEST_PAUSE_MS): T {
  for (let longest = 2; ; longest = 2 * longest) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || patience() === 0) throw error
    }
    pause(1 + Math.min(longest, longestMs) * Math.random())
  }
}
