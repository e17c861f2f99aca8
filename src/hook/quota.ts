/** What the client says of its user's limits: no event tells it, so it is read where the status line has written it down. */

import type { GuardEvent } from '../guard/event.ts'
import { mostUsed, readClientLimits } from '../hosts/client-limits.ts'

/** The event, with the limit that is used most. */
export function withQuota(event: GuardEvent, file: string): GuardEvent {
  return { ...event, quota: mostUsed(readClientLimits(file), Date.now()) }
}
