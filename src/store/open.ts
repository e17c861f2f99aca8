/** The hook's way to state.db. */

import { sinceStart } from '../system/deadline.ts'
import type { RepairWaits } from '../system/repair.ts'
import { isBusy } from '../system/sqlite.ts'
import { SqliteEventStore, useOnce } from './sqlite-event-store.ts'
import type { EventStore, Opened } from './store.ts'

/**
 * Runs `use` on state.db by the quick way. What that cannot do, to make the file, bring it up to date, or move a damaged one
 * aside, is done by all of the store, which says so if it cannot either. Throws a Failure like `withStore`.
 */
export async function withEventStore<T>(
  file: string,
  use: (store: EventStore) => T,
  waits: RepairWaits,
): Promise<Opened<T>> {
  const start = sinceStart()
  try {
    return { result: useOnce(new SqliteEventStore(file, waits.locks, Date.now), use), notices: [] }
  } catch (error) {
    const { explained, withStore } = await import('./sqlite-store.ts')
    if (isBusy(error)) throw explained(error, file, sinceStart() - start)
    return withStore(file, use, waits)
  }
}
