import { patienceOf } from '../system/deadline.ts'
import { codeOf, failure, mendable } from '../system/failure.ts'
import { isAbsent } from '../system/files.ts'
import { type Database, isBusy, isDamage, onOneState, openSqlite, whileBusy } from '../system/sqlite.ts'
import { hasSchema } from './schema.ts'

/** Whoever may write mends it: the next tool call, or a person who does not want to wait for one. */
const MENDED = 'The next tool call mends it, or run: spikectl status'

/** What is read for show alone is worth no longer wait. */
const LOCK_WAIT_MS = 500

/**
 * Runs a query on one consistent state of state.db and leaves all as it is: no file is made, mended or brought up to
 * date, and no lock taken but a reader's. `none` if nothing was counted, or by an earlier version only, whose counts
 * end with it. Throws a Failure when the file cannot be read.
 */
export function peek<T>(
  file: string,
  query: (db: Database, now: number) => T,
  none: T,
  waitMs = LOCK_WAIT_MS,
): T {
  if (isAbsent(file)) return none
  const patience = patienceOf(waitMs)
  try {
    const db = openSqlite(file, { readonly: true })
    try {
      return whileBusy(patience, () =>
        onOneState(db, () => (hasSchema(db, file) ? query(db, Date.now()) : none)),
      )
    } finally {
      db.close()
    }
  } catch (error) {
    throw explained(error, file)
  }
}

function explained(error: unknown, file: string): unknown {
  if (isBusy(error)) return failure('state.db is locked by another process', 'Run: spikectl status')
  if (isDamage(error)) return failure('state.db is damaged', MENDED)
  // A process was killed while it wrote: what it began can be rolled back only by one that may write.
  const isCutOff = codeOf(error) === 'SQLITE_READONLY_ROLLBACK'
  return isCutOff ? failure('state.db is half written', MENDED) : mendable(error, file)
}
