/** `spikectl config get` and `path`: shows settings. What changes them, and much more with it, is not loaded. */

import type { Policy } from '../guard/policy.ts'
import { knownKeys, namedSettings, settingAt, settingPath } from '../settings/names.ts'
import { failure } from '../system/failure.ts'
import { jsonOf } from '../system/json.ts'
import { printable } from '../system/text.ts'
import type { Context, ExitCode } from './context.ts'
import { type InForce, policyInForce, projectOf } from './policy-in-force.ts'

/**
 * The values that hold in this project on stdout, for scripts as they are; where they come from on stderr. Without a name
 * all of them, and the origin of those that are no defaults.
 */
export async function configGet(context: Context, name: string | undefined): Promise<ExitCode> {
  const { terminal, env } = context
  const inForce = await policyInForce(context, projectOf(env))
  const { policy, ignored } = inForce
  const value = name === undefined ? policy : (settingAt(policy, name) ?? sectionAt(policy, name))
  terminal.print(shown(value, name === undefined ? 2 : 0))
  if (ignored) terminal.remark(`warning: ${ignored}`)
  for (const line of originLines(inForce, name)) terminal.remark(printable(line))
  return 0
}

function shown(value: unknown, indent = 0): string {
  return typeof value === 'object' ? jsonOf(value, indent) : String(value)
}

function originLines({ policy, own, projectFile, originOf }: InForce, name: string | undefined): string[] {
  const lineOf = (setting: string) => {
    const from = originOf(setting)
    const elsewhere = from === projectFile ? `; elsewhere it is ${shown(settingAt(own, setting))}` : ''
    return `${setting} is ${shown(settingAt(policy, setting))} by ${from}${elsewhere}`
  }
  if (name !== undefined && settingPath(name)) return [lineOf(name)]
  const settings = namedSettings(policy).map((named) => named.name)
  return settings
    .filter((setting) => name === undefined || setting.startsWith(`${name}.`))
    .filter((setting) => originOf(setting) !== 'the defaults')
    .map(lineOf)
}

export function configPath({ paths, terminal }: Context): ExitCode {
  terminal.print(paths.config)
  return 0
}

/** A whole section, such as `rate`. */
function sectionAt(policy: Policy, name: string): unknown {
  const section = Object.entries(policy).find(([key]) => key === name)?.[1]
  return section ?? known(name)
}

/** The keys that lead to a setting. Throws a Failure when there is none of that name. */
export function known(name: string): readonly string[] {
  const path = settingPath(name)
  if (path) return path
  throw failure(`${printable(name)} is no setting, expected ${knownKeys(name)}`, 'Run: spikectl config get')
}
