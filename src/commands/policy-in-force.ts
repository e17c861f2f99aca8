/** The settings that hold in a project, and where each of them comes from. */

import type { Members } from '../guard/members.ts'
import type { Policy } from '../guard/policy.ts'
import { valueAt } from '../guard/settings.ts'
import { readConfig, withProject } from '../settings/load.ts'
import { namedSettings, settingAt, settingPath } from '../settings/names.ts'
import { isAbsent } from '../system/files.ts'
import { type Environment, type Paths, projectSettingsPath } from '../system/paths.ts'

export interface InForce {
  /** What the hook goes by in this project. */
  readonly policy: Policy
  /** What holds where a project says nothing. */
  readonly own: Policy
  /** The project's file, whether or not there is one. */
  readonly projectFile: string
  /** Why the project's file is ignored, if it is. */
  readonly ignored: string | undefined
  /** Where a setting's value comes from: a file, or the defaults. */
  readonly originOf: (name: string) => string
}

/** The project that a command is about: as the hook knows it, else the current folder. */
export function projectOf(env: Environment): string {
  return env.CLAUDE_PROJECT_DIR || process.cwd()
}

interface Asked {
  readonly paths: Pick<Paths, 'config'>
}

/** Throws a Failure when config.json is broken. */
export async function policyInForce({ paths }: Asked, project: string): Promise<InForce> {
  const { policy: own, problem } = await readConfig(paths.config)
  if (problem) throw problem
  const projectFile = projectSettingsPath(project)
  const { policy, ignored } = await withProject(own, projectFile)
  const said = await settingsSaid(paths.config)
  const tightened = tightenedSettings({ policy, own })
  const originOf = (name: string) => {
    if (tightened.includes(name)) return projectFile
    return valueAt(said, settingPath(name) ?? []) !== undefined ? paths.config : 'the defaults'
  }
  return { policy, own, projectFile, ignored, originOf }
}

/** The names of the settings that a project has made stricter than the user's own. */
export function tightenedSettings({ policy, own }: Pick<InForce, 'policy' | 'own'>): string[] {
  return namedSettings(policy)
    .filter(({ name, value }) => JSON.stringify(value) !== JSON.stringify(settingAt(own, name)))
    .map(({ name }) => name)
}

async function settingsSaid(file: string): Promise<Members> {
  if (isAbsent(file)) return {}
  const { parseSettingsFile } = await import('../settings/parse.ts')
  return parseSettingsFile(file) ?? {}
}
