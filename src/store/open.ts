import { dirname } from 'node:path'
import { failure, mendable } from '../failure.ts'
import { makeFolder } from '../files.ts'
import { patienceOf } from '../pause.ts'
import { moveAsideIfDamaged } from '../repair.ts'
import { isBusy, isDamage, isMoved } from '../sqlite.ts'
import { StateDb } from './state-db.ts'

/** All waits for locks of one use of the file together stay below this. */
export const LOCK_WAIT_MS = 3000

/** How often a file may turn out to be damaged, or be moved away under us, before we give up. */
const MAX_ATTEMPTS = 3

/**
 * Opens state.db, creating it and its folder if need be, and runs `use` on it. A damaged file is moved aside
 * and `use` runs again on a fresh one; the returned notices say so, in words for a person.
 * Throws a Failure when its locks cannot be had within LOCK_WAIT_MS or the file cannot be used.
 */
export function withStateDb<T>(
  file: string,
  clock: () => number,
  use: (store: StateDb) => T,
): { result: T; notices: readonly string[] } {
  const notices: string[] = []
  const patience = patienceOf(LOCK_WAIT_MS)
  try {
    makeFolder(dirname(file))
    for (let attempt = 1; ; attempt += 1) {
      try {
        return { result: useOnce(new StateDb(file, patience, clock), use), notices }
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !(isDamage(error) || isMoved(error))) throw error
        const aside = isDamage(error) ? moveAsideIfDamaged(file, patience, clock()) : undefined
        if (aside) notices.push(`state.db was damaged: it is moved to ${aside}, and counting starts anew`)
      }
    }
  } catch (error) {
    throw explained(error, file)
  }
}

function useOnce<T>(store: StateDb, use: (store: StateDb) => T): T {
  try {
    return use(store)
  } finally {
    store.close()
  }
}

function explained(error: unknown, file: string): unknown {
  if (!isBusy(error)) return mendable(error, file)
  return failure(
    `${file} was locked for ${LOCK_WAIT_MS / 1000} s by another process`,
    'Run: spikectl status, and end what holds it',
  )
}
