/** Tripped sessions and agents: who of them goes on when an event or a person resets them. */

import { freshSession, type State } from '../guard/state.ts'
import type { Database } from '../system/sqlite.ts'
import { decodeAgent, decodeLasting, encodeLasting } from './codec.ts'
import type { StateDb } from './sqlite-store.ts'
import type { Decided, Found } from './store.ts'

/**
 * What a decided event does to the trips of a session that is known: those of its other agents end with the epoch. Returns
 * how what was stopped goes on, and counts it; undefined when nothing was stopped.
 */
export function settleTrips(db: Database, id: Found['id'], before: State, decided: Decided) {
  const { epoch } = before.session.lasting
  const { reset } = decided
  const resumed = reset && (reset.wasStopped || hasTrippedAgents(db, id, epoch)) ? reset.how : undefined
  if (resumed) countResumed(db, 1)
  if (decided.session.lasting.epoch !== epoch) forgetTrippedAgents(db, id)
  return resumed
}

/** Clears windows, trips and what agents did; what was counted before stays known. */
export function resetSessions(store: StateDb, keys: readonly string[]): void {
  store.transaction((db, now) => {
    const find = db.prepare<[string], { id: number; lasting: string }>(
      'SELECT id, lasting FROM session WHERE key = ?',
    )
    const session = db.prepare('UPDATE session SET live = NULL, lasting = ? WHERE id = ?')
    const agents = db.prepare('UPDATE agent SET live = NULL, latched = 0 WHERE session = ?')
    for (const key of keys) {
      const row = find.get(key)
      if (!row) continue
      const { trip, ...lasting } = decodeLasting(row.lasting) ?? freshSession(now).lasting
      const isTripped = trip !== undefined || hasTrippedAgents(db, row.id, lasting.epoch)
      if (isTripped && lasting.mode === 'enforce') countResumed(db, 1)
      session.run(encodeLasting({ ...lasting, epoch: lasting.epoch + 1, looping: [] }), row.id)
      agents.run(row.id)
    }
  })
}

/** Agents that were tripped in an earlier epoch are so no longer. */
function hasTrippedAgents(db: Database, id: Found['id'], epoch: number): boolean {
  return db
    .prepare<[Found['id']], string>('SELECT live FROM agent WHERE session = ? AND latched = 1')
    .pluck()
    .all(id)
    .some((live) => decodeAgent(live)?.epoch === epoch)
}

function forgetTrippedAgents(db: Database, id: Found['id']): void {
  db.prepare('UPDATE agent SET live = NULL, latched = 0 WHERE session = ? AND latched = 1').run(id)
}

function countResumed(db: Database, sessions: number): void {
  db.prepare('UPDATE retired SET resumed = resumed + ?').run(sessions)
}
