/** Checks Claude Code's settings: are our hooks in them, once, and not silenced? */

import { describe } from '../../failure.ts'
import { hookedEvents } from '../../hosts/claude-code/settings/edit.ts'
import type { SettingsText } from '../../hosts/claude-code/settings/files.ts'
import { misfitIn } from '../../hosts/claude-code/settings/misfit.ts'
import { ownHooks, settingsIn } from '../../hosts/claude-code/settings/own-hooks.ts'
import { misleadings, type Silencing, silencings } from '../../hosts/claude-code/settings/silencing.ts'
import type { Environment } from '../../paths.ts'
import { shellWord } from '../../short-id.ts'
import { editing, type Finding, failed, ok, warning } from './finding.ts'
import type { HookPlace, Managed } from './places.ts'

export function settingsFindings(
  files: readonly SettingsText[],
  managed: readonly Managed[],
  places: readonly HookPlace[],
  env: Environment,
): Finding[] {
  return [
    ...files.flatMap(brokenFile),
    ...managed.flatMap(managedFindings),
    ...silencings(files).map((each) => silenced(each, files)),
    ...misleadings(files, env).map(misled),
    ...placement(places),
  ]
}

const UNAPPLIED = 'Claude Code applies nothing of this file, or not what it seems to say'

/** Said with line and column, where it is JSON that is broken. */
function brokenFile({ file, text, unreadable }: SettingsText): Finding[] {
  if (unreadable) return [failed('settings', unreadable, UNAPPLIED, `ls -l ${shellWord(file)}`)]
  if (text === undefined || text.trim() === '') return []
  try {
    hookedEvents(text, file)
    const misfit = misfitIn(settingsIn(text) ?? {})
    return misfit ? [failed('settings', `${file} ${misfit}`, UNAPPLIED, 'claude doctor')] : []
  } catch (error) {
    return [failed('settings', describe(error), UNAPPLIED, editing(file))]
  }
}

function managedFindings({ file, settings }: Managed): Finding[] {
  const asked = 'whoever manages this machine must change it'
  const look = `cat ${shellWord(file)}`
  if (settings.disableAllHooks === true) {
    return [failed('settings', `${file} sets disableAllHooks`, `no hook runs; ${asked}`, look)]
  }
  if (settings.allowManagedHooksOnly !== true || ownHooks(settings).length > 0) return []
  const why = `hooks of users, projects and plugins do not run; ${asked}`
  return [failed('settings', `${file} sets allowManagedHooksOnly, and holds no hooks of spikectl`, why, look)]
}

function silenced({ file, problem, isInstallable }: Silencing, files: readonly SettingsText[]): Finding {
  const scope = files.find((each) => each.file === file)?.scope ?? 'user'
  const run = isInstallable ? `spikectl install --scope ${scope}` : editing(file)
  return failed('settings', `${file} ${problem}`, 'calls are not guarded as they should be', run)
}

function misled({ file, problem }: Silencing): Finding {
  const why = 'the hook could be led to other settings, or to run other code'
  return warning('settings', `${file} ${problem}`, why, editing(file))
}

function placement(places: readonly HookPlace[]): Finding[] {
  const [first, second] = places
  if (!first) {
    return [
      failed('settings', 'no settings hold the hooks of spikectl', 'nothing is guarded', 'spikectl install'),
    ]
  }
  if (!second) return [ok('settings', `the hooks are in ${first.name}`)]
  const names = places.map(({ name }) => name).join(' and ')
  const why =
    'counts stay right, because a call is known by its id, but each one may wait for more than one hook'
  return [warning('settings', `the hooks are in ${names}`, why, second.remove)]
}
