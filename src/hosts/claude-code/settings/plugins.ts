/**
 * Our plugin, as the client's own files tell of it: which settings enable it, and the folder that the client runs it from.
 * Source: client 2.1.330 as observed. A plugin of a marketplace that is a folder runs from there, and not at all when that
 * is gone; of any other it runs from the copy that `plugins/installed_plugins.json` names. The settings alone enable it.
 */

import { join } from 'node:path'
import { isObject, type Members, membersOf } from '../../../guard/members.ts'
import { failure } from '../../../system/failure.ts'
import { readSmallFile } from '../../../system/files.ts'
import type { Environment } from '../../../system/paths.ts'
import { MAX_SETTINGS_BYTES, type SettingsText, userFolder } from './files.ts'
import { appliedIn, listOf, settingsIn } from './hooks.ts'

export interface EnabledPlugin {
  readonly id: string
  /** The scope of the settings that enable it; undefined where the managed settings do. */
  readonly scope: string | undefined
  /** Undefined when the client has none to run it from. */
  readonly folder: string | undefined
}

const OURS = 'spikectl@'

/** Enabled for this project. Throws a Failure for a file of the client's that is broken. */
export function enabledPlugins(
  files: readonly SettingsText[],
  managed: readonly Members[],
  project: string,
  env: Environment,
): EnabledPlugin[] {
  const sources = [
    ...files.map(({ scope, text }) => ({ scope, settings: appliedIn(text) })),
    ...managed.map((settings) => ({ scope: undefined, settings })),
  ]
  const deciding = new Map(
    sources.flatMap(({ scope, settings }) =>
      Object.entries(membersOf(settings.enabledPlugins))
        .filter(([id]) => id.startsWith(OURS))
        .map(([id, value]) => [id, { id, scope, isEnabled: value === true }] as const),
    ),
  )
  const declared = sources.map(({ settings }) => membersOf(settings.extraKnownMarketplaces))
  return [...deciding.values()]
    .filter(({ isEnabled }) => isEnabled)
    .map(({ id, scope }) => ({ id, scope, folder: folderOf(id, declared, project, env) }))
}

function folderOf(
  id: string,
  declared: readonly Members[],
  project: string,
  env: Environment,
): string | undefined {
  const plugins = env.CLAUDE_CODE_PLUGIN_CACHE_DIR || join(userFolder(env), 'plugins')
  const [name = '', marketplace = ''] = id.split('@')
  const known = [...declared, read(join(plugins, 'known_marketplaces.json'))]
    .map((each) => membersOf(membersOf(each[marketplace]).source))
    .findLast(({ source }) => source !== undefined)
  if (known?.source === 'directory')
    return typeof known.path === 'string' ? within(known.path, name) : undefined
  const installed = membersOf(read(join(plugins, 'installed_plugins.json')).plugins)
  const entries = listOf(installed[id]).filter(isObject)
  const entry = entries.find(({ projectPath = project }) => projectPath === project) ?? entries[0]
  return typeof entry?.installPath === 'string' ? entry.installPath : undefined
}

/** Where a marketplace's folder has the plugin; undefined when it has none. */
function within(folder: string, name: string): string | undefined {
  const { plugins } = read(join(folder, '.claude-plugin', 'marketplace.json'))
  const entry = listOf(plugins)
    .filter(isObject)
    .find((each) => each.name === name)
  return typeof entry?.source === 'string' ? join(folder, entry.source) : undefined
}

function read(file: string): Members {
  const text = readSmallFile(file, MAX_SETTINGS_BYTES)
  const members = text === undefined ? {} : settingsIn(text)
  if (members) return members
  throw failure(`${file} is no JSON, so that it is not known which plugins run`, 'Run: spikectl install')
}
