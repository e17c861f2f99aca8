/** What is noted with a session for people to read: a change of its settings that it was kept from, and limits that have become looser. */

import { type Identity, keyOf } from '../guard/identity.ts'
import { membersIn } from '../guard/members.ts'
import type { Database } from '../system/sqlite.ts'
import { isText, isTexts, isWhole } from './codec.ts'
import { minuteOf } from './schema.ts'
import type { GuardChange, Loosening, PolicyChange } from './store.ts'

/** The same hook, registered in settings and in a plugin, runs twice at once. */
const REPEAT_MS = 1000

/** See SessionStore. To be called under the write lock, as all that notes. */
export function noteGuardChange(
  db: Database,
  now: number,
  identity: Identity,
  project: string,
  found: Omit<GuardChange, 'at'> | undefined,
): boolean {
  const key = keyOf(identity)
  const row = db.prepare<[string], { guard: string }>('SELECT guard FROM session WHERE key = ?').get(key)
  const known = row && decodeGuardChange(row.guard)
  if (!row && !found) return false
  const guard = found ? JSON.stringify({ at: now, file: found.file, problem: found.problem }) : ''
  db.prepare(
    `INSERT INTO session (key, tenant, user, kind, name, project, guard, first_ms, last_ms, last_minute)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET guard = excluded.guard`,
  ).run(
    key,
    identity.tenant,
    identity.user,
    identity.kind,
    identity.id,
    project,
    guard,
    now,
    now,
    minuteOf(now),
  )
  const isSame = known?.file === found?.file && known?.problem === found?.problem
  return !(known && isSame && now - known.at < REPEAT_MS)
}

/** Undefined for none, and when the text is not what noteGuardChange writes. */
export function decodeGuardChange(text: string): GuardChange | undefined {
  const { at, file, problem } = membersIn(text)
  return isWhole(at) && isText(file) && isText(problem) ? { at, file, problem } : undefined
}

/** See SessionStore. */
export function notePolicy(
  db: Database,
  now: number,
  identity: Identity,
  { before, after }: PolicyChange,
  settings: readonly string[],
): boolean {
  const key = keyOf(identity)
  const row = db
    .prepare<[string], { policy: string; loosened: string }>(
      'SELECT policy, loosened FROM session WHERE key = ?',
    )
    .get(key)
  if (row?.policy !== before) return false
  db.prepare('UPDATE session SET policy = ? WHERE key = ?').run(after, key)
  if (settings.length === 0) return true
  const known = decodeLoosening(row.loosened)?.settings ?? []
  const loosened = JSON.stringify({ at: now, settings: [...new Set([...known, ...settings])] })
  db.prepare('UPDATE session SET loosened = ? WHERE key = ?').run(loosened, key)
  db.prepare('UPDATE retired SET loosened = loosened + ?').run(settings.length)
  return true
}

/** Undefined for none, and when the text is not what notePolicy writes. */
export function decodeLoosening(text: string): Loosening | undefined {
  const { at, settings } = membersIn(text)
  return isWhole(at) && isTexts(settings) ? { at, settings } : undefined
}
