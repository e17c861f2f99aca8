/** The last calls of an agent and what they returned. */

import type { PastCall } from './state.ts'

/** As many calls as a cycle of seven takes to come round eight times, which is the longest loop that is looked for. */
export const MAX_HISTORY = 56

/** The history with one more call. */
export function withPast(history: readonly PastCall[], call: PastCall): readonly PastCall[] {
  return [...history.slice(1 - MAX_HISTORY), call]
}

/** The history in which the call with this id has its result. The first result that is told of counts. */
export function withResult(history: readonly PastCall[], id: string, result: string): readonly PastCall[] {
  return history.map((past) => (past.id === id && past.result === undefined ? { ...past, result } : past))
}
