/** From what the client has told to an event, with what no client tells in it. */

import { existsSync } from 'node:fs'
import type { GuardEvent } from '../guard/event.ts'
import { nestedEvent } from '../guard/nested.ts'
import { fingerprint } from '../hosts/fingerprint.ts'
import { type GuardedInput, isBoundary } from '../hosts/input.ts'
import { openHash } from '../system/keyed-hash.ts'
import type { Context } from './context.ts'

/** What has happened, in our own words. */
export async function heard(context: Context<GuardedInput>): Promise<GuardEvent> {
  const { host, env, paths, input, isNested } = context
  const told = fingerprint(input, openHash(paths.hashKey))
  const event = host.isAttended(env) ? { ...told, isAttended: true as const } : told
  return withLimits(isNested ? nestedEvent(event) : event, context)
}

/** The event, with what is known of the user's limits. */
async function withLimits(
  event: GuardEvent,
  { paths, policy, input }: Context<GuardedInput>,
): Promise<GuardEvent> {
  const { warnPercent, haltPercent } = policy.quota
  const isOff = warnPercent + haltPercent === 0
  if (isOff || !isBoundary(input) || !existsSync(paths.clientLimits)) return event
  const { withQuota } = await import('./quota.ts')
  return withQuota(event, paths.clientLimits)
}
