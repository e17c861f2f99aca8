/** Shadow mode: everything is decided as if it were in force, so that people see what the rules would do. */

import type { Outcome, Tally } from './outcome.ts'
import type { Policy } from './policy.ts'

/** The outcome with the tally of what really happened: in shadow mode nothing was warned, blocked or halted, but would have been. */
export function asCounted(policy: Policy, outcome: Outcome): Outcome & { readonly would?: Tally } {
  if (policy.mode === 'enforce') return outcome
  const { calls } = outcome.tally
  return { ...outcome, tally: { calls, warned: 0, blocked: 0, halted: 0 }, would: outcome.tally }
}
