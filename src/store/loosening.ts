/** The policy that a session met last, and what of it has become looser while the session ran. */

import { type Identity, keyOf } from '../guard/identity.ts'
import type { Database } from '../system/sqlite.ts'
import { decodeLoosening, encodeLoosening } from './codec.ts'
import type { StateDb } from './sqlite-store.ts'

interface Row {
  readonly policy: string
  readonly loosened: string
}

/**
 * Notes that a session which met the policy `before` now meets `after`, in which `settings` are looser. Returns false when
 * it did not meet `before` last: another hook has noted it.
 */
export function notePolicy(
  store: StateDb,
  identity: Identity,
  { before, after }: { readonly before: string; readonly after: string },
  settings: readonly string[],
): boolean {
  return store.transaction((db, now) => {
    const key = keyOf(identity)
    const row = find(db, key)
    if (row?.policy !== before) return false
    db.prepare('UPDATE session SET policy = ? WHERE key = ?').run(after, key)
    if (settings.length === 0) return true
    const known = decodeLoosening(row.loosened)?.settings ?? []
    const loosened = encodeLoosening({ at: now, settings: [...new Set([...known, ...settings])] })
    db.prepare('UPDATE session SET loosened = ? WHERE key = ?').run(loosened, key)
    db.prepare('UPDATE retired SET loosened = loosened + ?').run(settings.length)
    return true
  })
}

function find(db: Database, key: string): Row | undefined {
  return db.prepare<[string], Row>('SELECT policy, loosened FROM session WHERE key = ?').get(key)
}
