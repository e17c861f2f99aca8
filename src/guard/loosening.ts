/**
 * Which side of each setting is the stricter one. A file that the guarded agent can write may tighten the policy and
 * never loosen it, and a policy that has become looser is told of, wherever it came from.
 */

import { applySettings, type Limits, type Policy, type Settings } from './policy.ts'

/** What is known of one setting; a value that is not known, or not set, is undefined. */
interface Side {
  readonly isLooser: (before: unknown, after: unknown) => boolean
  /** How things are kept: not a project's to say, whichever way. */
  readonly isOwners?: true
}

/** A side for each setting of T: one that has none does not build. */
type Sides<T> = {
  readonly [Name in keyof T]: T[Name] extends string | number | boolean | readonly unknown[]
    ? Side
    : string extends keyof T[Name]
      ? { readonly each: Sides<T[Name][string]> }
      : Sides<T[Name]>
}

const LOWER: Side = { isLooser: (before, after) => looseness(after) > looseness(before) }
const ON = only(true)
const MORE: Side = {
  isLooser: (before, after) =>
    Array.isArray(before) && Array.isArray(after) && !before.every((each) => after.includes(each)),
}
const OWNERS: Side = { isLooser: () => false, isOwners: true }
const LIMITS: Sides<Limits> = { warnPerMin: LOWER, blockPerMin: LOWER }

const SIDES: Sides<Policy> = {
  rate: LIMITS,
  repeat: { warn: ON, block: ON },
  spawn: { ...LIMITS, tools: MORE },
  halt: { afterDeniedRounds: LOWER },
  tools: { each: LIMITS },
  tenant: { strict: ON },
  mode: only('enforce'),
  audit: { segmentBytes: OWNERS },
  onError: only('block'),
}

/** A switch with one strict position. */
function only(strict: unknown): Side {
  return { isLooser: (before, after) => before === strict && after !== strict }
}

/** 0 switches a limit off, so it counts as the loosest of all. */
function looseness(limit: unknown): number {
  return typeof limit === 'number' && limit > 0 ? limit : Number.POSITIVE_INFINITY
}

/** A setting that is looser than it was. */
export interface Loosened {
  /** Dotted. */
  readonly setting: string
  readonly from: unknown
  readonly to: unknown
}

/**
 * The settings that are looser in `after` than in `before`, which an earlier version may have written: what it did not
 * know was not strict.
 */
export function loosened(before: unknown, after: unknown): Loosened[] {
  return settingsOf(SIDES, before, after)
    .filter(({ side, from, to }) => side.isLooser(from, to))
    .map(({ setting, from, to }) => ({ setting, from, to }))
}

/**
 * The name of the first setting of a project's file that would loosen the policy, or that is its owner's alone to say;
 * undefined when all of them tighten it or leave it as it is.
 */
export function loosens(policy: Policy, settings: Settings): string | undefined {
  const owners = settingsOf(SIDES, {}, settings).find(({ side, to }) => side.isOwners && to !== undefined)
  return owners?.setting ?? loosened(policy, applySettings(policy, settings))[0]?.setting
}

interface Compared extends Loosened {
  readonly side: Side
}

type Members = Readonly<Record<string, unknown>>

/** Every setting with its side and both values. */
function settingsOf(sides: object, before: unknown, after: unknown, prefix = ''): Compared[] {
  const [from, to] = [membersOf(before), membersOf(after)]
  const table = 'each' in sides ? eachOf(sides.each, from, to) : sides
  return Object.entries(table).flatMap(([name, side]: [string, Side | object]) => {
    const setting = `${prefix}${name}`
    if ('isLooser' in side) return [{ setting, side, from: from[name], to: to[name] }]
    return settingsOf(side, from[name], to[name], `${setting}.`)
  })
}

/** The same sides for each name that there is: those of tools are not known beforehand. */
function eachOf(sides: unknown, before: Members, after: Members): Members {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return Object.fromEntries([...names].map((name) => [name, sides]))
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
