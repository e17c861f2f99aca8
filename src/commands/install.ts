/** `spikectl install` and `uninstall`: our hooks in Claude Code's settings, and out again. */

import { spawnSync } from 'node:child_process'
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
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { failure } from '../failure.ts'
import { makeFolder } from '../files.ts'
import { type HookCommand, hookedEvents, withHooks, withoutHooks } from '../hosts/claude-code/settings.ts'
import type { Environment } from '../paths.ts'
import type { Context, ExitCode } from './context.ts'
import { forget, hasLeft, remember } from './installed.ts'
import { refuseAgents } from './person.ts'

export interface InstallOptions {
  readonly scope?: string
  readonly failClosed?: boolean
  readonly dryRun?: boolean
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const HOOK = join(ROOT, 'bin', 'spikectl-hook.js')
/** Shared with others through the project's repository: who has no spikectl is not disturbed. */
const PROJECT_COMMAND = 'command -v spikectl-hook >/dev/null 2>&1 || exit 0; exec spikectl-hook'
const BACKUP = '.before-spikectl'

export function install(context: Context, options: InstallOptions): ExitCode {
  refuseFleeting(context)
  const file = settingsFile(context.env, options.scope ?? 'user')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const hook = hookFor(context.env, options)
  const changed = withHooks(text, hook, file)
  if (options.dryRun) {
    context.terminal.print(changed.trimEnd())
    return 0
  }
  if (changed === text) {
    context.terminal.print(`${file} has our hooks already`)
  } else {
    remember(context.paths, file, existsSync(file) ? text : null, changed)
    write(file, changed, text === '' ? undefined : text)
    context.terminal.print(`${file}: hooks for ${hookedEvents(changed, file).join(', ')}`)
  }
  tryOut(hook)
  context.terminal.print(
    'A call through them runs. New sessions have them at once, running ones within seconds.',
  )
  context.terminal.print(
    'You will hear of spikectl when an agent repeats itself or runs wild; until then: spikectl status',
  )
  return 0
}

export function uninstall(context: Context, options: InstallOptions): ExitCode {
  refuseAgents(context, 'uninstall')
  const file = settingsFile(context.env, options.scope ?? 'user')
  if (!existsSync(file) || hookedEvents(readFileSync(file, 'utf8'), file).length === 0) {
    context.terminal.print(`${file} has no hooks of ours`)
    return 0
  }
  const text = readFileSync(file, 'utf8')
  const left = hasLeft(context.paths, file, text)
  if (left) restore(file, left.before)
  else write(file, withoutHooks(text, file), undefined)
  rmSync(`${file}${BACKUP}`, { force: true })
  forget(context.paths, file)
  context.terminal.print(`${file}: our hooks are gone`)
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

function settingsFile(env: Environment, scope: string): string {
  const files: Readonly<Record<string, string>> = {
    user: join(env.CLAUDE_CONFIG_DIR || join(env.HOME || homedir(), '.claude'), 'settings.json'),
    project: join(process.cwd(), '.claude', 'settings.json'),
    local: join(process.cwd(), '.claude', 'settings.local.json'),
  }
  const file = files[scope]
  if (!file)
    throw failure(
      `--scope is ${scope}, expected user, project or local`,
      'Run: spikectl install --scope user',
    )
  // A link is followed: people keep their settings where they like.
  return existsSync(file) ? realpathSync(file) : file
}

function hookFor(env: Environment, { scope, failClosed = false }: InstallOptions): HookCommand {
  if (scope === 'project') return { command: PROJECT_COMMAND, failClosed }
  return { command: stableNode(env), args: [HOOK], failClosed }
}

/** The path of this Node as the shell finds it, which outlives its updates; else where it really is. */
function stableNode({ PATH = '' }: Environment): string {
  const real = realpathSync(process.execPath)
  const found = PATH.split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((file) => folderIsStable(file) && existsSync(file) && realpathSync(file) === real)
  return found ?? process.execPath
}

function folderIsStable(file: string): boolean {
  return file.startsWith(sep) && !file.includes(`${sep}node_modules${sep}`)
}

/** Whole or not at all, with the rights that the file had, and with a copy of what it was. */
function write(file: string, text: string, before: string | undefined): void {
  makeFolder(dirname(file))
  const mode = existsSync(file) ? statSync(file).mode & 0o777 : 0o600
  if (before !== undefined) writeFileSync(`${file}${BACKUP}`, before, { mode })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, text, { mode, flush: true })
  renameSync(draft, file)
}

function restore(file: string, before: string | null): void {
  if (before === null) rmSync(file)
  else write(file, before, undefined)
}

/** One call through the command just as it was written, in a folder of its own: it must run, in silence. */
function tryOut({ command, args }: HookCommand): void {
  const home = mkdtempSync(join(tmpdir(), 'spikectl-install-'))
  const input = JSON.stringify({
    session_id: 'install',
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: {},
  })
  const env = { ...process.env, SPIKECTL_HOME: home }
  const [program, rest] = args ? [command, [...args]] : ['/bin/sh', ['-c', command]]
  const ended = spawnSync(program, rest, { input, env, cwd: home, encoding: 'utf8' })
  rmSync(home, { recursive: true })
  if (ended.status === 0 && ended.stdout === '' && ended.stderr === '') return
  throw failure(
    `a call through the hook failed (${ended.error?.message ?? ended.stderr.trim() ?? `exit ${ended.status}`})`,
    'Run: spikectl uninstall, and try the command in the settings by hand',
    1,
  )
}
