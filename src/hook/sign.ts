/** The signed line of what was blocked. A block stands whether or not it could be signed. */

import type { AuditEvent } from '../audit/append.ts'
import { unsignedIn } from '../store/failures.ts'
import { type Patience, patienceOf, patienceUntil } from '../system/deadline.ts'
import { describe } from '../system/failure.ts'
import { tryLog } from '../system/log.ts'
import type { Paths } from '../system/paths.ts'
import { countUnsigned } from './count.ts'
import { SIGNED_MS } from './deadlines.ts'

/** state.db's lock is waited for this long even if the log's has taken all the time. */
const LEAST_WAIT_MS = 100

/** Where answers are written down. */
export interface Destination {
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

/** What a reason says in place of the reference of its line. */
export const UNSIGNED = 'not signed: see spikectl log'

/** Signs in this process, which waits for the log's lock as long as there is patience. */
export async function sign(
  { paths, segmentBytes }: Destination,
  members: AuditEvent,
  patience: Patience = patienceUntil(SIGNED_MS),
): Promise<Signature> {
  try {
    const { append, reference } = await import('../audit/append.ts')
    const unsigned = () => unsignedIn(paths.stateDb)
    const line = append(paths, members, { patience, clock: Date.now, segmentBytes, unsigned })
    if (line.remark) tryLog(paths.log, { event: 'error', message: line.remark })
    const audit = reference(line)
    return { audit, detail: audit }
  } catch (error) {
    const uncounted = countUnsigned(paths, patienceOf(LEAST_WAIT_MS))
    return { audit: UNSIGNED, detail: `not signed: ${describe(error)}${uncounted}` }
  }
}
