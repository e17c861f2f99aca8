/** What the ledger is asked at an event: loaded at the end of a round or a turn and before a prompt, and by no call. */

import { isUnlimited } from '../guard/rules/budget.ts'
import type { GuardedInput, TokenInput } from '../hosts/input.ts'
import { type Ledger, ledgerOf } from '../store/ledger.ts'
import { openHash } from '../system/keyed-hash.ts'
import type { Context } from './context.ts'
import { readerOf } from './token-reader.ts'

/** Undefined where nothing limits what is used up: then no transcript is read. */
export async function ledgerFor({ input, ...context }: Context<GuardedInput>): Promise<Ledger | undefined> {
  const { host, env, paths, policy, isNested } = context
  if (!tellsUsage(input) || isUnlimited(policy, 'tokens')) return undefined
  // An event of a client that this session has started: that one's own ledger reads.
  if (isNested || !host.usage) return ledgerOf(undefined, undefined)
  const usage = await host.usage()
  return ledgerOf(readerOf(usage, input, { env, hash: openHash(paths.hashKey) }), undefined)
}

function tellsUsage(input: GuardedInput): input is GuardedInput & TokenInput {
  return input.type === 'prompt' || input.type === 'turn_end' || (input.type === 'results' && input.endsRound)
}
