/** Settings by their dotted names. */

import { DEFAULT_POLICY, type Policy, SETTINGS } from '../guard/policy.ts'
import { isEach, type Placed, settingsOf, valueAt } from '../guard/settings.ts'

export interface Named extends Placed {
  /** Dotted. */
  readonly name: string
  readonly value: unknown
}

/** The settings of a policy; the limits of tools are among them where it has any. */
export function namedSettings(policy: Policy): Named[] {
  return settingsOf(SETTINGS, policy).map(({ path, setting }) => ({
    path,
    setting,
    name: path.join('.'),
    value: valueAt(policy, path),
  }))
}

/** The keys that lead to a setting; undefined when there is none of that name. A tool's own name may have dots. */
export function settingPath(name: string): readonly string[] | undefined {
  const [, section = '', inner, last = ''] = /^([^.]+)\.(.+)\.([^.]+)$/.exec(name) ?? []
  const row = Object.hasOwn(SETTINGS, section) ? SETTINGS[section] : undefined
  if (inner && row && isEach(row) && Object.hasOwn(row.each, last)) return [section, inner, last]
  return namedSettings(DEFAULT_POLICY).find((each) => each.name === name)?.path
}

/** The value at a dotted name in a policy, or undefined. */
export function settingAt(policy: Policy, name: string): unknown {
  return namedSettings(policy).find((each) => each.name === name)?.value
}

/** For an error message: the settings of the section that this name is in; where it is in none, the sections. */
export function knownKeys(name: string): string {
  const names = [...namedSettings(DEFAULT_POLICY).map((each) => each.name), ...eachNames()]
  const [section] = name.split('.')
  const own = names.filter((each) => each.startsWith(`${section}.`))
  return `one of ${(own.length > 0 ? own : Object.keys(SETTINGS)).join(', ')}`
}

function eachNames(): string[] {
  return Object.entries(SETTINGS).flatMap(([section, row]) =>
    isEach(row) ? Object.keys(row.each).map((name) => `${section}.NAME.${name}`) : [],
  )
}
