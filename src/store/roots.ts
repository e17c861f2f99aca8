/** Where a session counts, for who may only look: an event that is counted finds it in its own row. */

import type { Identity } from '../guard/identity.ts'
import type { Database } from '../system/sqlite.ts'
import { outermost, placeIn, placeOf } from './nesting.ts'

/** The outermost session in which the next event of a session counts too, where its client tells of `parent`. */
export function readRoot(db: Database, identity: Identity, parent: string | undefined): string | undefined {
  const { root } = placeIn(db, identity, placeOf(db, identity), parent)
  return root === '' ? undefined : outermost(db, identity.tenant, root)
}
