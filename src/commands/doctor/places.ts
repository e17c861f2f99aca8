/** Where our hooks come from: settings files, managed settings, a plugin. */

import { join } from 'node:path'
import type { Members } from '../../guard/members.ts'
import type { SettingsText } from '../../hosts/claude-code/settings/files.ts'
import { type OwnHook, ownHooks, ownHooksIn, settingsIn } from '../../hosts/claude-code/settings/hooks.ts'
import type { EnabledPlugin } from '../../hosts/claude-code/settings/plugins.ts'
import { failure } from '../../system/failure.ts'
import { readSmallFile } from '../../system/files.ts'
import { shellWord } from '../../system/text.ts'

export interface HookPlace {
  readonly name: string
  /** How it is put in order. */
  readonly mend: string
  /** How our hooks are taken out of it. */
  readonly remove: string
  readonly hooks: readonly OwnHook[]
  /** No user can change it, and no setting of theirs keeps its hooks from running. */
  readonly isManaged?: true
}

/** A file of the managed settings. */
export interface Managed {
  readonly file: string
  readonly settings: Members
}

export function placesIn(files: readonly SettingsText[]): HookPlace[] {
  return files
    .map(({ scope, file, text }) => ({
      name: file,
      mend: `spikectl install --scope ${scope}`,
      remove: `spikectl uninstall --scope ${scope}`,
      hooks: ownHooksIn(text),
    }))
    .filter(({ hooks }) => hooks.length > 0)
}

export function managedPlaces(managed: readonly Managed[]): HookPlace[] {
  return managed
    .map(({ file, settings }) => ({
      name: file,
      mend: `sudoedit ${shellWord(file)}`,
      remove: `sudoedit ${shellWord(file)}`,
      hooks: ownHooks(settings),
      isManaged: true as const,
    }))
    .filter(({ hooks }) => hooks.length > 0)
}

/** Throws a Failure where the client would find no hooks to run. */
export function pluginPlace({ id, scope, folder }: EnabledPlugin): HookPlace {
  const name = shellWord(id)
  const remove = `claude plugin uninstall ${name}${scope ? ` --scope ${scope}` : ''}`
  const file = folder === undefined ? undefined : join(folder, 'hooks', 'hooks.json')
  const text = file === undefined ? undefined : readSmallFile(file)
  if (folder === undefined || text === undefined) {
    const what = file ? `there is no ${file}` : 'its folder is gone'
    throw failure(
      `the plugin ${id} is enabled, but ${what}: nothing of it runs`,
      `Run: spikectl install && ${remove}`,
    )
  }
  const filledIn = text.replaceAll(/\$\{CLAUDE_PLUGIN_ROOT\}/g, () => JSON.stringify(folder).slice(1, -1))
  const hooks = ownHooks(settingsIn(filledIn) ?? {})
  const forced = scope === undefined ? { isManaged: true as const } : {}
  return { name: `the plugin ${id}`, mend: `claude plugin update ${name}`, remove, hooks, ...forced }
}
