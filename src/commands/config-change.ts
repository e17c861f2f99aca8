/** `spikectl config set` and `unset`: changes settings. A file that is broken is never overwritten. */

import { dirname } from 'node:path'
import { type Members, membersOf } from '../guard/members.ts'
import { applySettings, DEFAULT_POLICY, loosened, type Policy } from '../guard/policy.ts'
import { readConfig } from '../settings/load.ts'
import { settingAt, settingPath } from '../settings/names.ts'
import { checkSettings, parseSettingsFile } from '../settings/parse.ts'
import { describe, failure } from '../system/failure.ts'
import { makeFolder, replaceFile } from '../system/files.ts'
import { printable } from '../system/text.ts'
import { known } from './config.ts'
import { schemaText } from './config-schema.ts'
import type { Context, ExitCode } from './context.ts'
import { refuseAgents, signForPerson } from './person.ts'
import { policyInForce, projectOf, tightenedSettings } from './policy-in-force.ts'

export async function configSet(context: Context, name: string, text: string): Promise<ExitCode> {
  refuseAgents(context, 'config')
  const value = parseValue(text)
  await change(context, (settings) => withSetting(settings, known(name), value))
  context.terminal.print(`${name} = ${String(value)}`)
  await remarkStricter(context, name)
  return 0
}

/** Says so where the project that we are in goes on with a stricter value. */
async function remarkStricter({ terminal, paths, env }: Context, name: string): Promise<void> {
  const inForce = await policyInForce({ paths }, projectOf(env))
  if (!tightenedSettings(inForce).includes(name)) return
  const value = settingAt(inForce.policy, name)
  terminal.remark(`in this project it is ${JSON.stringify(value)}, by ${inForce.projectFile}`)
}

export async function configUnset(context: Context, name: string): Promise<ExitCode> {
  refuseAgents(context, 'config')
  await change(context, (settings) => {
    const left = withoutSetting(settings, settingPath(name) ?? name.split('.'))
    if (JSON.stringify(left) !== JSON.stringify(settings)) return left
    throw failure(`${printable(name)} is not set in config.json`, 'Run: spikectl config get', 1)
  })
  const fallback = settingAt(DEFAULT_POLICY, name)
  context.terminal.print(
    fallback === undefined ? `${printable(name)} is gone` : `${name} = ${fallback} (default)`,
  )
  await remarkStricter(context, name)
  return 0
}

/** `5` is a number, `true` a boolean; everything else is text. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Writes the changed settings whole or not at all, with the JSON Schema beside them for editors. */
async function change(context: Context, edit: (settings: Members) => Members): Promise<void> {
  const { config, configSchema } = context.paths
  const { policy: before, problem } = await readConfig(config)
  const { $schema = './config.schema.json', ...settings } = edit(parseSettingsFile(config) ?? {})
  const after = applySettings(
    DEFAULT_POLICY,
    checkSettings(settings, DEFAULT_POLICY, problem ? config : 'the new value'),
  )
  makeFolder(dirname(config))
  replaceFile(configSchema, schemaText())
  replaceFile(config, `${JSON.stringify({ $schema, ...settings }, null, 2)}\n`)
  await recordLoosening(context, before, after)
}

/** Limits that were loosened are worth a signed line each: the guard lets through what it would have blocked. */
async function recordLoosening(context: Context, before: Policy, after: Policy): Promise<void> {
  for (const { setting, ...values } of loosened(before, after)) {
    const [from = '', to = ''] = [values.from, values.to].map((value) => JSON.stringify(value ?? 0))
    try {
      await signForPerson(context, { event: 'limits_loosened', setting, from, to, where: 'config.json' })
    } catch (error) {
      context.terminal.remark(`warning: the change is not signed: ${describe(error)}`)
    }
  }
}

function withSetting(settings: Members, path: readonly string[], value: unknown): Members {
  const [key = '', ...rest] = path
  return {
    ...settings,
    [key]: rest.length === 0 ? value : withSetting(membersOf(settings[key]), rest, value),
  }
}

function withoutSetting(settings: Members, path: readonly string[]): Members {
  const [key = '', ...rest] = path
  if (rest.length > 0 && !(key in settings)) return settings
  const { [key]: _, ...others } = settings
  if (rest.length === 0) return others
  const left = withoutSetting(membersOf(settings[key]), rest)
  return Object.keys(left).length > 0 ? { ...settings, [key]: left } : others
}
