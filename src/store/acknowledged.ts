/** How many of the blocks that could not be signed a person has taken note of. It lasts as long as their counter. */

import type { Database } from '../system/sqlite.ts'
import type { StateDb } from './sqlite-store.ts'

export interface Noted {
  /** All since the file began. */
  readonly count: number
  /** Those that nobody has taken note of. */
  readonly fresh: number
}

export function readNoted(db: Database): Noted {
  const row = db
    .prepare<[], Noted>('SELECT unsigned AS count, unsigned - unsigned_seen AS fresh FROM retired')
    .get()
  return row ?? { count: 0, fresh: 0 }
}

/** Takes note of all until now; returns how many of them were new. */
export function acknowledgeUnsigned(store: StateDb): number {
  return store.transaction((db) => {
    const { fresh } = readNoted(db)
    db.exec('UPDATE retired SET unsigned_seen = unsigned')
    return fresh
  })
}
