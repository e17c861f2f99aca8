/**
 * The table of settings: what rows stand together, and what follows from them. Defaults, merging, "may a project's file say
 * this?", "was this loosened?", the JSON Schema, completion and the reference page all go over the same rows.
 */

import { type Members, membersOf } from './members.ts'
import type { Setting } from './setting.ts'

/** The same rows for each name that a file gives, such as each tool; what a name leaves out has its default. */
export interface Each<R extends Rows> {
  readonly each: R
  readonly about: string
  /** What a name has to be, and the same in words that complete "expected …". */
  readonly name: RegExp
  readonly expected: string
}

/** Settings by name, or by the names of their sections. */
export interface Rows {
  readonly [name: string]: Row
}

/** What stands under one name. */
export type Row = Setting<unknown> | Each<Rows> | Rows

/** The type of the values of such rows. */
export type ValuesOf<R> =
  R extends Setting<infer T>
    ? T
    : R extends Each<infer E>
      ? Readonly<Record<string, ValuesOf<E>>>
      : { readonly [Name in keyof R]: ValuesOf<R[Name]> }

/** What a settings file says; all that it leaves out stays as it is. */
export type Given<V> = V extends readonly unknown[]
  ? V
  : V extends object
    ? { readonly [Name in keyof V]?: Given<V[Name]> | undefined }
    : V

/** A row where it stands. */
export interface Placed {
  readonly path: readonly string[]
  readonly setting: Setting<unknown>
}

/** Every single setting of these rows; those that stand there for each name, for each name in these values. */
export function settingsOf(rows: Rows, ...values: readonly Members[]): Placed[] {
  return Object.entries(rows).flatMap(([name, row]) => {
    if (isSetting(row)) return [{ path: [name], setting: row }]
    const within = values.map((each) => membersOf(each[name]))
    const inner = isEach(row) ? eachNamed(row, within) : row
    return settingsOf(inner, ...within).map(({ path, setting }) => ({ path: [name, ...path], setting }))
  })
}

/** The value at a path; undefined where there is none. */
export function valueAt(values: Members, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => membersOf(value)[name], values)
}

export function defaultsOf(rows: Rows): Members {
  return withGiven(rows, {}, {})
}

/** Values with others laid over them. A warn limit above the limit that it warns of is lowered to it. */
export function withGiven(rows: Rows, base: Members, given: Members): Members {
  const merged = Object.entries(rows).map(([name, row]): [string, unknown] => {
    if (isSetting(row)) return [name, given[name] ?? base[name] ?? row.default]
    const within = [membersOf(base[name]), membersOf(given[name])] as const
    return [name, withGiven(isEach(row) ? eachNamed(row, within) : row, ...within)]
  })
  return Object.fromEntries(merged.map(([name, value]) => [name, audible(rows[name], value, merged)]))
}

function audible(row: Row | undefined, value: unknown, beside: readonly [string, unknown][]): unknown {
  if (!row || !isSetting(row) || typeof value !== 'number') return value
  const acts = Number(beside.find(([name]) => name === row.warnsBefore)?.[1] ?? 0)
  return acts > 0 ? Math.min(value, acts) : value
}

/** A setting that lets more through than it did. */
export interface Loosened {
  /** Dotted. */
  readonly setting: string
  readonly from: unknown
  readonly to: unknown
}

/**
 * The settings that let more through in `after` than in `before`. Both may come from another version: what is not there
 * was not strict, and what is no longer there has its default.
 */
export function loosened(rows: Rows, before: Members, after: Members): Loosened[] {
  return settingsOf(rows, before, after)
    .map(({ path, setting }) => ({ path, setting, from: valueAt(before, path), to: valueAt(after, path) }))
    .filter(({ setting, from, to }) => from !== undefined && setting.isLooser(to ?? setting.default, from))
    .map(({ path, from, to }) => ({ setting: path.join('.'), from, to }))
}

/** The dotted names of the settings in a file that only their owner may say. */
export function ownersIn(rows: Rows, given: Members): string[] {
  return settingsOf(rows, given)
    .filter(({ path, setting }) => setting.isOwners && valueAt(given, path) !== undefined)
    .map(({ path }) => path.join('.'))
}

/** True when none of these settings acts. */
export function areOff(rows: Rows, values: Members): boolean {
  return settingsOf(rows, values).every(
    ({ path, setting }) => setting.off === undefined || valueAt(values, path) === setting.off,
  )
}

/** True when every setting has a value of its type. */
export function fits<R extends Rows>(rows: R, values: Members): values is ValuesOf<R> & Members {
  return settingsOf(rows, values).every(({ path, setting }) => setting.is(valueAt(values, path)))
}

export function isSetting(row: Row): row is Setting<unknown> {
  return 'is' in row && typeof row.is === 'function'
}

export function isEach(row: Row): row is Each<Rows> {
  return 'each' in row && 'expected' in row
}

function eachNamed({ each }: Each<Rows>, values: readonly Members[]): Rows {
  return Object.fromEntries(values.flatMap((value) => Object.keys(value)).map((name) => [name, each]))
}
