/** Settings of a file that the guarded agent can write: they may tighten the policy and never loosen it. */

import { applySettings, type Limits, type Policy, type Settings } from './policy.ts'

/**
 * The name of the first setting that would loosen the policy, or undefined when all of them tighten it or leave it
 * as it is. How the log is kept is not a project's to say.
 */
export function loosens(policy: Policy, settings: Settings): string | undefined {
  if (settings.audit?.segmentBytes !== undefined) return 'audit.segmentBytes'
  return loosened(policy, applySettings(policy, settings))[0]
}

/** The names of the settings that are looser in `after` than in `before`. */
export function loosened(before: Policy, after: Policy): string[] {
  const names = new Set([...Object.keys(before.tools), ...Object.keys(after.tools)])
  const own = [...names].flatMap((name) =>
    limitsOf(`tools.${name}`, before.tools[name] ?? NONE, after.tools[name] ?? NONE),
  )
  const switches: Pair[] = [
    ['repeat.warn', before.repeat.warn ? 1 : 0, after.repeat.warn ? 1 : 0],
    ['repeat.block', before.repeat.block ? 1 : 0, after.repeat.block ? 1 : 0],
    ['tenant.strict', before.tenant.strict ? 1 : 0, after.tenant.strict ? 1 : 0],
    ['mode', before.mode === 'enforce' ? 1 : 0, after.mode === 'enforce' ? 1 : 0],
    ['onError', before.onError === 'block' ? 1 : 0, after.onError === 'block' ? 1 : 0],
    ['halt.afterDeniedRounds', before.halt.afterDeniedRounds, after.halt.afterDeniedRounds],
    ['spawn.tools', 1, before.spawn.tools.every((tool) => after.spawn.tools.includes(tool)) ? 1 : 0],
  ]
  const all = [
    ...limitsOf('rate', before.rate, after.rate),
    ...limitsOf('spawn', before.spawn, after.spawn),
    ...own,
    ...switches,
  ]
  return all.filter(([, was, is]) => looseness(is) > looseness(was)).map(([name]) => name)
}

/** A name, and its value before and after: a limit, or 1 for the strict position of a switch and 0 for the other. */
type Pair = readonly [name: string, before: number, after: number]

const NONE: Limits = { warnPerMin: 0, blockPerMin: 0 }

function limitsOf(name: string, before: Limits, after: Limits): Pair[] {
  return [
    [`${name}.warnPerMin`, before.warnPerMin, after.warnPerMin],
    [`${name}.blockPerMin`, before.blockPerMin, after.blockPerMin],
  ]
}

/** 0 switches a limit off, so it counts as the loosest of all. */
function looseness(limit: number): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit
}
