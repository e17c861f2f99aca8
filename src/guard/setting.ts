/** One setting: what a row of the table is, and the kinds of rows that there are. */

import type { Members } from './members.ts'

/** One setting. Made by `limit`, `dollars`, `size`, `onOff`, `choice` or `names`. */
export interface Setting<T> {
  readonly default: T
  /** One sentence for people. */
  readonly about: string
  /** What a value has to be, in words that complete "expected …". */
  readonly expected: string
  /** The same as JSON Schema. */
  readonly schema: Members
  is(value: unknown): value is T
  /** True for a value that lets more through than another. */
  isLooser(value: T, than: T): boolean
  /** Only the owner's own file may say it, never a project's. */
  readonly isOwners: boolean
  /** The value at which it never acts; a rule whose settings all have theirs is off. */
  readonly off?: T
  /** All values, of one that has few. */
  readonly words?: readonly T[]
  /** The limit beside it that acts: a warning above that could never be heard, so this one is lowered to it. */
  readonly warnsBefore?: string
}

/** The stricter side of a row. A row that has none says "owner": then a project's file may not say it. */
type Side<S> = S | 'owner'

const MAX_LIMIT = 1_000_000

/** A count at which something happens: 0 switches it off, which is the loosest of all. */
export function limit(
  standard: number,
  stricter: Side<'lower'>,
  about: string,
  most = MAX_LIMIT,
): Setting<number> {
  return {
    ...size(standard, [0, most], about),
    about: `${about} 0 = never.`,
    isLooser: (value, than) => (value || Number.POSITIVE_INFINITY) > (than || Number.POSITIVE_INFINITY),
    isOwners: stricter === 'owner',
    off: 0,
  }
}

/** A limit in dollars, cents included. */
export function dollars(stricter: Side<'lower'>, about: string): Setting<number> {
  return {
    ...limit(0, stricter, about),
    expected: `an amount in dollars from 0 to ${MAX_LIMIT}`,
    schema: { type: 'number', minimum: 0, maximum: MAX_LIMIT },
    is: (value): value is number => typeof value === 'number' && value >= 0 && value <= MAX_LIMIT,
  }
}

/** The limits of a warning and of what follows it. */
export function warnAndBlock(warn: Setting<number>, block: Setting<number>) {
  return { warnPerMin: { ...warn, warnsBefore: 'blockPerMin' }, blockPerMin: block }
}

/** A whole number that is no limit, and only its owner's to say. */
export function size(
  standard: number,
  [from, to]: readonly [number, number],
  about: string,
): Setting<number> {
  return {
    default: standard,
    about,
    expected: `a whole number from ${from} to ${to}`,
    schema: { type: 'integer', minimum: from, maximum: to },
    is: (value): value is number => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
    isLooser: () => false,
    isOwners: true,
  }
}

export function onOff(standard: boolean, stricter: Side<'on' | 'off'>, about: string): Setting<boolean> {
  return {
    default: standard,
    about,
    expected: 'true or false',
    schema: { type: 'boolean' },
    words: [true, false],
    is: (value) => typeof value === 'boolean',
    isLooser: (value, than) => value !== than && (value ? 'on' : 'off') !== stricter && stricter !== 'owner',
    isOwners: stricter === 'owner',
    off: false,
  }
}

/** A setting that says how something acts and not whether: a rule of which only this is on is off. */
export function manner<T>({ off: _, ...setting }: Setting<T>): Setting<T> {
  return setting
}

/** One of some words, the first of which is the default. */
export function choice<const T extends string>(
  words: readonly [T, ...T[]],
  stricter: Side<T>,
  about: string,
): Setting<T> {
  const known: readonly string[] = words
  return {
    default: words[0],
    about,
    schema: { enum: words },
    words,
    expected: words.map((word) => `"${word}"`).join(' or '),
    is: (value): value is T => typeof value === 'string' && known.includes(value),
    isLooser: (value, than) => than === stricter && value !== stricter,
    isOwners: stricter === 'owner',
  }
}

/** A list of names. */
export function names(
  standard: readonly string[],
  stricter: Side<'more' | 'fewer'>,
  about: string,
): Setting<readonly string[]> {
  const lacks = (list: readonly string[], of: readonly string[]) => of.some((name) => !list.includes(name))
  return {
    default: standard,
    about,
    expected: 'a list of names',
    schema: { type: 'array', items: { type: 'string' } },
    is: (value): value is readonly string[] =>
      Array.isArray(value) && value.every((name) => typeof name === 'string'),
    isLooser: (value, than) =>
      stricter === 'more' ? lacks(value, than) : stricter === 'fewer' && lacks(than, value),
    isOwners: stricter === 'owner',
  }
}
