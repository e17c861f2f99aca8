/** The last change of Claude Code's settings that a session was kept from, for `status` to tell of. */

import { type Identity, keyOf } from '../guard/identity.ts'
import { decodeGuardChange, encodeGuardChange, type GuardChange } from './codec.ts'
import { minuteOf } from './schema.ts'
import type { StateDb } from './sqlite-store.ts'

/** The same hook, registered in settings and in a plugin, runs twice at once. */
const REPEAT_MS = 1000

/**
 * Notes what was found in a session's settings; undefined when all is well again. Returns false when the same was
 * noted a moment ago.
 */
export function noteGuardChange(
  store: StateDb,
  identity: Identity,
  project: string,
  found: Omit<GuardChange, 'at'> | undefined,
): boolean {
  return store.transaction((db, now) => {
    const key = keyOf(identity)
    const row = db.prepare<[string], { guard: string }>('SELECT guard FROM session WHERE key = ?').get(key)
    const known = decodeGuardChange(row?.guard ?? '')
    if (!row && !found) return false
    const guard = found ? encodeGuardChange({ at: now, file: found.file, problem: found.problem }) : ''
    db.prepare(
      `INSERT INTO session (key, tenant, user, kind, name, project, guard, first_ms, last_ms, last_minute)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET guard = excluded.guard`,
    ).run(
      ...[key, identity.tenant, identity.user, identity.kind, identity.id, project, guard],
      ...[now, now, minuteOf(now)],
    )
    const isSame = known?.file === found?.file && known?.problem === found?.problem
    return !(known && isSame && now - known.at < REPEAT_MS)
  })
}
