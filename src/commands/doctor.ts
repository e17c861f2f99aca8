/** `spikectl doctor`: is this machine guarded? From Node to a real block through the hook as it is configured. */

import { existsSync, readFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { settingsIn } from '../hosts/claude-code/own-hooks.ts'
import { managedSettingsFile, settingsTexts } from '../hosts/claude-code/settings-files.ts'
import { installedFiles } from '../installed.ts'
import type { Environment } from '../paths.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Context, ExitCode } from './context.ts'
import { clientFinding, pluginPlaces } from './doctor/client.ts'
import { type Finding, type Level, ok } from './doctor/finding.ts'
import { hookFindings } from './doctor/hooks.ts'
import { keepingFindings } from './doctor/keeping.ts'
import { type Managed, managedPlaces, placesIn } from './doctor/places.ts'
import { settingsFindings } from './doctor/settings.ts'
import { trialFindings } from './doctor/trial.ts'

export async function doctor(context: Context, options: { readonly json?: boolean }): Promise<ExitCode> {
  const findings = await examine(context, process.cwd())
  const count = (level: Level) => findings.filter((each) => each.level === level).length
  if (options.json) {
    context.terminal.printJson({ version: 1, findings })
  } else {
    for (const finding of findings) print(context.terminal, finding)
    const [warnings, failures] = [counted(count('warning'), 'warning'), counted(count('failure'), 'failure')]
    context.terminal.print(`\n${count('ok')} ok, ${warnings}, ${failures}`)
  }
  return count('failure') > 0 ? 2 : count('warning') > 0 ? 1 : 0
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

async function examine(context: Context, project: string): Promise<Finding[]> {
  const { env, paths } = context
  const files = settingsTexts(project, env, installedFiles(paths))
  const managed = managedSettings()
  const places = [...managedPlaces(managed), ...placesIn(files), ...pluginPlaces(env)]
  return [
    ok('node', `Node ${process.versions.node}, Node-API ${process.versions.napi}`),
    ...(await keepingFindings(context, project)),
    clientFinding(env),
    ...settingsFindings(files, managed, places),
    ...places.flatMap((place) => hookFindings(place, (program) => isFound(program, env))),
    ...places.flatMap((place) => trialFindings(place, env)),
  ]
}

function managedSettings(): Managed[] {
  const file = managedSettingsFile()
  if (!existsSync(file)) return []
  const settings = settingsIn(readFileSync(file, 'utf8'))
  return settings ? [{ file, settings }] : []
}

/** As a shell finds programs. */
function isFound(program: string, { PATH = '' }: Environment): boolean {
  if (isAbsolute(program)) return existsSync(program)
  return PATH.split(delimiter).some((folder) => existsSync(join(folder, program)))
}

function print({ print, colour }: Terminal, { check, level, what, why, run }: Finding): void {
  const paint = { ok: colour.green, warning: colour.yellow, failure: colour.red }[level]
  print(`${paint(level.padEnd(7))}  ${check.padEnd(8)}  ${what}`)
  if (level === 'ok') return
  print(`${' '.repeat(19)}why: ${why}`)
  print(`${' '.repeat(19)}run: ${run}`)
}
