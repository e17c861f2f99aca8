/** Files of ours and files that others may have put in our way. */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Failure, failure } from './failure.ts'
import { shellWord } from './short-id.ts'

/** Settings are a few hundred bytes; anything much larger is no settings file. */
const SMALL_FILE_BYTES = 64 * 1024

/**
 * The text of a small file, or undefined when there is none.
 * Never waits: a named pipe in its place would otherwise hold the hook until the client lets the call run.
 */
export function readSmallFile(file: string): string | undefined {
  // Looked for first because a missing file is the usual case, and an exception costs more than a look.
  if (!statSync(file, { throwIfNoEntry: false })) return undefined
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw failure(`${file} is no regular file`, `Run: ls -ld ${shellWord(file)}`)
    if (stat.size > SMALL_FILE_BYTES) {
      throw failure(`${file} is larger than ${SMALL_FILE_BYTES} bytes`, `Run: ls -l ${shellWord(file)}`)
    }
    const bytes = Buffer.alloc(stat.size)
    return bytes.toString('utf8', 0, readSync(fd, bytes))
  } finally {
    closeSync(fd)
  }
}

/** True when something stands at `file`. Refuses a symlink: our files are where we put them or nowhere. */
export function isThere(file: string): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (stat?.isSymbolicLink()) {
    throw failure(
      `${file} is a symbolic link, and spikectl does not follow links in its own folder`,
      `Run: ls -l ${shellWord(file)}`,
    )
  }
  return stat !== undefined
}

/** The Failure of a folder or file of ours that cannot be read or written: `code` is Node's or SQLite's. */
export function unusable(file: string, code: string): Failure {
  const folder = shellWord(dirname(file))
  return failure(
    `${file} cannot be used (${code})`,
    `Expected a folder that you can write. Run: ls -ld ${folder}`,
  )
}
