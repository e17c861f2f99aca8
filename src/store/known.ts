/** What is known of one session, where nothing is to be decided. Undefined for one that is not known. */

import { type Identity, keyOf } from '../guard/identity.ts'
import { peek } from './peek.ts'

/** Where it began. */
export function projectOf(file: string, identity: Identity): string | undefined {
  return columnOf(file, identity, 'project')
}

/** The policy that it met last; undefined too where it has met none yet. */
export function policyOf(file: string, identity: Identity): string | undefined {
  return columnOf(file, identity, 'policy') || undefined
}

function columnOf(file: string, identity: Identity, column: 'project' | 'policy'): string | undefined {
  return peek<string | undefined>(
    file,
    (db) =>
      db
        .prepare<[string], string>(`SELECT ${column} FROM session WHERE key = ?`)
        .pluck()
        .get(keyOf(identity)),
    undefined,
  )
}
