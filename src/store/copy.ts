/** state.db as it can be seen where SQLite cannot be let near it. */

import { closeSync, constants, fstatSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { failure } from '../system/failure.ts'
import { isOurFile, openOurs, refuseForeignFolder } from '../system/files.ts'
import { type Database, onOneState, openCopy } from '../system/sqlite.ts'
import { shellWord } from '../system/text.ts'
import { hasSchema } from './schema.ts'

/** What is copied at once, and held in memory twice: many times what 10,000 sessions take. */
const MAX_BYTES = 256 * 1024 * 1024

/**
 * Runs a query on a copy in memory, made under no lock: where somebody holds the file's lock, or something stands in
 * place of its journal, this is what can still be said. Throws when the copy cannot be read.
 */
export function onCopy<T>(file: string, query: (db: Database, now: number) => T, none: T): T {
  refuseForeignFolder(dirname(file))
  if (!isOurFile(file)) return none
  const db = openCopy(contentOf(file))
  try {
    return onOneState(db, () => (hasSchema(db, file) ? query(db, Date.now()) : none))
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
