/** state.db as it stands at one moment. */

import { freshState } from '../guard/state.ts'
import type { Database } from '../system/sqlite.ts'
import { readNames, readTenants } from './names.ts'
import {
  NO_TOTALS,
  readAgentStates,
  readSession,
  readSessions,
  readState,
  readTotals,
  readUnsigned,
} from './queries.ts'
import { readRoot } from './roots.ts'
import { hasSchema } from './schema.ts'
import type { Snapshot } from './store.ts'
import { tokensToday } from './sums.ts'

/** To be used while the database stands at one state. Throws a Failure for a file that a newer spikectl wrote. */
export function snapshotOf(db: Database, file: string, now: number): Snapshot {
  if (!hasSchema(db, file)) return nothing(now)
  return {
    now,
    totals: () => readTotals(db),
    sessions: (wanted) => readSessions(db, now, wanted),
    session: (key) => readSession(db, now, key),
    names: (beginning, most) => readNames(db, beginning, most),
    tenants: () => readTenants(db),
    state: (key, agent) => readState(db, now, key, agent),
    root: (identity, parent) => readRoot(db, identity, parent),
    agentStates: (key) => readAgentStates(db, now, key),
    unsigned: () => readUnsigned(db),
    tokensToday: () => tokensToday(db, now),
    isSound: () => db.pragma('quick_check(1)', { simple: true }) === 'ok',
  }
}

/** What is known where nothing was counted yet. */
export function nothing(now: number): Snapshot {
  return {
    now,
    totals: () => NO_TOTALS,
    sessions: () => [],
    session: () => undefined,
    names: () => [],
    tenants: () => [],
    state: () => freshState(now),
    root: ({ id }, parent) => (parent && parent !== id ? parent : undefined),
    agentStates: () => [],
    unsigned: () => ({ count: 0, fresh: 0 }),
    tokensToday: () => 0,
    isSound: () => true,
  }
}
