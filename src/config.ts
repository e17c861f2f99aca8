/**
 * The policy in force: the built-in defaults, the user's config.json, a project's spikectl.json. A file that
 * is not as it should be is never half applied. Most hook runs meet no file at all, so what reads them, and
 * the schema library with it, is loaded only when there is one.
 */

import { existsSync } from 'node:fs'
import type { Failure } from './failure.ts'
import { applySettings, DEFAULT_POLICY, loosens, type Policy } from './guard/policy.ts'

export interface Config {
  readonly policy: Policy
  /** Set when config.json is broken; the built-in defaults are in force then. */
  readonly problem?: Failure
}

/** The settings in force for everybody. Never throws for what a file says: a broken one is a `problem`. */
export async function readConfig(file: string): Promise<Config> {
  if (!existsSync(file)) return { policy: DEFAULT_POLICY }
  const { asProblem, readSettings } = await import('./settings.ts')
  try {
    const settings = readSettings(file, DEFAULT_POLICY)
    return { policy: settings ? applySettings(DEFAULT_POLICY, settings) : DEFAULT_POLICY }
  } catch (error) {
    return { policy: DEFAULT_POLICY, problem: asProblem(error, file) }
  }
}

/**
 * The policy with a project's own settings, which can only tighten it: the guarded agent can write that file.
 * One that is broken or would loosen anything is ignored as a whole, and `ignored` says why.
 */
export async function withProject(
  policy: Policy,
  file: string,
): Promise<{ policy: Policy; ignored?: string }> {
  if (!existsSync(file)) return { policy }
  const { asProblem, readSettings } = await import('./settings.ts')
  try {
    const settings = readSettings(file, policy)
    if (!settings) return { policy }
    const loosened = loosens(policy, settings)
    if (!loosened) return { policy: applySettings(policy, settings) }
    return { policy, ignored: `${file} is ignored: ${loosened} would loosen your own setting` }
  } catch (error) {
    return { policy, ignored: `${file} is ignored: ${asProblem(error, file).message}` }
  }
}
