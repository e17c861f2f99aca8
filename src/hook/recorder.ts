/**
 * The process that writes down what a hook has blocked: it signs, logs and counts. The hook waits for it, and answers
 * without it when it is killed or hangs: see record.ts.
 */

import type { AuditEvent } from '../audit/append.ts'
import { monotonic, patienceOf } from '../system/deadline.ts'
import { type LogEntry, tryLog } from '../system/log.ts'
import { writeOut } from '../system/stdio.ts'
import { countUnsigned, recordFailure } from './count.ts'
import { type Destination, type Signature, sign, UNSIGNED } from './sign.ts'

/** What there is to write down. */
export interface Task {
  /** To be signed. */
  readonly line?: AuditEvent
  /** For log.jsonl; it names what became of the line. */
  readonly entry?: LogEntry
  /** A failure of ours, to be logged and counted. */
  readonly failure?: string
  /** Why another recorder has not signed the line that belongs to the entry. */
  readonly lost?: string
}

export interface Job extends Task {
  readonly destination: Destination
  /** Until when the line is waited for, on the clock of monotonic(). */
  readonly until: number
}

export interface Recorded extends Signature {
  /** Why log.jsonl could not be written. */
  readonly problem?: string
}

/** The variable in which the job is: arguments could be read by other users. */
export const JOB = 'SPIKECTL_RECORD'

/** state.db's lock is waited for this long where no hook waits any more. */
const LOST_WAIT_MS = 10_000

/** The whole life of the process, which ends with 0 only when it has said what it did. */
export async function main(): Promise<void> {
  const job: Job = JSON.parse(process.env[JOB] ?? '')
  const unsaid = writeOut(1, JSON.stringify(await carryOut(job)))
  process.exit(unsaid ? 1 : 0)
}

export async function carryOut({ destination, until, line, entry, failure, lost }: Job): Promise<Recorded> {
  const { paths } = destination
  const patience = () => Math.max(0, until - monotonic())
  // A line signed later would be one that the hook has already told of as not signed.
  const why = lost ?? (line && patience() === 0 ? 'the machine was too slow to sign it in time' : undefined)
  const signature = why
    ? notSigned(destination, why)
    : line
      ? await sign(destination, line, patience)
      : undefined
  const problem = entry && tryLog(paths.log, { ...entry, ...(signature && { audit: signature.detail }) })
  if (failure) recordFailure(paths, failure)
  return { ...(signature ?? { audit: '', detail: '' }), ...(problem && { problem }) }
}

function notSigned({ paths }: Destination, why: string): Signature {
  return { audit: UNSIGNED, detail: `not signed: ${why}${countUnsigned(paths, patienceOf(LOST_WAIT_MS))}` }
}
