/** Tripped sessions and agents: who of them goes on when an event resets them. */

import type { State } from '../guard/state.ts'
import type { Database } from '../system/sqlite.ts'
import { decodeAgent } from './codec.ts'
import type { Found } from './rows.ts'
import type { Decided } from './store.ts'

/**
 * What a decided event does to the trips of a session that is known: those of its other agents end with the epoch. Returns
 * how what was stopped goes on, and counts it; undefined when nothing was stopped.
 */
export function settleTrips(db: Database, id: Found['id'], before: State, decided: Decided) {
  const { epoch } = before.session.lasting
  const { reset } = decided
  const resumed = reset && (reset.wasStopped || hasTrippedAgents(db, id, epoch)) ? reset.how : undefined
  if (resumed) countResumed(db)
  if (decided.session.lasting.epoch !== epoch) forgetTrippedAgents(db, id)
  return resumed
}

/** Agents that were tripped in an earlier epoch are so no longer. */
export function hasTrippedAgents(db: Database, id: Found['id'], epoch: number): boolean {
  return db
    .prepare<[Found['id']], string>('SELECT live FROM agent WHERE session = ? AND latched = 1')
    .pluck()
    .all(id)
    .some((live) => decodeAgent(live)?.epoch === epoch)
}

function forgetTrippedAgents(db: Database, id: Found['id']): void {
  db.prepare('UPDATE agent SET live = NULL, latched = 0 WHERE session = ? AND latched = 1').run(id)
}

export function countResumed(db: Database): void {
  db.exec('UPDATE retired SET resumed = resumed + 1')
}
