/** `spikectl install` and `uninstall`: our hooks in Claude Code's settings, and out again. */

import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { failure } from '../failure.ts'
import { makeFolder } from '../files.ts'
import { hashOfOwnHooks, settingsIn } from '../hosts/claude-code/own-hooks.ts'
import { type HookCommand, hookedEvents, withHooks, withoutHooks } from '../hosts/claude-code/settings.ts'
import { SCOPES, type Scope, settingsFile } from '../hosts/claude-code/settings-files.ts'
import { forget, type Installed, installedFiles, isUntouched, remember } from '../installed.ts'
import type { Paths } from '../paths.ts'
import { shellWord } from '../short-id.ts'
import type { Context, ExitCode } from './context.ts'
import { exampleCall, hookCommand, ROOT, runHook } from './hook-command.ts'
import { refuseAgents } from './person.ts'

export interface InstallOptions {
  readonly scope?: string
  readonly failClosed?: boolean
  readonly dryRun?: boolean
}

const BACKUP = '.before-spikectl'

export function install(context: Context, options: InstallOptions): ExitCode {
  const { terminal, paths, env } = context
  refuseFleeting(context)
  const scope = scopeOf(options)
  const file = openSettings(settingsFile(scope, process.cwd(), env))
  const hook = hookCommand(env, scope, options.failClosed ?? false)
  const changed = withHooks(file.text ?? '', hook, file.name)
  if (options.dryRun) {
    terminal.print(changed.trimEnd())
    return 0
  }
  record(paths, file, changed)
  if (changed === file.text) {
    terminal.print(`${file.name} has our hooks already`)
  } else {
    if (file.text) writeFileSync(`${file.place}${BACKUP}`, file.text, { mode: modeOf(file) })
    write(file, changed)
    terminal.print(`${file.name}: hooks for ${hookedEvents(changed, file.name).join(', ')}`)
  }
  tryOut(context, hook)
  terminal.print('A call through them runs. New sessions have them at once, running ones within seconds.')
  terminal.print(
    'You will hear of spikectl when an agent repeats itself or runs wild. Until then: spikectl status, spikectl doctor',
  )
  return 0
}

/** The record goes first: a session that is running lets its hooks be taken away then. */
export function uninstall(context: Context, options: InstallOptions): ExitCode {
  const { terminal, paths, env } = context
  refuseAgents(context, 'uninstall')
  const file = openSettings(settingsFile(scopeOf(options), process.cwd(), env))
  const known = installedFiles(paths)[file.name]
  forget(paths, file.name)
  if (file.text === undefined || hookedEvents(file.text, file.name).length === 0) {
    terminal.print(`${file.name} has no hooks of ours`)
    return 0
  }
  const before = known && isUntouched(known, file.text) ? known.before : withoutHooks(file.text, file.name)
  if (before === null) rmSync(file.place)
  else write(file, before)
  rmSync(`${file.place}${BACKUP}`, { force: true })
  terminal.print(`${file.name}: our hooks are gone`)
  return 0
}

/** A copy that npx has made may be gone tomorrow, and every hook with it. */
function refuseFleeting({ terminal }: Context): void {
  if (ROOT.includes(`${sep}_npx${sep}`)) {
    throw failure(
      'this copy of spikectl is in the cache of npx',
      'Run: npm install -g spikectl && spikectl install',
    )
  }
  if (existsSync(join(ROOT, '.git'))) {
    terminal.remark(`warning: the hooks will run from this checkout, ${ROOT}: do not move it`)
  }
}

function scopeOf({ scope = 'user' }: InstallOptions): Scope {
  const known = SCOPES.find((each) => each === scope)
  if (known) return known
  throw failure(`--scope is ${scope}, expected user, project or local`, 'Run: spikectl install --scope user')
}

interface SettingsFile {
  readonly name: string
  /** Where it really is: a link is followed, people keep their settings where they like. */
  readonly place: string
  /** Undefined when there is none. */
  readonly text: string | undefined
}

/** Throws a Failure for a file that is not ours to write. */
function openSettings(name: string): SettingsFile {
  if (!existsSync(name)) return { name, place: name, text: undefined }
  const place = realpathSync(name)
  const { uid, mode } = statSync(place)
  if (uid !== (process.getuid?.() ?? uid)) {
    throw failure(`${place} belongs to another user`, `Expected your own. Run: ls -l ${shellWord(place)}`)
  }
  if ((mode & 0o200) === 0) {
    throw failure(`${place} is read-only`, `If you want it changed: chmod u+w ${shellWord(place)}`)
  }
  return { name, place, text: readFileSync(place, 'utf8') }
}

/** Before the file is written: the hooks of a running session look it up as soon as they hear of the change. */
function record(paths: Paths, { name, text }: SettingsFile, changed: string): void {
  const hooks = hashOfOwnHooks(settingsIn(changed) ?? {})
  remember(paths, name, textBefore(installedFiles(paths)[name], text, name), changed, hooks)
}

/** Somebody may have changed it since an earlier install: then it was as it is without our hooks. */
function textBefore(known: Installed | undefined, text: string | undefined, name: string): string | null {
  if (text === undefined) return null
  return known && isUntouched(known, text) ? known.before : withoutHooks(text, name)
}

/** Whole or not at all, with the rights that the file had. */
function write(file: SettingsFile, text: string): void {
  makeFolder(dirname(file.place))
  const draft = `${file.place}.${process.pid}`
  writeFileSync(draft, text, { mode: modeOf(file), flush: true })
  renameSync(draft, file.place)
}

function modeOf({ place }: SettingsFile): number {
  return existsSync(place) ? statSync(place).mode & 0o777 : 0o600
}

/** One call through the command just as it was written, in a folder of its own: it must run, in silence. */
function tryOut({ env }: Context, hook: HookCommand): void {
  const home = mkdtempSync(join(tmpdir(), 'spikectl-install-'))
  const { exitCode, stdout, stderr, problem } = runHook(hook, exampleCall('install', 1), home, env)
  rmSync(home, { recursive: true })
  if (exitCode === 0 && stdout === '' && stderr === '') return
  throw failure(
    `a call through the hook failed (${problem ?? (stderr.trim() || `exit code ${exitCode}`)})`,
    'Run: spikectl doctor',
    1,
  )
}
