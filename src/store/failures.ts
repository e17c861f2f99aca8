/** Failures of ours, and blocks that could not be signed: counted where there may be no time to open state.db as usual. */

import type { Patience } from '../system/deadline.ts'
import { peek } from './look.ts'
import { SqliteStore } from './sqlite-store.ts'

/** state.db is not mended for it. Throws what SQLite throws, once patience for its locks is over. */
export function countFailure(file: string, what: 'errors' | 'unsigned', patience: Patience): void {
  const store = new SqliteStore(file, patience, Date.now)
  try {
    store.count(what)
  } finally {
    store.close()
  }
}

/** It is read under the lock of the log, for which others wait. */
const LOCK_WAIT_MS = 100

/** How many blocks could not be signed since the file began; undefined where that cannot be read now: then a later line tells of them. */
export function unsignedIn(file: string): number | undefined {
  try {
    return peek(file, (seen) => seen.unsigned().count, LOCK_WAIT_MS)
  } catch {
    return undefined // no reason to leave this line unsigned too; what is wrong with the file is told by who must use it
  }
}
