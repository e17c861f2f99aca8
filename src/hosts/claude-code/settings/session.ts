/** What a hook asks of the settings that its session reads: see HostSettings. */

import type { Environment, Paths } from '../../../system/paths.ts'
import type { Silencing } from '../../host.ts'
import { settingsTexts } from './files.ts'
import { installedFiles } from './record.ts'
import { envIn, misleadings, silencings } from './silencing.ts'

export function silencingIn(project: string, env: Environment, paths: Paths): Silencing | undefined {
  const files = settingsTexts(project, env, installedFiles(paths))
  return [...silencings(files), ...misleadings(files, env)].at(0)
}

export function setsAgent(project: string, env: Environment): boolean {
  return settingsTexts(project, env, {}).some(({ text }) => envIn(text).AI_AGENT === env.AI_AGENT)
}
