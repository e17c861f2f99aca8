/** `spikectl config get` and `path`: shows settings. What changes them, and much more with it, is not loaded. */

import { readConfig } from '../config.ts'
import { failure } from '../failure.ts'
import type { Policy } from '../guard/policy.ts'
import { jsonOf } from '../json.ts'
import { knownKeys, settingAt, settingPath } from '../setting-names.ts'
import { printable } from '../short-id.ts'
import type { Context, ExitCode } from './context.ts'

export async function configGet({ paths, terminal }: Context, name: string | undefined): Promise<ExitCode> {
  const { policy, problem } = await readConfig(paths.config)
  if (problem) throw problem
  if (name === undefined) {
    terminal.print(jsonOf(policy, 2))
  } else {
    const value = settingAt(policy, name) ?? sectionAt(policy, name)
    terminal.print(typeof value === 'object' ? jsonOf(value) : printable(String(value)))
  }
  return 0
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
  throw failure(`${printable(name)} is no setting, expected ${knownKeys()}`, 'Run: spikectl config get')
}
