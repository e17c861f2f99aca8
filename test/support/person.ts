/** A person whose machine doctor looks at. */

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Finding } from '../../src/commands/doctor/finding.ts'
import { EVENTS } from '../../src/hosts/claude-code/settings/hooks.ts'
import { CLI, type Ended, event, HOOK, run, runCli, runHook, temporaryHome, times } from './processes.ts'

/** What a client says that finds nothing wrong. */
const SOUND = 'Claude Code doctor\n\nNo installation issues found.\n'

/** A person with spikectl installed, a project, and a `claude` on the PATH that says this version. */
export async function person(t: TestContext, version: string | undefined = '2.1.330') {
  const home = temporaryHome(t)
  const project = join(home, 'app')
  const state = join(home, 'spikectl')
  const bin = join(home, 'bin')
  mkdirSync(join(project, '.claude'), { recursive: true })
  mkdirSync(bin)
  const claude = (text: string) => writeFileSync(join(bin, 'claude'), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  if (version) claude(`test "$1" = --version && echo '${version} (Claude Code)' || printf '${SOUND}'`)
  const env = { SPIKECTL_HOME: state, PATH: `${bin}:/usr/bin:/bin` }
  const spikectl = (...args: string[]): Promise<Ended> => runCli(args, { home, cwd: project, env })
  const { exitCode, stderr } = await spikectl('install')
  assert.equal(exitCode, 0, stderr)
  const file = join(home, '.claude/settings.json')
  const local = join(project, '.claude/settings.local.json')
  const edit = (change: (text: string) => string) => writeFileSync(file, change(readFileSync(file, 'utf8')))
  const node = (program: string) => `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`
  writeFileSync(join(bin, 'spikectl'), node(CLI), { mode: 0o755 })
  /** A line as a person pastes it, whose editor throws away what it is to edit. */
  const shell = (line: string) =>
    run(['-c', line], { home, cwd: project, env: { ...env, EDITOR: 'rm' } }, '/bin/sh')
  const call = () => runHook({ home, env: { SPIKECTL_HOME: state }, input: event() })
  return { home, project, state, bin, claude, env, spikectl, file, local, edit, call, node, shell }
}

export type Person = Awaited<ReturnType<typeof person>>

/** Calls until one is blocked, so that there is a signed log. */
export async function blocked({ state, call }: Person): Promise<void> {
  writeFileSync(join(state, 'config.json'), '{"rate":{"warnPerMin":0,"blockPerMin":2}}', { mode: 0o600 })
  for (const _ of times(3, Number)) await call()
}

/** Our plugin as the client's own files tell of it, after `claude plugin install` from a folder. */
export function plugin({ home, file, node }: Person, isEnabled = true): string {
  const folder = join(home, 'a "plugin"')
  mkdirSync(join(folder, 'hooks'), { recursive: true })
  mkdirSync(join(folder, '.claude-plugin'))
  const hook = {
    type: 'command',
    command: `\${CLAUDE_PLUGIN_ROOT}/hooks/spikectl-hook.sh`,
    args: [],
    timeout: 10,
  }
  const hooks = Object.fromEntries(EVENTS.map((each) => [each, [{ hooks: [hook] }]]))
  writeFileSync(join(folder, 'hooks/hooks.json'), JSON.stringify({ hooks }))
  writeFileSync(join(folder, 'hooks/spikectl-hook.sh'), node(HOOK), { mode: 0o755 })
  const marketplace = { name: 'here', plugins: [{ name: 'spikectl', source: './' }] }
  writeFileSync(join(folder, '.claude-plugin/marketplace.json'), JSON.stringify(marketplace))
  const source = { source: 'directory', path: folder }
  const plugins = join(home, '.claude/plugins')
  mkdirSync(plugins, { recursive: true })
  writeFileSync(join(plugins, 'known_marketplaces.json'), JSON.stringify({ here: { source } }))
  enable(file, 'spikectl@here', isEnabled)
  return folder
}

export function enable(file: string, id: string, isEnabled: boolean): void {
  const settings = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const enabledPlugins = { ...settings.enabledPlugins, [id]: isEnabled }
  writeFileSync(file, JSON.stringify({ ...settings, enabledPlugins }, null, 2))
}

/** A block that could not be signed, because what stands in the log's place is no folder. */
export async function unsigned(p: Person): Promise<void> {
  writeFileSync(join(p.state, 'audit'), '', { mode: 0o600 })
  await blocked(p)
  rmSync(join(p.state, 'audit'))
}

/** What `spikectl doctor --json` says there. */
export async function findings(p: Person): Promise<{ exitCode: number | null; found: Finding[] }> {
  const { exitCode, stdout, stderr } = await p.spikectl('doctor', '--json')
  assert.equal(stderr, '')
  const { version, findings: found } = JSON.parse(stdout)
  assert.equal(version, 1)
  return { exitCode, found }
}
