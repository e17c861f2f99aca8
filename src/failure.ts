/**
 * Failures that a person can mend. The message says what is wrong and what was expected; the hint is what to
 * do about it, if possible a line to paste. Everything else that is thrown is a defect of ours.
 */

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

/** One line: what is wrong and, where we know, what to do. */
export function describe(error: unknown): string {
  if (isFailure(error)) return `${error.message}. ${error.hint}`
  return error instanceof Error ? error.message : String(error)
}
