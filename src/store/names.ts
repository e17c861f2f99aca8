/**
 * Which sessions are known, by how their ids begin: asked of the index over keys alone, so that no row of a session
 * is read, and none of the index but those that are meant.
 */

import { type Identity, keyBeginning } from '../guard/identity.ts'
import type { Database } from '../system/sqlite.ts'
import type { Beginning, NamedSession } from './store.ts'

/** Keys from `from` on, up to and without `to`. */
export interface KeyRange {
  readonly from: string
  readonly to: string
}

/** Sorts after every other character in UTF-8, in which SQLite compares text. */
const LAST = '\u{10ffff}'

/** The ranges of keys in which these ids are: one for each tenant and kind of identity. */
export function rangesOf(db: Database, { begin = '', tenant }: Beginning): KeyRange[] {
  return groupsIn(db)
    .filter((group) => tenant === undefined || group.tenant === tenant)
    .map(({ tenant, kind }) => keyBeginning({ tenant, kind, id: begin }))
    .map((from) => ({ from, to: from + LAST }))
}

/** Known sessions in the order of their keys; at most so many of each tenant and kind. */
export function readNames(db: Database, beginning: Beginning = {}, most = -1): NamedSession[] {
  const keys = db
    .prepare<[string, string, number], string>(
      'SELECT key FROM session WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
    )
    .pluck()
  return rangesOf(db, beginning)
    .flatMap(({ from, to }) => keys.all(from, to, most))
    .map((key) => ({ key, identity: named(key) }))
}

export function readTenants(db: Database): string[] {
  return [...new Set(groupsIn(db).map(({ tenant }) => tenant))]
}

type Group = Pick<Identity, 'kind' | 'tenant'>

/** The tenants and kinds that occur: from one to the next with one look into the index, past all ids between them. */
function groupsIn(db: Database): Group[] {
  const next = db
    .prepare<[string], string>('SELECT key FROM session WHERE key > ? ORDER BY key LIMIT 1')
    .pluck()
  const groups: Group[] = []
  for (let key = next.get(''); key !== undefined; ) {
    const group = named(key)
    groups.push(group)
    key = next.get(keyBeginning({ ...group, id: '' }) + LAST)
  }
  return groups
}

/** The other way round than keyOf(). */
function named(key: string): Group & Pick<Identity, 'id'> {
  const [tenant, kind, id]: [string, Identity['kind'], string] = JSON.parse(key)
  return { tenant, kind, id }
}
