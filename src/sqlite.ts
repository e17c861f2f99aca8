/**
 * Opens SQLite files. The JavaScript of better-sqlite3 is bundled with ours and its binary is loaded by path,
 * because finding and loading its dozen small files costs every tool call a fifth of Node's own start.
 */

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { codeOf, failure } from './failure.ts'

export type { Database } from 'better-sqlite3'

/** Damage, as SQLite reports it. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(NOTADB|CORRUPT)/.test(codeOf(error))
}

export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY')
}

/** True when the file was moved away under an open connection. */
export function isMoved(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_READONLY_DBMOVED'
}

/** Opens `file`, creating it if need be; a lock that others hold is waited for up to `waitMs`. */
export function openSqlite(file: string, waitMs: number): Database.Database {
  const timeout = Math.max(0, Math.round(waitMs))
  let last: unknown
  for (const nativeBinding of binaries()) {
    try {
      return new Database(file, { timeout, nativeBinding })
    } catch (error) {
      if (codeOf(error) !== 'ERR_DLOPEN_FAILED') throw error
      last = error // built for the other C library: on Linux, glibc's comes first and musl's second
    }
  }
  throw failure(
    `the SQLite binary for ${process.platform}-${process.arch} cannot be loaded${last ? ` (${String(last)})` : ''}`,
    'Run: npm install -g spikectl',
  )
}

function* binaries(): Generator<string> {
  const home = packageFolder('better-sqlite3')
  const names = [
    `prebuilds/${process.platform}-${process.arch}.node`,
    `prebuilds/linuxmusl-${process.arch}.node`,
    'build/Release/better_sqlite3.node',
  ]
  for (const name of names) {
    const file = join(home, name)
    if (existsSync(file)) yield file
  }
}

/** Where Node would find an installed package, seen from this file. */
function packageFolder(name: string): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(candidate)) return candidate
    if (folder === dirname(folder)) throw failure(`${name} is not installed`, 'Run: npm install -g spikectl')
  }
}
