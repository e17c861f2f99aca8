/**
 * Failures that a person can mend. The message says what is wrong and what was expected; the hint is what to
 * do about it, if possible a line to paste. Everything else that is thrown is a defect of ours.
 */

import { dirname } from 'node:path'
import { shellWord } from './text.ts'

export interface Failure extends Error {
  readonly hint: string
  /** The exit code of `spikectl`: 1 = the answer is no, 2 = wrong usage or it could not run. */
  readonly exitCode: 1 | 2
}

export function failure(message: string, hint: string, exitCode: 1 | 2 = 2): Failure {
  return Object.assign(new Error(message), { hint, exitCode })
}

export function isFailure(error: unknown): error is Failure {
  return error instanceof Error && 'hint' in error && 'exitCode' in error
}

/** The error code of Node or SQLite ("ENOENT", "SQLITE_BUSY"), or an empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/**
 * What the operating system or SQLite refused, as a Failure that names the file (that of the error, else
 * `file`). Everything else, which would be a defect of ours, comes back as it is.
 */
export function mendable(error: unknown, file?: string): unknown {
  const code = codeOf(error)
  const place = error instanceof Error && 'path' in error ? String(error.path) : file
  if (isFailure(error) || !/^(E[A-Z]+|SQLITE_[A-Z_]+)$/.test(code)) return error
  const isFull = /^(ENOSPC|EDQUOT|SQLITE_FULL)$/.test(code)
  if (!place) return isFull ? failure(`the disk is full (${code})`, 'Run: df -h') : error
  const folder = shellWord(dirname(place))
  return isFull
    ? failure(`${place} cannot be written: the disk is full (${code})`, `Run: df -h ${folder}`)
    : failure(
        `${place} cannot be used (${code})`,
        `Expected a folder and a file that you can use. Run: ls -ld ${folder} ${shellWord(place)}`,
      )
}

/** One line: what is wrong and, where we know, what to do. */
export function describe(error: unknown): string {
  const known = mendable(error)
  if (isFailure(known)) return `${known.message}. ${known.hint}`
  return known instanceof Error ? known.message : String(known)
}
