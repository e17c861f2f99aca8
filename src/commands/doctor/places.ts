/** Where our hooks come from: settings files, managed settings, a plugin. Pure. */

import type { SettingsText } from '../../hosts/claude-code/settings/files.ts'
import {
  type Members,
  type OwnHook,
  ownHooks,
  ownHooksIn,
} from '../../hosts/claude-code/settings/own-hooks.ts'
import { editing } from './finding.ts'

export interface HookPlace {
  readonly name: string
  /** How it is put in order. */
  readonly mend: string
  /** How our hooks are taken out of it. */
  readonly remove: string
  readonly hooks: readonly OwnHook[]
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
      mend: editing(file),
      remove: editing(file),
      hooks: ownHooks(settings),
    }))
    .filter(({ hooks }) => hooks.length > 0)
}
