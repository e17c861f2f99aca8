import { dirname } from 'node:path'
import { patienceOf, sinceStart } from '../system/deadline.ts'
import { failure, mendable } from '../system/failure.ts'
import { makeFolder } from '../system/files.ts'
import { moveAsideIfDamaged, type RepairWaits } from '../system/repair.ts'
import { isBusy, isDamage, isMoved } from '../system/sqlite.ts'
import { StateDb } from './sqlite-store.ts'

/** How long people wait for a lock that does not come. */
const LOCK_WAIT_MS = 3000

/** How often a file may turn out to be damaged, or be moved away under us, before we give up. */
const MAX_ATTEMPTS = 3

/** All waits of one use of the file by a person; a large file that is damaged may take them as long as it takes. */
function people(): RepairWaits {
  return { locks: patienceOf(LOCK_WAIT_MS), copy: () => 1 }
}

/**
 * Opens state.db, creating it and its folder if need be, and runs `use` on it. A damaged file is moved aside
 * and `use` runs again on a fresh one; the returned notices say so, in words for a person.
 * Throws a Failure when its locks cannot be had in time or the file cannot be used.
 */
export function withStateDb<T>(
  file: string,
  clock: () => number,
  use: (store: StateDb) => T,
  waits: RepairWaits = people(),
): { result: T; notices: readonly string[] } {
  const notices: string[] = []
  const start = sinceStart()
  try {
    makeFolder(dirname(file))
    for (let attempt = 1; ; attempt += 1) {
      try {
        return { result: useOnce(new StateDb(file, waits.locks, clock), use), notices }
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

function useOnce<T>(store: StateDb, use: (store: StateDb) => T): T {
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
