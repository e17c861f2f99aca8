import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, failure } from '../failure.ts'
import { unusable } from '../files.ts'
import { isBusy, isDamage, isMoved } from '../sqlite.ts'
import { moveAsideIfDamaged } from './repair.ts'
import { StateDb } from './state-db.ts'

/** How long one hook waits for the lock before it fails. */
export const LOCK_WAIT_MS = 2000

/** How often a file may turn out to be damaged, or be moved away under us, before we give up. */
const MAX_ATTEMPTS = 3

/**
 * Opens state.db, creating it and its folder if need be, and runs `use` on it. A damaged file is moved aside
 * and `use` runs again on a fresh one; the returned notices say so, in words for a person.
 * Throws a Failure when the lock cannot be had within LOCK_WAIT_MS or the file cannot be opened.
 */
export function withStateDb<T>(
  file: string,
  clock: () => number,
  use: (store: StateDb) => T,
): { result: T; notices: readonly string[] } {
  const notices: string[] = []
  for (let attempt = 1; ; attempt += 1) {
    try {
      return attemptOnce(file, clock, use, notices)
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !(isDamage(error) || isMoved(error))) throw explained(error, file)
      const aside = isDamage(error) ? moveAsideIfDamaged(file, LOCK_WAIT_MS, clock()) : undefined
      if (aside) notices.push(`state.db was damaged: it is moved to ${aside}, and counting starts anew`)
    }
  }
}

function attemptOnce<T>(file: string, clock: () => number, use: (store: StateDb) => T, notices: string[]) {
  if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const store = new StateDb(file, LOCK_WAIT_MS, clock)
  try {
    return { result: use(store), notices }
  } finally {
    store.close()
  }
}

function explained(error: unknown, file: string): unknown {
  if (isBusy(error)) {
    return failure(
      `${file} was locked for ${LOCK_WAIT_MS / 1000} s by another process`,
      'Run: spikectl status, and end what holds it',
    )
  }
  const code = codeOf(error)
  if (!/^(SQLITE_(CANTOPEN|READONLY|IOERR|FULL|PERM|NOTADB|CORRUPT)|E[A-Z]+$)/.test(code)) return error
  return unusable(file, code)
}
