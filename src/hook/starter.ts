/** Who has started the client that tells of an event. */

import type { Starter } from '../hosts/host.ts'
import type { GuardedInput } from '../hosts/input.ts'
import type { Context } from './context.ts'

/**
 * Asked at the first event of a session, and where a client or a turn begins; undefined elsewhere, and where it cannot be
 * known. The client is looked at once. An event at the outermost session was asked about in its own.
 */
export function starterFor(context: Context<GuardedInput>): (isNew: boolean) => Starter | undefined {
  const { host, env, input, isNested } = context
  const begins = input.type === 'prompt' || input.type === 'session_start'
  let looked: { readonly starter: Starter | undefined } | undefined
  return (isNew) => {
    if (isNested || !(isNew || begins)) return undefined
    looked ??= { starter: host.starter(env) }
    return looked.starter
  }
}

/** The session of the agent that has started it; empty for a person, undefined where it is not known. */
export function parentIn(starter: Starter | undefined): string | undefined {
  return starter && (starter.isAgent ? starter.session : '')
}
