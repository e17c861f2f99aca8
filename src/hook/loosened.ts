/** A session meets a looser policy than at its last event: signed, logged and shown, wherever it came from. */

import { type Identity, keyOf } from '../guard/identity.ts'
import { membersIn } from '../guard/members.ts'
import { loosened } from '../guard/policy.ts'
import type { Loosened } from '../guard/settings.ts'
import { withNotice } from '../hosts/claude-code/wording.ts'
import { type Reply, SILENCE } from '../hosts/reply.ts'
import type { Remembered } from '../settings/load.ts'
import { peek } from '../store/look.ts'
import { withStore } from '../store/sqlite-store.ts'
import type { PolicyChange } from '../store/store.ts'
import { osUser } from '../system/environment.ts'
import { describe } from '../system/failure.ts'
import type { Environment } from '../system/paths.ts'
import { callerOf, clientOf, type HeardInput } from './caller.ts'
import { stateWaits } from './deadlines.ts'
import { logged } from './logged.ts'
import { record } from './record.ts'
import type { Destination } from './sign.ts'

/** Who meets the policy. */
export interface Party {
  readonly input: HeardInput
  readonly identity: Identity
  readonly env: Environment
}

/**
 * The reply, after all settings that have become looser are written down. When that fails, the session still counts as
 * having met the policy before, and its next event tries again.
 */
export async function recordLoosening(
  destination: Destination,
  party: Party,
  change: PolicyChange,
  reply: Reply,
): Promise<Reply> {
  const looser = looserIn(change)
  const names = looser.map(({ setting }) => setting)
  try {
    const note = withStore(
      destination.paths.stateDb,
      (store) => store.notePolicy(party.identity, change, names),
      stateWaits(),
    )
    if (!note.result) return reply
  } catch (error) {
    return logged(reply, destination.paths, { event: 'error', message: describe(error) })
  }
  let told = reply
  for (const each of looser) told = await recordOne(destination, party, each, told)
  return told
}

/** With every rule off nothing is counted; but a session that had rules at its last event is told of. */
export async function recordSwitchedOff(
  destination: Destination,
  party: Party,
  after: string,
): Promise<Reply> {
  const before = peek(destination.paths.stateDb, (seen) => seen.session(keyOf(party.identity))?.policy)
  if (!before || before === after) return SILENCE
  return recordLoosening(destination, party, { before, after }, SILENCE)
}

type WrittenPolicy = { readonly [Name in keyof Remembered]?: unknown }

type Looser = Loosened & { readonly where: 'config.json' | 'project' | 'environment' }

async function recordOne(
  destination: Destination,
  party: Party,
  looser: Looser,
  reply: Reply,
): Promise<Reply> {
  const { setting, where } = looser
  const [from = '', to = ''] = [looser.from, looser.to].map((value) => JSON.stringify(value ?? 0))
  const caller = callerOf(party.input, party.identity)
  const change = { event: 'limits_loosened', setting, from, to, where } as const
  const line = { ...change, ...caller, by: osUser(), ...clientOf(party.env) }
  const message = `limits loosened: ${setting} from ${from} to ${to} (${where})`
  const { problem } = await record(destination, {
    line,
    entry: { event: 'limits_loosened', message, ...caller },
  })
  return problem ? withNotice(reply, problem) : reply
}

/** Both were written by us, but perhaps by another version: of what is not there, nothing can have become looser. */
function looserIn(change: PolicyChange): Looser[] {
  const before: WrittenPolicy = membersIn(change.before)
  const after: WrittenPolicy = membersIn(change.after)
  const isElsewhere = before.config !== after.config
  const own = loosened(before.own, after.own)
  return loosened(before.project ?? before.own, after.project ?? after.own).map((each): Looser => {
    const isOwn = own.some(({ setting }) => setting === each.setting)
    return { ...each, where: isElsewhere ? 'environment' : isOwn ? 'config.json' : 'project' }
  })
}
