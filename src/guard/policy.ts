/** The policy: the value of every setting, those of the rules and those that belong to none. */

import { GENERAL, type General } from './general.ts'
import type { Identity } from './identity.ts'
import { type Members, membersOf } from './members.ts'
import { RULES } from './rules/rules.ts'
import {
  areOff,
  defaultsOf,
  fits,
  type Given,
  type Loosened,
  loosened as loosenedIn,
  ownersIn,
  type Rows,
  settingsOf,
  type ValuesOf,
  valueAt,
  withGiven,
} from './settings.ts'

type Rule = (typeof RULES)[number]

export type Policy = General & { readonly [R in Rule as R['name']]: ValuesOf<R['settings']> }

/** What a settings file says. */
export type Settings = Given<Policy>

/** Every setting there is. */
export const SETTINGS: Rows = {
  ...Object.fromEntries(RULES.map(({ name, settings }) => [name, settings])),
  ...GENERAL,
}

export const DEFAULT_POLICY: Policy = policyOf(defaultsOf(SETTINGS))

/** The policy with settings laid over it. */
export function applySettings(policy: Policy, settings: Settings): Policy {
  return policyOf(withGiven(SETTINGS, policy, settings))
}

function policyOf(values: Members): Policy {
  if (isPolicy(values)) return values
  throw new Error('Expected settings that were checked')
}

function isPolicy(values: Members): values is Policy & Members {
  return fits(SETTINGS, values)
}

/** True when every rule is off: there is nothing to count. */
export function isOff(policy: Policy): boolean {
  return RULES.every(({ name, settings }) => areOff({ [name]: settings }, policy))
}

/** True for a caller that the policy does not even count: it demands a tenant and none is named. */
export function lacksTenant({ tenant }: Identity, policy: Policy): boolean {
  return policy.tenant.strict && tenant === ''
}

/** The settings that let more through in `after` than in `before`, either of which another version may have written. */
export function loosened(before: unknown, after: unknown): Loosened[] {
  return loosenedIn(SETTINGS, membersOf(before), membersOf(after))
}

/** The first setting in a project's file that is not its to say, because it is the owner's or would loosen. */
export function notAProjects(policy: Policy, settings: Settings): string | undefined {
  return ownersIn(SETTINGS, settings)[0] ?? loosened(policy, applySettings(policy, settings))[0]?.setting
}

/** The first warn limit in a file that could never be heard, and the limit that acts before it. */
export function unheardWarning(policy: Policy, settings: Settings) {
  const inForce = applySettings(policy, settings)
  for (const { path, setting } of settingsOf(SETTINGS, settings)) {
    if (setting.warnsBefore === undefined) continue
    const given = Number(valueAt(settings, path))
    const acts = Number(valueAt(inForce, [...path.slice(0, -1), setting.warnsBefore]))
    if (acts > 0 && given > acts) return { name: path.join('.'), given, acts }
  }
  return undefined
}
