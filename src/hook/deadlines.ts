/**
 * When a hook must have come how far, in ms from the start of its process: at the client's timeout (10 s as installed)
 * the call would run, whatever was decided.
 */

import { patienceUntil } from '../system/deadline.ts'

/** state.db's lock is waited for until then. */
const COUNTED_MS = 6000

/** How long a hook waits for state.db, and for its repair. */
export function stateWaits() {
  const patience = patienceUntil(COUNTED_MS)
  return { locks: patience, copy: patience }
}

/** The signed line is waited for until then. */
export const SIGNED_MS = 7000

/** The answer is given by then, whatever hangs. */
export const ANSWERED_MS = 8000

/**
 * Who has a line to sign only now is on a machine so busy that a second start of Node would not be done by then: 32 hooks at
 * once beside 4 busy loops on two cores left two of three blocks unsigned.
 */
export const TOO_LATE_TO_START_MS = 1500
