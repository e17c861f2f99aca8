/** What the ledger is asked at an event: loaded at the end of a round or a turn and before a prompt, and by no call. */

import { keyOf } from '../guard/identity.ts'
import { isUnlimited } from '../guard/rules/budget.ts'
import { readClientLimits } from '../hosts/client-limits.ts'
import type { GuardedInput, TokenInput } from '../hosts/input.ts'
import { type Cost, type Ledger, ledgerOf } from '../store/ledger.ts'
import { openHash } from '../system/keyed-hash.ts'
import type { Context } from './context.ts'
import { readerOf } from './token-reader.ts'

/** Undefined where nothing limits what is used up: then no transcript is read. */
export async function ledgerFor(context: Context<GuardedInput & TokenInput>): Promise<Ledger | undefined> {
  const { policy, isNested } = context
  if (isUnlimited(policy, 'tokens') && isUnlimited(policy, 'cents')) return undefined
  // An event of a client that this session has started: that one's own ledger reads.
  if (isNested) return ledgerOf(undefined, undefined)
  return ledgerOf(await readerFor(context), costIn(context))
}

async function readerFor({ host, env, paths, policy, input }: Context<GuardedInput & TokenInput>) {
  if (!host.usage || isUnlimited(policy, 'tokens')) return undefined
  return readerOf(await host.usage(), input, { env, hash: openHash(paths.hashKey) })
}

/** As the client has told it to its status line. */
function costIn({ paths, identity, policy }: Context): Cost | undefined {
  if (isUnlimited(policy, 'cents')) return undefined
  return readClientLimits(paths.clientLimits).sessions[keyOf(identity)]
}
