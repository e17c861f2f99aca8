/**
 * Where a session counts whose client an agent has started. A place is found on the way up from the parent, and only when
 * the client is looked at; so what was placed below a session stands with it when that is placed elsewhere.
 */

import { type Identity, keyOf } from '../guard/identity.ts'
import type { Database } from '../system/sqlite.ts'

/** Ids of sessions of the same tenant. */
export interface Place {
  /** From whose agent's shell a client of it was started; empty for a person's own. Of use to people, also later. */
  readonly parent: string
  /** The outermost session when it was placed; empty where it counts alone, as a person has started its client last. */
  readonly root: string
}

const ALONE: Place = { parent: '', root: '' }

/**
 * The place of a session that had the place `before`, if it was known. `parent` is what its client tells now: the session of
 * the agent that has started it, empty for a person, undefined where nothing is known. A client that goes on with a session
 * above its own changes no place, nor do parents that name each other: else none of them were the outermost.
 */
export function placeIn(
  db: Database,
  { tenant, kind, id }: Identity,
  before: Place | undefined,
  parent: string | undefined,
): Place {
  const known = before ?? ALONE
  if (parent === undefined) return known
  if (parent === '') return { parent: known.parent, root: '' }
  const root = outermost(db, tenant, parent)
  const isBelowItself = root === id || wayUp(db, tenant, parent, 'parent').includes(id)
  return isBelowItself && kind === 'session' ? known : { parent, root }
}

/** The outermost session above the one with this id, or that one itself. */
export function outermost(db: Database, tenant: string, id: string): string {
  return wayUp(db, tenant, id, 'root').at(-1) ?? id
}

/** The ids from `first` on up to a session that counts alone: each once, whatever a file that was tampered with may say. */
function wayUp(db: Database, tenant: string, first: string, by: keyof Place): string[] {
  const way = new Set<string>()
  for (let id = first; id !== '' && !way.has(id); ) {
    way.add(id)
    const place = placeOf(db, { tenant, kind: 'session', id })
    id = place?.root ? place[by] : ''
  }
  return [...way]
}

/** Undefined for a session that is not known. */
export function placeOf(db: Database, identity: Pick<Identity, 'tenant' | 'kind' | 'id'>): Place | undefined {
  return db.prepare<[string], Place>('SELECT parent, root FROM session WHERE key = ?').get(keyOf(identity))
}
