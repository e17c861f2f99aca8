/**
 * Blocks that could not be signed leave no line of their own; the next line that is signed carries how many there were
 * since the one before it. audit.db remembers how many were told of, in the same transaction as the end of the log.
 */

import type { AuditObject } from './canonical.ts'
import type { Members } from './chain.ts'

/** How many a line tells of. */
export function unsignedIn({ recovery }: Members): number {
  if (typeof recovery !== 'object' || !('unsigned' in recovery)) return 0
  return typeof recovery.unsigned === 'number' && recovery.unsigned > 0 ? recovery.unsigned : 0
}

/** How many were told of by all of these lines. */
export function unsignedInAll(lines: readonly { readonly members: Members }[]): number {
  return lines.reduce((sum, { members }) => sum + unsignedIn(members), 0)
}

/**
 * What the next line says of them: `total` were counted since state.db began, of which `told` were told of. A total below
 * that was begun anew, with a new state.db. While the total is not known nothing is said: a later line will.
 */
export function unsignedSince(total: number | undefined, told: number): AuditObject {
  const missing = total === undefined ? 0 : total < told ? total : total - told
  return missing > 0 ? { unsigned: missing } : {}
}
