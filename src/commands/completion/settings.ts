/** The names of settings, and the values of those that have few. */

import { readConfig } from '../../settings/load.ts'
import { namedSettings } from '../../settings/names.ts'
import type { Paths } from '../../system/paths.ts'
import { printable } from '../../system/text.ts'
import type { Candidate } from './typed.ts'

/** The built-in ones, and the limits of tools that are set. */
export async function settings({ config }: Paths): Promise<Candidate[]> {
  const { policy } = await readConfig(config)
  return namedSettings(policy).map(({ name, setting }) => ({ word: printable(name), about: setting.about }))
}

export async function settingValues({ config }: Paths, name: string): Promise<Candidate[]> {
  const named = namedSettings((await readConfig(config)).policy).find((each) => each.name === name)
  return (named?.setting.words ?? []).map((value) => ({
    word: String(value),
    about: value === named?.value ? 'as it is now' : undefined,
  }))
}
