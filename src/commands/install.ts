/** `spikectl install` and `uninstall`: our hooks in Claude Code's settings, and out again. */

import { existsSync, rmSync } from 'node:fs'
import { join, sep } from 'node:path'
import {
  type HookCommand,
  hookedEvents,
  withHooks,
  withoutHooks,
} from '../hosts/claude-code/settings/edit.ts'
import { SCOPES, type Scope, settingsFile, settingsTexts } from '../hosts/claude-code/settings/files.ts'
import {
  appliedIn,
  hashOfOwnHooks,
  ownHooks,
  ownHooksIn,
  unheardEvents,
} from '../hosts/claude-code/settings/hooks.ts'
import {
  forget,
  type Installed,
  installedFiles,
  isUntouched,
  remember,
} from '../hosts/claude-code/settings/record.ts'
import { silencings } from '../hosts/claude-code/settings/silencing.ts'
import { failure } from '../system/failure.ts'
import { MIN_NODE } from '../system/version.ts'
import type { Context, ExitCode } from './context.ts'
import { exampleCall, hookCommand, inThrowAwayHome, ROOT, runHook } from './hook-command.ts'
import { refuseAgents } from './person.ts'
import { dropCopy, keepCopy, openSettings, type SettingsFile, writeSettings } from './settings-file.ts'

export interface InstallOptions {
  readonly scope?: string
  readonly failClosed?: boolean
  readonly dryRun?: boolean
}

export function install(context: Context, options: InstallOptions): ExitCode {
  const { terminal, paths, env } = context
  refuseFleeting(context)
  const scope = scopeOf(options)
  const file = openSettings(settingsFile(scope, process.cwd(), env))
  const known = installedFiles(paths)[file.name]
  // What was installed once is the person's to change.
  if (known) refuseAgents(context, 'install')
  const hook = hookCommand(env, scope, options.failClosed ?? false)
  const changed = withHooks(file.text ?? '', hook, file.name)
  const hooks = hashOfHooks(changed, file.name)
  if (options.dryRun) {
    terminal.remark(`${file.name} would be:`)
    terminal.print(changed.trimEnd())
    return 0
  }
  if (scope === 'project' && options.failClosed) {
    terminal.remark('warning: where spikectl-hook is not on the PATH, calls run all the same')
  }
  // Before the file is written: a running session looks it up as soon as it hears of the change.
  remember(paths, file.name, { before: textBefore(known, file), hooks }, changed)
  if (changed === file.text) {
    terminal.print(`${file.name} has our hooks already`)
  } else {
    if (file.text !== undefined && !known) keepCopy(file)
    writeSettings(file, changed, scope === 'project' ? 0o644 : 0o600)
    terminal.print(`${file.name}: hooks for ${hookedEvents(changed, file.name).join(', ')}`)
  }
  tryOut(context, hook)
  warnOfSilence(context)
  terminal.print('A call through them runs. New sessions have them at once, running ones within seconds.')
  terminal.print(
    'You will hear of spikectl when an agent repeats itself or runs wild. Until then: spikectl status, spikectl doctor',
  )
  return 0
}

/** The record goes before the file is written: a session that is running lets its hooks be taken away then. */
export function uninstall(context: Context, options: InstallOptions): ExitCode {
  const { terminal, paths, env } = context
  refuseAgents(context, 'uninstall')
  const file = openSettings(settingsFile(scopeOf(options), process.cwd(), env))
  const known = installedFiles(paths)[file.name]
  const isOurs = file.text !== undefined && known !== undefined && isUntouched(known, file.text)
  if (file.text === undefined || (!isOurs && hookedEvents(file.text, file.name).length === 0)) {
    forget(paths, file.name)
    terminal.print(`${file.name} has no hooks of ours`)
    tellOfOthers(context)
    return 0
  }
  const before = isOurs ? known.before : withoutHooks(file.text, file.name)
  forget(paths, file.name)
  if (before === null) rmSync(file.place)
  else writeSettings(file, before)
  dropCopy(file)
  terminal.print(`${file.name}: our hooks are gone`)
  tellOfOthers(context)
  return 0
}

/** Hooks of ours that are still in force here. */
function tellOfOthers({ env, terminal }: Context): void {
  for (const { scope, file, text } of settingsTexts(process.cwd(), env, {})) {
    if (ownHooksIn(text).length === 0) continue
    terminal.print(`${file} still has some: spikectl uninstall --scope ${scope}`)
  }
}

/** A copy that npx has made may be gone tomorrow, and every hook with it. */
function refuseFleeting({ terminal }: Context): void {
  if (ROOT.includes(`${sep}_npx${sep}`)) {
    throw failure(
      'this copy of spikectl is in the cache of npx',
      'Run: npm install -g spikectl && spikectl install',
    )
  }
  if (process.execPath.includes(`${sep}_npx${sep}`)) {
    throw failure(
      'this Node is in the cache of npx, which may be cleared',
      `Install Node ${MIN_NODE} or newer; or from a clone: npm ci && npx spikectl install`,
    )
  }
  if (existsSync(join(ROOT, '.git'))) {
    terminal.remark(`warning: the hooks will run from this checkout, ${ROOT}: do not move it`)
  }
}

/** Our hooks are there now, and something else may keep them from running. */
function warnOfSilence({ env, paths, terminal }: Context): void {
  const files = settingsTexts(process.cwd(), env, installedFiles(paths))
  for (const { file, problem } of silencings(files)) terminal.remark(`warning: ${file} ${problem}`)
}

function scopeOf({ scope = 'user' }: InstallOptions): Scope {
  const known = SCOPES.find((each) => each === scope)
  if (known) return known
  throw failure(`--scope is ${scope}, expected user, project or local`, 'Run: spikectl install --scope user')
}

/** A hash of our hooks in a text. Throws a Failure where it has none for one of the events. */
function hashOfHooks(text: string, name: string): string {
  const settings = appliedIn(text)
  const missing = unheardEvents(ownHooks(settings))
  if (missing.length === 0) return hashOfOwnHooks(settings)
  throw failure(`${name} cannot hold hooks for ${missing.join(', ')}`, 'Mend it, then run the same again')
}

/** Somebody may have changed it since an earlier install: then it was as it is without our hooks. */
function textBefore(known: Installed | undefined, { text, name }: SettingsFile): string | null {
  if (text === undefined) return null
  return known && isUntouched(known, text) ? known.before : withoutHooks(text, name)
}

/** One call through the command just as it was written, in a folder of its own: it must run, in silence. */
function tryOut({ env }: Context, hook: HookCommand): void {
  const { exitCode, stdout, stderr, problem } = inThrowAwayHome({}, (home) =>
    runHook(hook, exampleCall('install', 1), home, env),
  )
  if (exitCode === 0 && stdout === '' && stderr === '') return
  throw failure(
    `a call through the hook failed (${problem ?? (stderr.trim() || `exit code ${exitCode}`)})`,
    'Run: spikectl doctor',
    1,
  )
}
