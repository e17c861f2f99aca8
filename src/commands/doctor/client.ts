/** Checks Claude Code itself: its version, and whether our plugin is in it. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMembers, type Members, ownHooks, settingsIn } from '../../hosts/claude-code/own-hooks.ts'
import type { Environment } from '../../paths.ts'
import { type Finding, failed, ok, warning } from './finding.ts'
import type { HookPlace } from './places.ts'

/** What spikectl was tried with. */
const TRIED = '2.1.330'
/** The first that starts hooks without a shell. Source: the client's changelog. */
const OLDEST = '2.1.139'

const DEADLINE_MS = 10_000

export function clientFinding(env: Environment): Finding {
  const said = ask(env, ['--version'])
  const [version] = /\d+\.\d+\.\d+/.exec(said ?? '') ?? []
  if (!version) {
    const why = 'its version cannot be checked, and there may be nothing to guard'
    return warning('client', 'no claude on the PATH', why, 'claude --version')
  }
  if (isBefore(version, OLDEST)) {
    const why = `the hooks need ${OLDEST} or newer: an older one does not start them`
    return failed('client', `Claude Code ${version} is too old`, why, 'claude update')
  }
  if (!isBefore(version, TRIED)) return ok('client', `Claude Code ${version}`)
  const why = `spikectl was tried with ${TRIED}`
  return warning(
    'client',
    `Claude Code ${version} is older than what spikectl relies on`,
    why,
    'claude update',
  )
}

/** The hooks of our plugin, where it is enabled. */
export function pluginPlaces(env: Environment): HookPlace[] {
  return listOf(ask(env, ['plugin', 'list', '--json']))
    .filter(isMembers)
    .filter(({ id, enabled }) => String(id).startsWith('spikectl@') && enabled === true)
    .flatMap(placeOf)
}

function placeOf({ id, readFromFolder, installPath }: Members): HookPlace[] {
  const folder = readFromFolder ?? installPath
  if (typeof folder !== 'string') return []
  const text = readFileSync(join(folder, 'hooks', 'hooks.json'), 'utf8')
  const filledIn = text.replaceAll(/\$\{CLAUDE_PLUGIN_ROOT\}/g, () => JSON.stringify(folder).slice(1, -1))
  return [
    {
      name: `the plugin ${id}`,
      mend: `claude plugin update ${id}`,
      remove: `claude plugin uninstall ${id}`,
      hooks: ownHooks(settingsIn(filledIn) ?? {}),
    },
  ]
}

function listOf(text: string | undefined): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value : []
  } catch {
    return [] // a client that knows no plugins says so in words
  }
}

/** What the client says on stdout; undefined when there is none, or it fails. It is kept off the network. */
function ask(env: Environment, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('claude', [...args], {
    env: { ...env, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout : undefined
}

function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}
