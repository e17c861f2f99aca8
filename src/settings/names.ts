/** Settings by their dotted names, without the schema that they are checked by. */

import { DEFAULT_POLICY, type Policy } from '../guard/policy.ts'

/** The settings of a policy by their dotted names; the limits of tools are among them where it has any. */
export function namedSettings(policy: Policy): [string, unknown][] {
  return leavesOf(policy)
}

/** The names of all settings, dotted. */
export function settingNames(): string[] {
  return namedSettings(DEFAULT_POLICY).map(([name]) => name)
}

/** The keys that lead to a setting; undefined when there is none of that name. A tool's own name may have dots. */
export function settingPath(name: string): readonly string[] | undefined {
  const [, tool, limit] = /^tools\.(.+)\.(warnPerMin|blockPerMin)$/.exec(name) ?? []
  if (tool && limit) return ['tools', tool, limit]
  return settingNames().includes(name) ? name.split('.') : undefined
}

/** The value at a dotted name in a policy, or undefined. */
export function settingAt(policy: Policy, name: string): unknown {
  return namedSettings(policy).find(([each]) => each === name)?.[1]
}

/** All names, for an error message. */
export function knownKeys(): string {
  return `one of ${settingNames().join(', ')}, tools.NAME.warnPerMin, tools.NAME.blockPerMin`
}

function leavesOf(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, child]): [string, unknown][] =>
    typeof child === 'object' && child !== null && !Array.isArray(child)
      ? leavesOf(child, `${prefix}${key}.`)
      : [[`${prefix}${key}`, child]],
  )
}
