/** state.db as it can be seen where SQLite cannot be let near it. */

import { closeSync, constants, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isOurFile, openOurs, refuseForeignFolder } from '../files.ts'
import { type Database, onOneState, openCopy } from '../sqlite.ts'
import { hasSchema } from './schema.ts'

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
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}
