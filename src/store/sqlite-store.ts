/** All of state.db: what people ask of it and change in it, and what rare events note. An allowed call loads none of this. */

import type { Identity } from '../guard/identity.ts'
import { patienceOf } from '../system/deadline.ts'
import { isAbsent } from '../system/files.ts'
import type { RepairWaits } from '../system/repair.ts'
import { onOneState, whileBusy } from '../system/sqlite.ts'
import { noteGuardChange, notePolicy } from './notes.ts'
import { type Opened, opened } from './open.ts'
import { readUnsigned } from './queries.ts'
import { resetSessions } from './reset.ts'
import { isOutdated } from './schema.ts'
import { nothing, snapshotOf } from './snapshot.ts'
import { SqliteEventStore } from './sqlite-event-store.ts'
import type { GuardChange, PolicyChange, SessionStore, Snapshot } from './store.ts'

/** How long people wait for a lock that does not come. */
const LOCK_WAIT_MS = 3000

/** All waits of one use of the file by a person; a large file that is damaged may take them as long as it takes. */
function people(): RepairWaits {
  return { locks: patienceOf(LOCK_WAIT_MS), copy: () => 1 }
}

/** Opens state.db as `opened` does, and runs `use` on it. */
export function withStore<T>(
  file: string,
  use: (store: SessionStore) => T,
  waits: RepairWaits = people(),
): Opened<T> {
  return opened(SqliteStore, file, use, waits)
}

/** Asks, and mends or brings up to date what has to be; but makes no file where there is none. */
export function readStore<T>(file: string, ask: (seen: Snapshot) => T): T {
  if (isAbsent(file)) return ask(nothing(Date.now()))
  return withStore(file, (store) => store.read(ask)).result
}

export class SqliteStore extends SqliteEventStore implements SessionStore {
  /** Under no lock but to bring the file up to date. */
  read<T>(ask: (seen: Snapshot) => T): T {
    return whileBusy(this.patience, () => {
      if (isOutdated(this.db, this.file)) this.transaction(() => undefined)
      return onOneState(this.db, () => ask(snapshotOf(this.db, this.file, this.clock())))
    })
  }

  reset(keys: readonly string[]): void {
    this.transaction((db, now) => resetSessions(db, now, keys))
  }

  notePolicy(identity: Identity, change: PolicyChange, settings: readonly string[]): boolean {
    return this.transaction((db, now) => notePolicy(db, now, identity, change, settings))
  }

  noteGuardChange(identity: Identity, project: string, found: Omit<GuardChange, 'at'> | undefined): boolean {
    return this.transaction((db, now) => noteGuardChange(db, now, identity, project, found))
  }

  acknowledgeUnsigned(): number {
    return this.transaction((db) => {
      const { fresh } = readUnsigned(db)
      db.exec('UPDATE retired SET unsigned_seen = unsigned')
      return fresh
    })
  }
}
