/** All of state.db: what people ask of it and change in it, and what rare events note. An allowed call loads none of this. */

import { dirname } from 'node:path'
import type { Identity } from '../guard/identity.ts'
import { patienceOf, sinceStart } from '../system/deadline.ts'
import { describe, failure, mendable } from '../system/failure.ts'
import { isAbsent, makeFolder } from '../system/files.ts'
import { moveAsideIfDamaged, type RepairWaits } from '../system/repair.ts'
import { isBusy, isDamage, isMoved, onOneState, whileBusy } from '../system/sqlite.ts'
import { ensureSchema } from './migrations.ts'
import { noteGuardChange, notePolicy } from './notes.ts'
import { readUnsigned } from './queries.ts'
import { resetSessions } from './reset.ts'
import { isOutdated } from './schema.ts'
import { nothing, snapshotOf } from './snapshot.ts'
import { SqliteEventStore, useOnce } from './sqlite-event-store.ts'
import type { GuardChange, Opened, PolicyChange, SessionStore, Snapshot } from './store.ts'
import { forgetIdle } from './sweep.ts'

/** How long people wait for a lock that does not come. */
const LOCK_WAIT_MS = 3000

/** All waits of one use of the file by a person; a large file that is damaged may take them as long as it takes. */
function people(): RepairWaits {
  return { locks: patienceOf(LOCK_WAIT_MS), copy: () => Number.POSITIVE_INFINITY }
}

/** How often a file may turn out to be damaged, or be moved away under us, before we give up. */
const MAX_ATTEMPTS = 3

/**
 * Opens state.db, creating it and its folder if need be, and runs `use` on it. A damaged file is moved aside and `use` runs
 * again on a fresh one; the returned notices say so. Throws a Failure when its locks cannot be had in time or the file
 * cannot be used.
 */
export function withStore<T>(
  file: string,
  use: (store: SessionStore) => T,
  waits: RepairWaits = people(),
  clock: () => number = Date.now,
): Opened<T> {
  const notices: string[] = []
  const start = sinceStart()
  try {
    makeFolder(dirname(file))
    for (let attempt = 1; ; attempt += 1) {
      try {
        return { result: useOnce(new SqliteStore(file, waits.locks, clock), use), notices }
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !(isDamage(error) || isMoved(error))) throw error
        const aside = isDamage(error) ? moveAsideIfDamaged(file, waits, clock()) : undefined
        if (aside) notices.push(`state.db was damaged: it is moved to ${aside}, and counting starts anew`)
      }
    }
  } catch (error) {
    throw explained(error, file, sinceStart() - start)
  }
}

/** An error of SQLite as a Failure that says what to do; what is none stays as it is. */
export function explained(error: unknown, file: string, waitedMs: number): unknown {
  if (!isBusy(error)) return mendable(error, file)
  return failure(
    `${file} was locked for ${Math.round(waitedMs / 1000)} s by another process`,
    'Run: spikectl status, and end what holds it',
  )
}

/** Asks, and mends or brings up to date what has to be; but makes no file where there is none. */
export function readStore<T>(file: string, ask: (seen: Snapshot) => T): T {
  if (isAbsent(file)) return ask(nothing(Date.now()))
  return withStore(file, (store) => store.read(ask)).result
}

/**
 * Forgets what is idle; gives way when another process writes. Never throws, because what was decided before must be
 * answered: returns what went wrong, in words for a person.
 */
export function sweep(file: string): string | undefined {
  const atOnce = { locks: () => 0, copy: () => 0 }
  try {
    return withStore(file, (store) => store.sweep(), atOnce).result
  } catch (error) {
    return `idle sessions cannot be forgotten (${describe(error)})`
  }
}

export class SqliteStore extends SqliteEventStore implements SessionStore {
  protected override makeTables(): void {
    ensureSchema(this.db, this.file)
  }

  count(what: 'errors' | 'unsigned'): void {
    this.transaction((db) => db.exec(`UPDATE retired SET ${what} = ${what} + 1`))
  }

  sweep(): string | undefined {
    this.patience = () => 0
    try {
      this.transaction(forgetIdle)
      return undefined
    } catch (error) {
      return isBusy(error) ? undefined : `idle sessions cannot be forgotten (${describe(error)})`
    }
  }

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
