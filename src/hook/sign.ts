/** The signed line of what was refused. A refusal stands whether or not it could be signed. */

import type { AuditObject } from '../audit/canonical.ts'
import { describe } from '../failure.ts'
import { tryLog } from '../log.ts'
import type { Paths } from '../paths.ts'
import { patienceOf, patienceUntil } from '../pause.ts'
import { SIGNED_MS } from './deadlines.ts'
import { countIn } from './failed.ts'

/** state.db's lock is waited for this long even if the log's has taken all the time. */
const LEAST_WAIT_MS = 100

/** Where answers are written down. */
export interface Desk {
  readonly paths: Paths
  /** From this size on the audit log goes on in a new file. */
  readonly segmentBytes: number
}

/** What became of the signed line: its reference, or that there is none. */
export interface Signature {
  /** For the model and the person: short. */
  readonly audit: string
  /** For the log: also why. */
  readonly detail: string
}

export async function sign({ paths, segmentBytes }: Desk, members: AuditObject): Promise<Signature> {
  try {
    const { append, reference } = await import('../audit/append.ts')
    const patience = patienceUntil(SIGNED_MS)
    const line = append(paths, members, { patience, clock: Date.now, segmentBytes })
    if (line.remark) tryLog(paths.log, { event: 'error', message: line.remark })
    const audit = reference(line)
    return { audit, detail: audit }
  } catch (error) {
    const uncounted = countUnsigned(paths)
    return { audit: 'not signed: see spikectl log', detail: `not signed: ${describe(error)}${uncounted}` }
  }
}

/** Returns what to add to the log when it cannot be counted. */
function countUnsigned({ stateDb }: Paths): string {
  try {
    countIn(stateDb, 'unsigned', patienceOf(LEAST_WAIT_MS))
    return ''
  } catch (error) {
    return `; and not counted: ${describe(error)}`
  }
}
