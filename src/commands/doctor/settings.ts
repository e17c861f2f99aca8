/** Checks Claude Code's settings: are our hooks in them, once, and not silenced? */

import { statSync } from 'node:fs'
import { hookedEvents } from '../../hosts/claude-code/settings/edit.ts'
import { MAX_SETTINGS_BYTES, type SettingsText } from '../../hosts/claude-code/settings/files.ts'
import { disablings, losses, misleadings } from '../../hosts/claude-code/settings/silencing.ts'
import type { Silencing } from '../../hosts/host.ts'
import type { Environment } from '../../system/paths.ts'
import { shellWord } from '../../system/text.ts'
import { editing, type Finding, failed, ok, warning } from './finding.ts'
import type { HookPlace, Managed } from './places.ts'

interface Seen {
  readonly files: readonly SettingsText[]
  readonly managed: readonly Managed[]
  /** Those whose hooks run. */
  readonly places: readonly HookPlace[]
  /** Places of which something was found already: it is not said again that hooks there are not as they were installed. */
  readonly told: readonly string[]
  /** What the client says of settings, a line each. */
  readonly invalid: readonly string[]
  readonly env: Environment
}

export function settingsFindings({ files, managed, places, told, invalid, env }: Seen): Finding[] {
  const broken = files.map((each) => ({ file: each.file, findings: brokenFile(each) }))
  const isTold = (file: string) =>
    told.includes(file) || broken.some((each) => each.file === file && each.findings.length > 0)
  const isBroken = (line: string) =>
    broken.some(({ file, findings }) => findings.length > 0 && line.startsWith(file))
  // Users' settings matter to users' hooks alone.
  const isGuarded = places.some(({ isManaged }) => isManaged)
  const lost = isGuarded ? [] : files.flatMap(losses)
  const silenced = isGuarded ? [] : [...lost.filter(({ file }) => !isTold(file)), ...disablings(files)]
  // That none are anywhere was said of the file they were in.
  const isMissed = places.length === 0 && (lost.length > 0 || managed.some(isExclusive))
  return [
    ...broken.flatMap(({ findings }) => findings),
    ...invalid.filter((line) => !isBroken(line)).map((line) => unappliedFinding(line, files)),
    ...managed.flatMap((each) => managedFindings(each, isGuarded)),
    ...silenced.map((each) => silencedFinding(each, files)),
    ...misleadings(files, env).map(misled),
    ...(isMissed ? [] : placement(places)),
  ]
}

/** Then hooks of users, projects and plugins do not run, but for plugins that managed settings enable. */
export function isExclusive({ settings }: Managed): boolean {
  return settings.allowManagedHooksOnly === true
}

const UNAPPLIED = 'Claude Code applies nothing of this file, or not what it seems to say'

/** Said with line and column, where it is JSON that is broken. */
function brokenFile({ file, text, unreadable }: SettingsText): Finding[] {
  if (unreadable) return [failed('settings', unreadable, UNAPPLIED, readable(file))]
  if (text === undefined || text.trim() === '') return []
  try {
    hookedEvents(text, file)
    return []
  } catch (error) {
    return [
      failed('settings', error instanceof Error ? error.message : String(error), UNAPPLIED, editing(file)),
    ]
  }
}

/** What the client itself says of a file, but where we have said more of it already. */
function unappliedFinding(line: string, files: readonly SettingsText[]): Finding {
  const file = files.find((each) => line.startsWith(each.file))?.file
  // Of a part that is ignored the rest of the file is applied.
  const report = /\b(entry|was) (ignored|skipped)\b/.test(line) ? warning : failed
  return report('settings', line, UNAPPLIED, file === undefined ? 'claude doctor' : editing(file))
}

/** A file of ours gets back its rights; what is no file, or too large for settings, is put aside. */
function readable(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  const isFile = stat?.isFile() && stat.size <= MAX_SETTINGS_BYTES
  return isFile ? `chmod u+rw ${shellWord(file)}` : `mv ${shellWord(file)} ${shellWord(`${file}.aside`)}`
}

function managedFindings(managed: Managed, isGuarded: boolean): Finding[] {
  const { file, settings } = managed
  const asked = 'whoever manages this machine must change it'
  const edit = `sudoedit ${shellWord(file)}`
  if (settings.disableAllHooks === true) {
    return [failed('settings', `${file} sets disableAllHooks`, `no hook runs; ${asked}`, edit)]
  }
  if (!isExclusive(managed) || isGuarded) return []
  const why = `hooks of users, projects and plugins do not run; ${asked}`
  return [failed('settings', `${file} sets allowManagedHooksOnly, and holds no hooks of spikectl`, why, edit)]
}

function silencedFinding(
  { file, problem, isInstallable }: Silencing,
  files: readonly SettingsText[],
): Finding {
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
      failed(
        'settings',
        'no settings hold the hooks of spikectl, and no plugin does',
        'nothing is guarded',
        'spikectl install',
      ),
    ]
  }
  if (!second) return [ok('settings', `the hooks are in ${first.name}`)]
  const names = places.map(({ name }) => name).join(' and ')
  const why =
    'counts stay right, because a call is known by its id, but each one may wait for more than one hook'
  return [warning('settings', `the hooks are in ${names}`, why, second.remove)]
}
