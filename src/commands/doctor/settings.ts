/** Checks Claude Code's settings: are our hooks in them, once, and not silenced? */

import { describe } from '../../failure.ts'
import { ownHooks } from '../../hosts/claude-code/own-hooks.ts'
import { hookedEvents } from '../../hosts/claude-code/settings.ts'
import {
  misleadings,
  type SettingsText,
  type Silencing,
  silencings,
} from '../../hosts/claude-code/silencing.ts'
import { type Finding, failed, ok, warning } from './finding.ts'
import type { HookPlace, Managed } from './places.ts'

export function settingsFindings(
  files: readonly SettingsText[],
  managed: readonly Managed[],
  places: readonly HookPlace[],
): Finding[] {
  return [
    ...files.flatMap(brokenFile),
    ...managed.flatMap((each) => managedFindings(each)),
    ...silencings(files).map(silenced),
    ...misleadings(files).map(({ file, problem }) =>
      warning(
        'settings',
        `${file} ${problem}`,
        'the hook could be led to other settings, or to run other code',
        `take it out of ${file}`,
      ),
    ),
    ...placement(places),
  ]
}

/** Said with line and column, where it is JSON that is broken. */
function brokenFile({ file, text }: SettingsText): Finding[] {
  if (text === undefined || text.trim() === '') return []
  try {
    hookedEvents(text, file)
    return []
  } catch (error) {
    return [failed('settings', describe(error), 'Claude Code applies nothing of this file', 'claude doctor')]
  }
}

function managedFindings({ file, settings }: Managed): Finding[] {
  const asked = 'whoever manages this machine must change it'
  if (settings.disableAllHooks === true) {
    return [failed('settings', `${file} sets disableAllHooks`, `no hook runs; ${asked}`, `cat ${file}`)]
  }
  if (settings.allowManagedHooksOnly !== true || ownHooks(settings).length > 0) return []
  const why = `hooks of users, projects and plugins do not run; ${asked}`
  return [
    failed(
      'settings',
      `${file} sets allowManagedHooksOnly, and holds no hooks of spikectl`,
      why,
      `cat ${file}`,
    ),
  ]
}

function silenced({ file, problem }: Silencing): Finding {
  return failed(
    'settings',
    `${file} ${problem}`,
    'calls are not guarded as they should be',
    'spikectl install',
  )
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
