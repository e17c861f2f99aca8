/** A session meets a looser policy than at its last event: signed, logged and shown, wherever it came from. */

import { keyOf } from '../guard/identity.ts'
import { membersIn } from '../guard/members.ts'
import { loosened } from '../guard/policy.ts'
import type { Loosened } from '../guard/settings.ts'
import { type Answer, NOTHING } from '../hosts/answer.ts'
import { type Remembered, remembered } from '../settings/load.ts'
import { peek } from '../store/look.ts'
import { withStore } from '../store/sqlite-store.ts'
import type { PolicyChange } from '../store/store.ts'
import { osUser } from '../system/environment.ts'
import { describe } from '../system/failure.ts'
import { callerOf, clientOf } from './caller.ts'
import type { Context } from './context.ts'
import { stateWaits } from './deadlines.ts'
import { logged, withNotice } from './logged.ts'
import { record } from './record.ts'

/**
 * The answer, after all settings that have become looser are written down. When that fails, the session still counts as
 * having met the policy before, and its next event tries again.
 */
export async function recordLoosening(
  context: Context,
  change: PolicyChange,
  answer: Answer,
): Promise<Answer> {
  const { paths, identity } = context
  const looser = looserIn(change)
  const names = looser.map(({ setting }) => setting)
  try {
    const note = withStore(paths.stateDb, (store) => store.notePolicy(identity, change, names), stateWaits())
    if (!note.result) return answer
  } catch (error) {
    return logged(answer, paths, { event: 'error', message: describe(error) })
  }
  let told = answer
  for (const each of looser) told = await recordOne(context, each, told)
  return told
}

/** With every rule off nothing is counted; but a session that had rules at its last event is told of. */
export async function recordSwitchedOff(context: Context): Promise<Answer> {
  const { paths, config, policy, identity } = context
  const before = peek(paths.stateDb, (seen) => seen.session(keyOf(identity))?.policy)
  const after = remembered(paths.config, config.policy, policy)
  if (!before || before === after) return NOTHING
  return recordLoosening(context, { before, after }, NOTHING)
}

type WrittenPolicy = { readonly [Name in keyof Remembered]?: unknown }

type Looser = Loosened & { readonly where: 'config.json' | 'project' | 'environment' }

async function recordOne(context: Context, looser: Looser, answer: Answer): Promise<Answer> {
  const { setting, where } = looser
  const [from = '', to = ''] = [looser.from, looser.to].map((value) => JSON.stringify(value ?? 0))
  const caller = callerOf(context)
  const change = { event: 'limits_loosened', setting, from, to, where } as const
  const line = { ...change, ...caller, by: osUser(), ...clientOf(context) }
  const message = `limits loosened: ${setting} from ${from} to ${to} (${where})`
  const { problem } = await record(context, {
    line,
    entry: { event: 'limits_loosened', message, ...caller },
  })
  return withNotice(answer, problem)
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
