/**
 * The policy in force: the built-in defaults, the user's config.json, a project's spikectl.json. A file that
 * is not as it should be is never half applied. Most hook runs meet no file at all, so what reads them is loaded only
 * when there is one.
 */

import { dirname } from 'node:path'
import { applySettings, DEFAULT_POLICY, notAProjects, type Policy, type Settings } from '../guard/policy.ts'
import { describe, type Failure, failure, isFailure, mendable } from '../system/failure.ts'
import { isAbsent, refuseForeignFolder } from '../system/files.ts'
import { shellWord } from '../system/text.ts'

export interface Config {
  readonly policy: Policy
  /** Set when config.json is broken; the built-in defaults are in force then. */
  readonly problem?: Failure
}

/** What was in force at an event, and from where, as it is remembered for the next one. */
export interface Remembered {
  /** The path of config.json. */
  readonly config: string
  /** The policy by it. */
  readonly own: Policy
  /** The policy with the project's own settings, where it has any that count. */
  readonly project?: Policy
}

/** Equal texts for equal policies from the same places. */
export function remembered(config: string, own: Policy, policy: Policy): string {
  const known: Remembered = { config, own, ...(policy === own ? {} : { project: policy }) }
  return JSON.stringify(known)
}

/**
 * The settings in force for everybody. Never throws for what a file says: a broken one is a `problem`, and so is one in
 * a folder of another user, who could switch every rule off.
 */
export async function readConfig(file: string): Promise<Config> {
  try {
    if (!isAbsent(file)) refuseForeignFolder(dirname(file))
    const settings = await readIfThere(file, DEFAULT_POLICY)
    return { policy: settings ? applySettings(DEFAULT_POLICY, settings) : DEFAULT_POLICY }
  } catch (error) {
    return { policy: DEFAULT_POLICY, problem: problemAt(file, error) }
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
  try {
    const settings = await readIfThere(file, policy)
    if (!settings) return { policy }
    const looser = notAProjects(policy, settings)
    if (!looser) return { policy: applySettings(policy, settings) }
    return { policy, ignored: `${file} is ignored: ${looser} would loosen your own setting` }
  } catch (error) {
    return { policy, ignored: `${file} is ignored: ${problemAt(file, error).message}` }
  }
}

async function readIfThere(file: string, base: Policy): Promise<Settings | undefined> {
  if (isAbsent(file)) return undefined
  const { readSettings } = await import('./parse.ts')
  return readSettings(file, base)
}

function problemAt(file: string, error: unknown): Failure {
  const known = mendable(error, file)
  return isFailure(known)
    ? known
    : failure(`${file} cannot be read (${describe(error)})`, `Run: ls -l ${shellWord(file)}`)
}
