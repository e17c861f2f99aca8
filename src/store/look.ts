/** state.db as it can be looked at by who may not write to it: all is left as it is. */

import { closeSync, constants, fstatSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { patienceOf } from '../system/deadline.ts'
import { codeOf, failure, mendable } from '../system/failure.ts'
import { isAbsent, isOurFile, openOurs, refuseForeignFolder } from '../system/files.ts'
import { isBusy, isDamage, onOneState, openCopy, openSqlite, whileBusy } from '../system/sqlite.ts'
import { shellWord } from '../system/text.ts'
import { ensureSchema } from './migrations.ts'
import { isOutdated } from './schema.ts'
import { nothing, snapshotOf } from './snapshot.ts'
import type { Snapshot } from './store.ts'

/** Whoever may write mends it: the next tool call, or a person who does not want to wait for one. */
const MENDED = 'The next tool call mends it, or run: spikectl status'

/** What is read for show alone is worth no longer wait. */
const LOCK_WAIT_MS = 500

/** What is copied at once, and held in memory twice: many times what 10,000 sessions take. */
const MAX_BYTES = 256 * 1024 * 1024

/**
 * Asks: no file is made, mended or brought up to date, and no lock taken but a reader's. Throws a Failure when the file
 * cannot be read.
 */
export function peek<T>(file: string, ask: (seen: Snapshot) => T, waitMs = LOCK_WAIT_MS): T {
  if (isAbsent(file)) return ask(nothing(Date.now()))
  try {
    return peekAt(file, ask, waitMs)
  } catch (error) {
    throw explained(error, file)
  }
}

/** Of an earlier version a copy is asked, made while the reader's lock keeps all others from writing. */
function peekAt<T>(file: string, ask: (seen: Snapshot) => T, waitMs: number): T {
  const db = openSqlite(file, { readonly: true })
  try {
    return whileBusy(patienceOf(waitMs), () =>
      onOneState(db, () =>
        isOutdated(db, file) ? onCopy(file, ask) : ask(snapshotOf(db, file, Date.now())),
      ),
    )
  } finally {
    db.close()
  }
}

function explained(error: unknown, file: string): unknown {
  if (isBusy(error)) return failure('state.db is locked by another process', 'Run: spikectl status')
  if (isDamage(error)) return failure('state.db is damaged', MENDED)
  // A process was killed while it wrote: what it began can be rolled back only by one that may write.
  const isCutOff = codeOf(error) === 'SQLITE_READONLY_ROLLBACK'
  return isCutOff ? failure('state.db is half written', MENDED) : mendable(error, file)
}

/**
 * Asks a copy in memory, made under no lock: where somebody holds the file's lock, or something stands in place of its
 * journal, this is what can still be said. Throws when the copy cannot be read.
 */
export function onCopy<T>(file: string, ask: (seen: Snapshot) => T): T {
  refuseForeignFolder(dirname(file))
  if (!isOurFile(file)) return ask(nothing(Date.now()))
  const db = openCopy(contentOf(file))
  try {
    return onOneState(db, () => {
      if (isOutdated(db, file)) ensureSchema(db, file)
      return ask(snapshotOf(db, file, Date.now()))
    })
  } finally {
    db.close()
  }
}

function contentOf(file: string): Buffer {
  const fd = openOurs(file, constants.O_RDONLY)
  try {
    if (fstatSync(fd).size > MAX_BYTES) {
      throw failure(`${file} is too large to be copied`, `Run: ls -l ${shellWord(file)}`)
    }
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}
