/** log.jsonl: one line a warning, block, halt, reset and error, for people. It is not the evidence: audit/ is. */

import { closeSync, constants, fstatSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { patienceOf } from './deadline.ts'
import { describe } from './failure.ts'
import { openOurs, refuseForeignFolder } from './files.ts'
import { jsonOf } from './json.ts'
import { exclusively } from './sqlite.ts'

export interface LogEntry {
  readonly event:
    | 'warn'
    | 'block'
    | 'halt'
    | 'would_warn'
    | 'would_block'
    | 'would_halt'
    | 'missing_tenant'
    | 'guard_changed'
    | 'unasked'
    | 'reset'
    | 'resumed'
    | 'limits_loosened'
    | 'acknowledged'
    | 'ask'
    | 'notice'
    | 'error'
  readonly message: string
  readonly session?: string | undefined
  readonly tenant?: string | undefined
  readonly user?: string | undefined
  readonly agent?: string | undefined
  readonly tool?: string | undefined
  readonly rule?: string | undefined
  readonly count?: number | undefined
  readonly limit?: number | undefined
  /** Reference of the signed line, or why there is none. */
  readonly audit?: string | undefined
}

const MAX_BYTES = 5 * 1024 * 1024
const LOCK_WAIT_MS = 500

/** Appends one line at `now` (Unix ms); one write, so that parallel hooks never mix. Throws when it cannot. */
function appendLog(file: string, now: number, entry: LogEntry): void {
  refuseForeignFolder(dirname(file))
  const fd = openOurs(file, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND)
  try {
    writeSync(fd, `${jsonOf({ at: new Date(now).toISOString(), ...entry })}\n`)
    if (fstatSync(fd).size >= MAX_BYTES) roll(file)
  } finally {
    closeSync(fd)
  }
}

/** Appends one line now; returns why it could not, so that an answer can say so. */
export function tryLog(file: string, entry: LogEntry): string | undefined {
  try {
    appendLog(file, Date.now(), entry)
    return undefined
  } catch (error) {
    return `log.jsonl cannot be written (${describe(error)})`
  }
}

/** One old file is kept. Under a lock, so that of many hooks only one rolls and no file is lost. */
function roll(file: string): void {
  exclusively(`${file}-roll`, patienceOf(LOCK_WAIT_MS), () => {
    if (statSync(file).size >= MAX_BYTES) renameSync(file, `${file}.1`)
  })
}
