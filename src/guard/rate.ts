/** The rate rule: how many calls a minute are too many. */

import type { Limits } from './policy.ts'
import { countOf, emptiesTo, type Ring } from './ring.ts'
import { ALLOW, type Allow, type Block, type Warn } from './verdict.ts'

/**
 * What the limits say of one more call, the admitted calls of the window being `ring` (aged to `now`).
 * A limit is reached with `>=`; the block limit is looked at first; 0 switches a limit off.
 */
export function judgeRate(ring: Ring, limits: Limits, now: number): Allow | Warn | Block {
  const { warnPerMin, blockPerMin } = limits
  const count = countOf(ring) + 1
  if (blockPerMin > 0 && count >= blockPerMin) {
    return { kind: 'block', rule: 'rate', count, limit: blockPerMin, ...retryAfter(ring, blockPerMin, now) }
  }
  if (warnPerMin > 0 && count >= warnPerMin) {
    return { kind: 'warn', rule: 'rate', count, limit: warnPerMin, blockLimit: blockPerMin }
  }
  return ALLOW
}

/** A place is free when one more call would stay below the limit. */
function retryAfter(ring: Ring, limit: number, now: number): { retryAfterMs?: number } {
  const free = emptiesTo(ring, limit - 2)
  return free === undefined ? {} : { retryAfterMs: Math.max(0, free - now) }
}

/** True while a warning stays spoken: from the crossing until the count is below 80 % of the limit. */
export function staysWarned(ring: Ring, warnPerMin: number): boolean {
  return countOf(ring) * 5 >= warnPerMin * 4
}
