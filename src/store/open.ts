import { dirname } from 'node:path'
import { type Patience, sinceStart } from '../system/deadline.ts'
import { failure, mendable } from '../system/failure.ts'
import { makeFolder } from '../system/files.ts'
import { moveAsideIfDamaged, type RepairWaits } from '../system/repair.ts'
import { isBusy, isDamage, isMoved } from '../system/sqlite.ts'
import { SqliteEventStore } from './sqlite-event-store.ts'
import type { EventStore } from './store.ts'

/** How often a file may turn out to be damaged, or be moved away under us, before we give up. */
const MAX_ATTEMPTS = 3

/** What `use` returned, and what a person should know, in words for them. */
export interface Opened<T> {
  readonly result: T
  readonly notices: readonly string[]
}

/** Opens what an event asks of state.db, as `opened` does. */
export function withEventStore<T>(
  file: string,
  use: (store: EventStore) => T,
  waits: RepairWaits,
): Opened<T> {
  return opened(SqliteEventStore, file, use, waits)
}

/**
 * Opens state.db, creating it and its folder if need be, and runs `use` on it. A damaged file is moved aside and `use` runs
 * again on a fresh one; the returned notices say so. Throws a Failure when its locks cannot be had in time or the file
 * cannot be used.
 */
export function opened<Store extends SqliteEventStore, T>(
  StoreOf: new (file: string, patience: Patience, clock: () => number) => Store,
  file: string,
  use: (store: Store) => T,
  waits: RepairWaits,
  clock: () => number = Date.now,
): Opened<T> {
  const notices: string[] = []
  const start = sinceStart()
  try {
    makeFolder(dirname(file))
    for (let attempt = 1; ; attempt += 1) {
      try {
        return { result: useOnce(new StoreOf(file, waits.locks, clock), use), notices }
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

function useOnce<Store extends SqliteEventStore, T>(store: Store, use: (store: Store) => T): T {
  try {
    return use(store)
  } finally {
    store.close()
  }
}

function explained(error: unknown, file: string, waitedMs: number): unknown {
  if (!isBusy(error)) return mendable(error, file)
  return failure(
    `${file} was locked for ${Math.round(waitedMs / 1000)} s by another process`,
    'Run: spikectl status, and end what holds it',
  )
}
