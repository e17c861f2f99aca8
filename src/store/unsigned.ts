/** Blocks that could not be signed, as state.db counts them. */

import { peek } from './peek.ts'

/** It is read under the lock of the log, for which others wait. */
const LOCK_WAIT_MS = 100

/** How many there were since the file began; undefined where that cannot be read now: then a later line tells of them. */
export function readUnsigned(file: string): number | undefined {
  try {
    return peek(
      file,
      (db) => db.prepare<[], number>('SELECT unsigned FROM retired').pluck().get() ?? 0,
      0,
      LOCK_WAIT_MS,
    )
  } catch {
    return undefined // no reason to leave this line unsigned too; what is wrong with the file is told by who must use it
  }
}
