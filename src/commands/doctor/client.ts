/** Checks Claude Code itself: its version, and whether our plugin is in it. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, failure } from '../../failure.ts'
import { isObject } from '../../hosts/claude-code/payload.ts'
import { listOf, type Members, ownHooks, settingsIn } from '../../hosts/claude-code/settings/own-hooks.ts'
import type { Environment } from '../../paths.ts'
import { shellWord } from '../../short-id.ts'
import { type Finding, failed, ok, warning } from './finding.ts'
import type { HookPlace } from './places.ts'

/** What spikectl was tried with. */
const TRIED = '2.1.330'
/** The first that starts hooks without a shell. Source: the client's changelog. */
const OLDEST = '2.1.139'

const DEADLINE_MS = 10_000

/** Undefined when there is no client on the PATH. Throws a Failure when it does not say. */
export function clientVersion(env: Environment): string | undefined {
  const said = ask(env, ['--version'])
  if (said === undefined) return undefined
  const [version] = /\d+\.\d+\.\d+/.exec(said) ?? []
  if (version) return version
  throw failure('claude --version names no version', 'Run: claude --version')
}

export function clientFinding(version: string | undefined): Finding {
  if (version === undefined) {
    const why = 'its version cannot be checked, and there may be nothing to guard'
    return warning('client', 'no claude on the PATH', why, 'command -v claude')
  }
  if (isBefore(version, OLDEST)) {
    const why = `the hooks need ${OLDEST} or newer: an older one does not start them`
    return failed('client', `Claude Code ${version} is too old`, why, 'claude update')
  }
  if (!isBefore(version, TRIED)) return ok('client', `Claude Code ${version}`)
  const what = `Claude Code ${version} is older than what spikectl relies on`
  return warning('client', what, `spikectl was tried with ${TRIED}`, 'claude update')
}

/** The hooks of our plugin, where it is enabled for this project. */
export function pluginPlaces(env: Environment, project: string): HookPlace[] {
  const said = ask(env, ['plugin', 'list', '--json']) ?? '[]'
  const listed: unknown = JSON.parse(said.slice(Math.max(0, said.indexOf('['))))
  return listOf(listed)
    .filter(isObject)
    .filter(({ id, enabled }) => String(id).startsWith('spikectl@') && enabled === true)
    .filter(({ projectPath = project }) => projectPath === project)
    .flatMap(placeOf)
}

function placeOf({ id, scope, readFromFolder, installPath }: Members): HookPlace[] {
  const folder = readFromFolder ?? installPath
  if (typeof folder !== 'string') return []
  const text = readFileSync(join(folder, 'hooks', 'hooks.json'), 'utf8')
  const filledIn = text.replaceAll(/\$\{CLAUDE_PLUGIN_ROOT\}/g, () => JSON.stringify(folder).slice(1, -1))
  const name = shellWord(String(id))
  return [
    {
      name: `the plugin ${id}`,
      mend: `claude plugin update ${name}`,
      remove: `claude plugin uninstall ${name}${typeof scope === 'string' ? ` --scope ${shellWord(scope)}` : ''}`,
      hooks: ownHooks(settingsIn(filledIn) ?? {}),
    },
  ]
}

/** What the client says on stdout, kept off the network; undefined when there is none. Throws a Failure when it fails. */
function ask(env: Environment, args: readonly string[]): string | undefined {
  const { status, stdout, error } = spawnSync('claude', [...args], {
    env: { ...env, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (codeOf(error) === 'ENOENT') return undefined
  if (status === 0) return stdout
  const command = `claude ${args.join(' ')}`
  const why = error?.message ?? `exit code ${status}`
  throw failure(`${command} fails: ${why}`, `Run: ${command}`)
}

function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}
