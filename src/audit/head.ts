/**
 * audit.db: where the log ends, durably, and the lock under which it grows. A file of its own, so that
 * signing and syncing never hold up counting.
 */

import { existsSync } from 'node:fs'
import type { Patience } from '../system/deadline.ts'
import { moveAsideIfDamaged } from '../system/repair.ts'
import { type Database, DURABLE, inTransaction, isDamage, whileBusy, withSqlite } from '../system/sqlite.ts'
import type { Link } from './chain.ts'

/** The last line that was appended, and where it stands. */
export interface Head extends Link {
  readonly segment: number
  /** Byte offset and length of the last line in its segment. */
  readonly off: number
  readonly len: number
  /** The id of the key that signed it. */
  readonly key: string
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS head (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  log TEXT NOT NULL, seq INTEGER NOT NULL, sha TEXT NOT NULL, segment INTEGER NOT NULL,
  off INTEGER NOT NULL, len INTEGER NOT NULL, key TEXT NOT NULL, pub BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS told (only INTEGER PRIMARY KEY CHECK (only = 1), unsigned INTEGER NOT NULL)`

/** What is saved with an append. */
interface Saved {
  readonly head: Head
  /** Blocks that could not be signed and that lines have told of. */
  readonly told: number
}

type Work<T> = (head: Head | undefined, told: number) => T

/**
 * Runs `work` under the log's lock with what was saved last; what it returns of that is saved durably. A
 * damaged audit.db is moved aside: the head is found again from the files.
 */
export function underLock<T extends Saved>(file: string, patience: Patience, now: number, work: Work<T>): T {
  try {
    return lockedOnce(file, patience, work)
  } catch (error) {
    if (!isDamage(error)) throw error
    moveAsideIfDamaged(file, { locks: patience, copy: patience }, now)
    return lockedOnce(file, patience, work)
  }
}

function lockedOnce<T extends Saved>(file: string, patience: Patience, work: Work<T>): T {
  return withSqlite(file, (db) =>
    inTransaction(db, DURABLE, patience, () => {
      db.exec(SCHEMA)
      const told = db.prepare<[], number>('SELECT unsigned FROM told').pluck().get() ?? 0
      return save(db, work(read(db), told))
    }),
  )
}

/** The head, without the lock; undefined when there is none. Changes nothing. */
export function readHead(file: string, patience: Patience): Head | undefined {
  if (!existsSync(file)) return undefined
  return withSqlite(file, (db) =>
    whileBusy(patience, () => {
      const isEmpty = db.prepare("SELECT name FROM sqlite_schema WHERE name = 'head'").get() === undefined
      return isEmpty ? undefined : read(db)
    }),
  )
}

function read(db: Database): Head | undefined {
  return db.prepare<[], Head>('SELECT log, seq, sha, segment, off, len, key, pub FROM head').get()
}

function save<T extends Saved>(db: Database, done: T): T {
  const { log, seq, sha, segment, off, len, key, pub } = done.head
  db.prepare('INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)').run(
    log,
    seq,
    sha,
    segment,
    off,
    len,
    key,
    pub,
  )
  db.prepare('INSERT OR REPLACE INTO told VALUES (1, ?)').run(done.told)
  return done
}
