/** Settings with which few rules act, so that a test is about those alone, whatever other rules there are. */

import { applySettings, DEFAULT_POLICY, type Policy, type Settings } from '../../src/guard/policy.ts'
import { RULES } from '../../src/guard/rules/rules.ts'
import { namedSettings } from '../../src/settings/names.ts'

type RuleName = (typeof RULES)[number]['name']

/** Every rule off. */
export const ALL_OFF: Settings = Object.fromEntries(RULES.map(({ name }) => [name, offFor(name)]))

function offFor(rule: RuleName): object {
  const acting = namedSettings(DEFAULT_POLICY).filter(
    ({ path, setting }) => path[0] === rule && setting.off !== undefined,
  )
  const sections: Record<string, object> = {}
  const own: Record<string, unknown> = {}
  for (const { path, setting } of acting) {
    const [, section = '', name] = path
    if (name === undefined) own[section] = setting.off
    else sections[section] = { ...sections[section], [name]: setting.off }
  }
  return { ...own, ...sections }
}

/** These rules as they are by default, with other settings laid over them; all other rules are off. */
export function only(rules: readonly RuleName[], settings: Settings = {}): Policy {
  const kept = Object.fromEntries(rules.map((name) => [name, DEFAULT_POLICY[name]]))
  return applySettings(applySettings(DEFAULT_POLICY, { ...ALL_OFF, ...kept }), settings)
}
