/** Sessions that a person lets go on. */

import { freshSession } from '../guard/state.ts'
import type { Database } from '../system/sqlite.ts'
import { decodeLasting, encodeLasting } from './codec.ts'
import { beginStretch } from './rows.ts'
import { countResumed, hasTrippedAgents } from './trips.ts'

/** See SessionStore. To be called under the write lock. */
export function resetSessions(db: Database, now: number, keys: readonly string[]): void {
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
    if (isTripped && lasting.mode === 'enforce') countResumed(db)
    session.run(encodeLasting({ ...lasting, epoch: lasting.epoch + 1, looping: [] }), row.id)
    agents.run(row.id)
    beginStretch(db, row.id, now)
  }
}
