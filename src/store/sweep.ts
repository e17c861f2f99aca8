/**
 * Forgets what is idle, so that the file stays as small as the sessions that matter: windows after a minute,
 * summaries after 30 days; agents idle for 10 minutes are folded into one row of their session, unless they are halted.
 */

import { WINDOW_MS } from '../guard/window.ts'
import { dayOf } from '../system/day.ts'
import type { Database } from '../system/sqlite.ts'
import { minuteOf } from './schema.ts'

const SUMMARY_TTL_MS = 30 * 24 * 3600 * 1000
const AGENT_TTL_MS = 10 * 60 * 1000

/** At most this many rows of each kind a sweep, so that the one hook that sweeps stays quick. */
const BATCH = 200

/** The agent under which the calls of idle agents are kept. */
const IDLE_AGENTS = '(idle)'

/** Sweeps once. To be called under the write lock. */
export function forgetIdle(db: Database, now: number): void {
  db.prepare('UPDATE retired SET swept_ms = ?').run(now)
  dropWindows(db, now - WINDOW_MS)
  foldAgents(db, minuteOf(now - AGENT_TTL_MS))
  dropSessions(db, minuteOf(now - SUMMARY_TTL_MS))
  db.prepare('DELETE FROM day WHERE day < ?').run(dayOf(now - SUMMARY_TTL_MS))
}

function dropWindows(db: Database, idleSinceMs: number): void {
  db.prepare(
    `UPDATE session SET live = NULL WHERE id IN
       (SELECT id FROM session WHERE (live IS NULL) = 0 AND last_minute <= ? AND last_ms <= ? LIMIT ${BATCH})`,
  ).run(minuteOf(idleSinceMs), idleSinceMs)
}

function foldAgents(db: Database, idleSinceMinute: number): void {
  const folded = db
    .prepare<[number], { session: number; calls: number; last_minute: number }>(
      `DELETE FROM agent WHERE (session, agent) IN
         (SELECT session, agent FROM agent
          WHERE agent NOT IN ('main', '${IDLE_AGENTS}') AND last_minute <= ? AND latched = 0 LIMIT ${BATCH})
       RETURNING session, calls, last_minute`,
    )
    .all(idleSinceMinute)
  const add = db.prepare(
    `INSERT INTO agent (session, agent, type, calls, last_minute) VALUES (?, '${IDLE_AGENTS}', '', ?, ?)
     ON CONFLICT (session, agent) DO UPDATE SET calls = calls + excluded.calls`,
  )
  for (const { session, calls, last_minute } of folded) add.run(session, calls, last_minute)
}

interface Retired {
  readonly id: number
  readonly calls: number
  readonly warned: number
  readonly blocked: number
  readonly halted: number
  readonly unasked: number
}

/** Forgets sessions; what they had counted goes on in the totals. */
function dropSessions(db: Database, idleSinceMinute: number): void {
  const dropped = db
    .prepare<[number], Retired>(
      `DELETE FROM session WHERE id IN
         (SELECT id FROM session
          WHERE (live IS NULL) = 1 AND last_minute <= ? AND lasting NOT LIKE '%"latch"%' LIMIT ${BATCH})
       RETURNING id, calls, warned, blocked, halted, unasked`,
    )
    .all(idleSinceMinute)
  const ofSession = ['agent', 'transcript', 'message'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE session = ?`),
  )
  const retire = db.prepare(
    `UPDATE retired SET calls = calls + ?, warned = warned + ?, blocked = blocked + ?, halted = halted + ?,
       unasked = unasked + ?`,
  )
  for (const { id, calls, warned, blocked, halted, unasked } of dropped) {
    for (const rows of ofSession) rows.run(id)
    retire.run(calls, warned, blocked, halted, unasked)
  }
}
