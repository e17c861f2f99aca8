/** `spikectl doctor`: is this machine guarded? From Node to a real block through the hook as it is configured. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Members } from '../guard/members.ts'
import { managedFolder, type SettingsText, settingsTexts } from '../hosts/claude-code/settings/files.ts'
import { settingsIn } from '../hosts/claude-code/settings/hooks.ts'
import { enabledPlugins } from '../hosts/claude-code/settings/plugins.ts'
import { installedFiles } from '../hosts/claude-code/settings/record.ts'
import { envIn } from '../hosts/claude-code/settings/silencing.ts'
import { failure } from '../system/failure.ts'
import type { Environment } from '../system/paths.ts'
import { counted } from '../system/plural.ts'
import { printable, shellWord } from '../system/text.ts'
import { withTilde } from '../terminal/tilde.ts'
import { wrapped, wrappedCommand } from '../terminal/wrap.ts'
import type { Context, ExitCode } from './context.ts'
import { acknowledge } from './doctor/acknowledge.ts'
import { clientFinding, clientVersion, invalidSettings } from './doctor/client.ts'
import { type Finding, findingsOf, type Gathered, gathered, type Level, ok } from './doctor/finding.ts'
import { hookFindings } from './doctor/hooks.ts'
import { keepingFindings } from './doctor/keeping.ts'
import { type HookPlace, type Managed, managedPlaces, placesIn, pluginPlace } from './doctor/places.ts'
import { isExclusive, settingsFindings } from './doctor/settings.ts'
import { environmentOf, type Surroundings, trialFindings } from './doctor/trial.ts'
import { projectOf } from './policy-in-force.ts'

export interface DoctorOptions {
  readonly acknowledge?: boolean
  readonly json?: boolean
}

export async function doctor(context: Context, options: DoctorOptions): Promise<ExitCode> {
  if (options.acknowledge) acknowledge(context)
  const findings = await examine(context, projectOf(context.env))
  const count = (level: Level) => findings.filter((each) => each.level === level).length
  if (options.json) {
    context.terminal.printJson({ version: 1, findings })
  } else {
    for (const finding of findings) print(context, finding)
    const [warnings, failures] = [counted(count('warning'), 'warning'), counted(count('failure'), 'failure')]
    context.terminal.print(`\n${count('ok')} ok, ${warnings}, ${failures}`)
  }
  return count('failure') > 0 ? 2 : count('warning') > 0 ? 1 : 0
}

async function examine(context: Context, project: string): Promise<Finding[]> {
  const { env, paths } = context
  const installed = await gathered('settings', () => installedFiles(paths), {})
  const managed = await gathered('settings', managedSettings, [])
  const version = await gathered('client', () => clientVersion(env), undefined)
  const invalid = await gathered('client', () => invalidSettings(version.found, project, env), [])
  const files = settingsTexts(project, env, installed.found)
  const places = await placesFor(files, managed.found, project, env)
  const looked = lookAt(places.found, surroundingsOf(files, env))
  const told = looked.filter(({ findings }) => findings.some(({ level }) => level !== 'ok'))
  const seen = {
    files,
    managed: managed.found,
    places: places.found,
    invalid: invalid.found,
    env,
    told: told.map(({ place }) => place.name),
  }
  return [
    ok('node', `Node ${process.versions.node}, Node-API ${process.versions.napi}`),
    ...(await keepingFindings(context, project)),
    ...(version.problems.length > 0 ? [] : [clientFinding(version.found, env)]),
    ...[installed, managed, version, invalid, places].flatMap(({ problems }) => problems),
    ...(await findingsOf('settings', () => settingsFindings(seen))),
    ...looked.flatMap(({ findings }) => findings),
  ]
}

/** Where hooks of ours run from. */
async function placesFor(
  files: readonly SettingsText[],
  managed: readonly Managed[],
  project: string,
  env: Environment,
): Promise<Gathered<readonly HookPlace[]>> {
  const rules = managed.map(({ settings }) => settings)
  const enabled = await gathered('plugin', () => enabledPlugins(files, rules, project, env), [])
  const plugins = await Promise.all(
    enabled.found.map((each) => gathered('plugin', () => [pluginPlace(each)], [])),
  )
  const all = [...managedPlaces(managed), ...placesIn(files), ...plugins.flatMap(({ found }) => found)]
  return {
    found: managed.some(isExclusive) ? all.filter(({ isManaged }) => isManaged) : all,
    problems: [enabled, ...plugins].flatMap(({ problems }) => problems),
  }
}

/** What the client would start the hooks with. */
function surroundingsOf(files: readonly SettingsText[], env: Environment): Surroundings {
  const added = files
    .map(({ file, text }) => ({ file, variables: settable(envIn(text)) }))
    .filter(({ variables }) => Object.keys(variables).length > 0)
  return { env, added }
}

/** Where it was found that a hook cannot do its work, it is not tried: its failing at it is no news. */
function lookAt(places: readonly HookPlace[], surroundings: Surroundings) {
  const variables = environmentOf(surroundings)
  return places.map((place) => {
    const found = hookFindings(place, (program) => isFound(program, variables))
    const isTried = found.every(({ level }) => level !== 'failure')
    return { place, findings: isTried ? [...found, ...trialFindings(place, surroundings)] : found }
  })
}

/** What of an `env` a process can be given. */
function settable(env: Members): Environment {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      typeof value === 'string' && !value.includes('\0') ? [[name, value]] : [],
    ),
  )
}

/** The file of that name, and those beside it in its folder. */
function managedSettings(): Managed[] {
  const folder = managedFolder()
  const extra = join(folder, 'managed-settings.d')
  const files = [
    join(folder, 'managed-settings.json'),
    ...(existsSync(extra) ? readdirSync(extra).sort() : []).map((name) => join(extra, name)),
  ]
  return files
    .filter((file) => file.endsWith('.json') && existsSync(file))
    .map((file) => {
      const settings = settingsIn(readFileSync(file, 'utf8'))
      if (settings) return { file, settings }
      throw failure(`${file} is no JSON`, `Run: sudoedit ${shellWord(file)}`)
    })
}

/** As a shell finds programs. */
function isFound(program: string, { PATH = '' }: Environment): boolean {
  if (isAbsolute(program)) return existsSync(program)
  return PATH.split(delimiter).some((folder) => existsSync(join(folder, program)))
}

/** What it says may quote files that others wrote. */
function print({ env, terminal }: Context, { check, level, what, why, run }: Finding): void {
  const { colour, columns } = terminal
  const paint = { ok: colour.green, warning: colour.yellow, failure: colour.red }[level]
  const shown = (text: string) => withTilde(printable(text), env.HOME)
  const margin = ' '.repeat(19)
  const lines = wrapped(shown(what), columns, `${paint(level.padEnd(7))}  ${check.padEnd(8)}  `)
  if (level !== 'ok') {
    lines.push(...wrapped(shown(why), columns, `${margin}why: `))
    lines.push(...wrappedCommand(shown(run), columns, `${margin}run: `))
  }
  for (const line of lines) terminal.print(line)
}
