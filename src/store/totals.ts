/** What people ask of state.db: how much was counted in all. */

import type { Database } from '../system/sqlite.ts'

export interface Totals {
  readonly calls: number
  readonly warned: number
  readonly blocked: number
  readonly halted: number
  readonly errors: number
  /** Blocks that stand in no audit log. */
  readonly unsigned: number
  /** Calls that ran without our having been asked. */
  readonly unasked: number
  /** How often a halted session, or one with a halted agent, was let go on. */
  readonly resumed: number
  /** Settings that have become looser while a session ran. */
  readonly loosened: number
  /** What shadow mode would have done. */
  readonly wouldWarn: number
  readonly wouldBlock: number
  readonly wouldHalt: number
}

export const NO_TOTALS: Totals = {
  ...{ calls: 0, warned: 0, blocked: 0, halted: 0, errors: 0, unsigned: 0, unasked: 0 },
  ...{ resumed: 0, loosened: 0 },
  ...{ wouldWarn: 0, wouldBlock: 0, wouldHalt: 0 },
}

/**
 * What was counted since the file began, sessions that are forgotten by now included. Of idle sessions their index
 * alone is read.
 */
export function readTotals(db: Database): Totals {
  const totals = db
    .prepare<[], Totals>(
      `WITH known AS (
         SELECT calls, warned, blocked, halted, unasked FROM session WHERE live IS NULL
         UNION ALL SELECT calls, warned, blocked, halted, unasked FROM session WHERE (live IS NULL) = 0),
       summed AS (
         SELECT coalesce(sum(calls), 0) AS calls, coalesce(sum(warned), 0) AS warned,
           coalesce(sum(blocked), 0) AS blocked, coalesce(sum(halted), 0) AS halted,
           coalesce(sum(unasked), 0) AS unasked FROM known)
       SELECT retired.calls + summed.calls AS calls, retired.warned + summed.warned AS warned,
         retired.blocked + summed.blocked AS blocked, retired.halted + summed.halted AS halted,
         retired.unasked + summed.unasked AS unasked, errors, unsigned, resumed, loosened,
         would_warn AS wouldWarn, would_block AS wouldBlock, would_halt AS wouldHalt FROM retired, summed`,
    )
    .get()
  return { ...NO_TOTALS, ...totals }
}
