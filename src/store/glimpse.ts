import { mendable } from '../failure.ts'
import { patienceOf } from '../pause.ts'
import { type Database, openSqlite, whileBusy } from '../sqlite.ts'
import { hasSchema } from './schema.ts'

/** Longer than a hook holds its lock; less than a person at a prompt notices. */
const LOCK_WAIT_MS = 100

/**
 * Runs a query on one consistent state of state.db, for one who only looks: the file is not created, brought up to
 * date or mended. `none` if nothing was counted, or if it is of an earlier version. Throws a Failure if it cannot be read.
 */
export function glimpse<T>(
  file: string,
  clock: () => number,
  query: (db: Database, now: number) => T,
  none: T,
): T {
  const db = openSqlite(file, { readonly: true })
  try {
    return whileBusy(patienceOf(LOCK_WAIT_MS), () => {
      db.exec('BEGIN')
      try {
        return hasSchema(db, file) ? query(db, clock()) : none
      } finally {
        db.exec('COMMIT')
      }
    })
  } catch (error) {
    throw mendable(error, file)
  } finally {
    db.close()
  }
}
