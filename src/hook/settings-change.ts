/**
 * Keeps the hooks of a running session. When settings were changed, the client asks before it reads them anew; a
 * change that would silence our hooks is blocked, and the session goes on with those it has.
 */

import { existsSync } from 'node:fs'
import { type Answer, NOTHING } from '../hosts/answer.ts'
import type { Silencing } from '../hosts/host.ts'
import { withStore } from '../store/sqlite-store.ts'
import { describe } from '../system/failure.ts'
import { tryLog } from '../system/log.ts'
import { callerOf } from './caller.ts'
import type { Context } from './context.ts'
import { logged } from './logged.ts'
import { record } from './record.ts'

/**
 * All files that the session reads are looked at, whichever was changed: one that was blocked is still on disk, and
 * would be read with the next change that is not.
 */
export async function answerSettingsChange(context: Context): Promise<Answer> {
  const found = await silencingIn(context)
  if (found && context.policy.mode === 'shadow') {
    const message = `would have blocked a change: ${messageOf(found)}`
    return logged(NOTHING, context.paths, { event: 'guard_changed', ...callerOf(context), message })
  }
  const isNew = noted(context, found)
  if (!found) return NOTHING
  const audit = isNew ? (await recorded(context, found)).audit : undefined
  return { ...NOTHING, statement: { about: 'settings', problem: messageOf(found), audit } }
}

function recorded(context: Context, found: Silencing) {
  const { file, problem } = found
  const entry = { event: 'guard_changed', ...callerOf(context) } as const
  return record(context, {
    line: { ...entry, file, problem, cwd: context.input.cwd },
    entry: { ...entry, message: `blocked a change: ${messageOf(found)}` },
  })
}

function messageOf({ file, problem }: Silencing): string {
  return `${file} ${problem}`
}

/** A change that cannot be looked at is blocked like one that silences the hooks: it may be made so for that. */
async function silencingIn({ host, project, env, paths }: Context): Promise<Silencing | undefined> {
  try {
    const settings = await host.settings()
    return settings.silencingIn(project, env, paths)
  } catch (error) {
    return { file: project, problem: `has settings that cannot be looked at: ${describe(error)}` }
  }
}

/** For `status`. That it cannot be noted is no reason to let the change through. */
function noted({ paths, identity, project }: Context, found: Silencing | undefined): boolean {
  if (!found && !existsSync(paths.stateDb)) return false
  try {
    return withStore(paths.stateDb, (store) => store.noteGuardChange(identity, project, found)).result
  } catch (error) {
    tryLog(paths.log, { event: 'error', message: describe(error) })
    return true
  }
}
