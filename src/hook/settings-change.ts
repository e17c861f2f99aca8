/**
 * Keeps the hooks of a running session. When settings were changed, the client asks before it reads them anew; a
 * change that would silence our hooks is blocked, and the session goes on with those it has.
 */

import { existsSync } from 'node:fs'
import type { Identity } from '../guard/identity.ts'
import type { Policy } from '../guard/policy.ts'
import { settingsTexts } from '../hosts/claude-code/settings/files.ts'
import { installedFiles } from '../hosts/claude-code/settings/record.ts'
import { misleadings, type Silencing, silencings } from '../hosts/claude-code/settings/silencing.ts'
import { replyToGuardChange } from '../hosts/claude-code/wording.ts'
import type { SettingsChangeInput } from '../hosts/input.ts'
import { type Reply, SILENCE } from '../hosts/reply.ts'
import { withStore } from '../store/sqlite-store.ts'
import { describe } from '../system/failure.ts'
import { tryLog } from '../system/log.ts'
import type { Environment, Paths } from '../system/paths.ts'
import { callerOf } from './caller.ts'
import { logged } from './logged.ts'
import { record } from './record.ts'
import type { Destination } from './sign.ts'

interface About {
  readonly identity: Identity
  readonly policy: Policy
  readonly project: string
  readonly destination: Destination
}

/**
 * All files that the session reads are looked at, whichever was changed: one that was blocked is still on disk, and
 * would be read with the next change that is not.
 */
export async function answerSettingsChange(
  env: Environment,
  input: SettingsChangeInput,
  about: About,
): Promise<Reply> {
  const { paths } = about.destination
  const found = silencingIn(about.project, env, paths)
  const message = found ? `${found.file} ${found.problem}` : ''
  const entry = { event: 'guard_changed', ...callerOf(input, about.identity) } as const
  if (found && about.policy.mode === 'shadow') {
    return logged(SILENCE, paths, { ...entry, message: `would have blocked a change: ${message}` })
  }
  const isNew = noted(paths, about, found)
  if (!found) return SILENCE
  if (!isNew) return replyToGuardChange(message)
  const { file, problem } = found
  const { audit } = await record(about.destination, {
    line: { ...entry, file, problem, cwd: input.cwd },
    entry: { ...entry, message: `blocked a change: ${message}` },
  })
  return replyToGuardChange(message, audit)
}

/** A change that cannot be looked at is blocked like one that silences the hooks: it may be made so for that. */
function silencingIn(project: string, env: Environment, paths: Paths): Silencing | undefined {
  try {
    const files = settingsTexts(project, env, installedFiles(paths))
    return [...silencings(files), ...misleadings(files, env)].at(0)
  } catch (error) {
    return { file: project, problem: `has settings that cannot be looked at: ${describe(error)}` }
  }
}

/** For `status`. That it cannot be noted is no reason to let the change through. */
function noted(paths: Paths, { identity, project }: About, found: Silencing | undefined): boolean {
  if (!found && !existsSync(paths.stateDb)) return false
  try {
    return withStore(paths.stateDb, (store) => store.noteGuardChange(identity, project, found)).result
  } catch (error) {
    tryLog(paths.log, { event: 'error', message: describe(error) })
    return true
  }
}
