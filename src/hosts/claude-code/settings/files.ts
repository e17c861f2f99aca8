/** Where Claude Code reads settings. Source: client 2.1.330 as observed. */

import { existsSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe } from '../../../system/failure.ts'
import { readSmallFile } from '../../../system/files.ts'
import type { Environment } from '../../../system/paths.ts'

/** In the order of precedence, lowest first. Hooks of all of them run together. */
export const SCOPES = ['user', 'project', 'local'] as const

export type Scope = (typeof SCOPES)[number]

/**
 * The name of a scope's file, the same for every way that leads to its folder. It may not be there, and it may be a
 * link: people keep their settings where they like.
 */
export function settingsFile(scope: Scope, project: string, env: Environment): string {
  switch (scope) {
    case 'user':
      return join(userFolder(env), 'settings.json')
    case 'project':
      return join(real(project), '.claude', 'settings.json')
    case 'local':
      return join(real(project), '.claude', 'settings.local.json')
  }
}

/** Where an administrator sets things for the machine. Source: Claude Code's settings reference. */
export function managedFolder(): string {
  const folders: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
    darwin: '/Library/Application Support/ClaudeCode',
    win32: 'C:\\Program Files\\ClaudeCode',
  }
  return folders[process.platform] ?? '/etc/claude-code'
}

/** One of the files that a session reads. */
export interface SettingsText {
  readonly scope: Scope
  readonly file: string
  /** Undefined when there is no file; empty when it cannot be read, by which the client finds nothing in it either. */
  readonly text: string | undefined
  /** Why it cannot be read. */
  readonly unreadable?: string
  /** The hash of our hooks as `install` has written them; undefined when it has not. */
  readonly recorded: string | undefined
}

/** The client reads no larger settings. Source: client 2.1.330 as observed. */
export const MAX_SETTINGS_BYTES = 2 * 1024 * 1024

/**
 * What a session in `project` reads, the file that takes precedence last; `installed` says what `install` has written, by
 * the name of the file. In a subfolder or a worktree the client reads the local settings of the whole repository too.
 */
export function settingsTexts(
  project: string,
  env: Environment,
  installed: Readonly<Record<string, { readonly hooks: string }>>,
): SettingsText[] {
  const files = new Map<string, Scope>()
  const add = (scope: Scope, folder: string) => {
    const file = settingsFile(scope, folder, env)
    // In the home folder the project's settings are the user's.
    if (!files.has(file)) files.set(file, scope)
  }
  for (const scope of SCOPES) add(scope, project)
  for (const root of repositoriesOf(real(project))) add('local', root)
  return [...files].map(([file, scope]) => ({
    scope,
    file,
    ...textOf(file),
    recorded: installed[file]?.hooks,
  }))
}

/** The root of the repository that a folder is in and, if that is a worktree, the root of the main one. */
function repositoriesOf(folder: string): string[] {
  const git = join(folder, '.git')
  if (!existsSync(git)) return dirname(folder) === folder ? [] : repositoriesOf(dirname(folder))
  if (statSync(git).isDirectory()) return [folder]
  const [, main] = /^gitdir: (.+)[\\/]\.git[\\/]worktrees[\\/]/.exec(readSmallFile(git) ?? '') ?? []
  return main ? [folder, resolve(folder, main)] : [folder]
}

function textOf(file: string): Pick<SettingsText, 'text' | 'unreadable'> {
  try {
    return { text: readSmallFile(file, MAX_SETTINGS_BYTES) }
  } catch (error) {
    return { text: '', unreadable: describe(error) }
  }
}

/** The client's own folder. */
export function userFolder({ CLAUDE_CONFIG_DIR, HOME }: Environment): string {
  return CLAUDE_CONFIG_DIR ? real(CLAUDE_CONFIG_DIR) : join(real(HOME || homedir()), '.claude')
}

/** The one name of a folder that several may lead to; absolute also where it is not there. */
export function real(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : resolve(folder)
}
