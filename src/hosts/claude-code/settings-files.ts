/** Where Claude Code reads settings. Source: client 2.1.330 as observed. */

import { existsSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { readSmallFile } from '../../files.ts'
import type { Environment } from '../../paths.ts'
import type { SettingsText } from './silencing.ts'

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

/** What an administrator has set for the machine. Source: Claude Code's settings reference. */
export function managedSettingsFile(): string {
  const folders: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
    darwin: '/Library/Application Support/ClaudeCode',
    win32: 'C:\\Program Files\\ClaudeCode',
  }
  return join(folders[process.platform] ?? '/etc/claude-code', 'managed-settings.json')
}

/** More than any settings: a larger file is read by nobody. */
const MAX_BYTES = 16 * 1024 * 1024

/** What all scopes hold now; `installed` says what `install` has written, by the name of the file. */
export function settingsTexts(
  project: string,
  env: Environment,
  installed: Readonly<Record<string, { readonly hooks: string }>>,
): SettingsText[] {
  const files = new Map<string, Scope>()
  // In the home folder the project's settings are the user's.
  for (const scope of SCOPES) {
    const file = settingsFile(scope, project, env)
    if (!files.has(file)) files.set(file, scope)
  }
  return [...files].map(([file, scope]) => ({
    ...{ scope, file, text: textOf(file), recorded: installed[file]?.hooks },
  }))
}

/** Undefined when there is none; empty when it cannot be read, by which the client finds no hooks in it either. */
function textOf(file: string): string | undefined {
  try {
    return readSmallFile(file, MAX_BYTES)
  } catch {
    return ''
  }
}

/** Also where the client keeps its plugins. */
export function userFolder({ CLAUDE_CONFIG_DIR, HOME }: Environment): string {
  return CLAUDE_CONFIG_DIR ? real(CLAUDE_CONFIG_DIR) : join(real(HOME || homedir()), '.claude')
}

function real(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : resolve(folder)
}
