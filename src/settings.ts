/**
 * What a settings file may hold: one schema for config.json and a project's spikectl.json, from which the
 * published JSON Schema is made too. Errors say what is wrong, what was expected, and a line to paste.
 */

import * as v from 'valibot'
import { type Failure, failure } from './failure.ts'
import { readSmallFile } from './files.ts'
import { DEFAULT_POLICY, type Policy, type Settings, unheardWarning } from './guard/policy.ts'
import { printable, shellWord } from './short-id.ts'

const MAX_LIMIT = 1_000_000
const MAX_SHOWN = 80

/** A packed segment is read as a whole. */
const MIN_SEGMENT_BYTES = 1024
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024

const callsPerMinute = (description: string) =>
  v.optional(v.pipe(wholeNumber(0, MAX_LIMIT), v.description(description)))

function wholeNumber(from: number, to: number) {
  const expected = `a whole number from ${from} to ${to}`
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(from, expected), v.maxValue(to, expected))
}

/** Every setting there is. Unknown keys are errors: a misspelt limit must not pass for a limit. */
export const SettingsSchema = v.strictObject({
  $schema: v.optional(v.string('the path of a JSON Schema')),
  rate: v.optional(
    v.strictObject({
      warnPerMin: callsPerMinute('Calls in 60 s at which the model and you are told once. 0 = never.'),
      blockPerMin: callsPerMinute('Calls in 60 s of which the last is refused. 0 = never.'),
    }),
  ),
  tenant: v.optional(
    v.strictObject({
      strict: v.optional(
        v.pipe(
          v.boolean('true or false'),
          v.description('Refuse calls when SPIKECTL_TENANT names no tenant.'),
        ),
      ),
    }),
  ),
  audit: v.optional(
    v.strictObject({
      segmentBytes: v.optional(
        v.pipe(
          wholeNumber(MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES),
          v.description('From this size on the audit log goes on in a new file.'),
        ),
      ),
    }),
  ),
  onError: v.optional(
    v.pipe(
      v.picklist(['allow', 'block'], '"allow" or "block"'),
      v.description('What a failure of spikectl itself does to the tool call.'),
    ),
  ),
})

/** The settings in a file, checked; undefined when there is no file. Throws a Failure with a line to paste. */
export function readSettings(file: string, base: Policy): Settings | undefined {
  const value = parseSettingsFile(file)
  return value && checkSettings(value, base, file)
}

/** What a settings file holds, unchecked but for being a JSON object; undefined when there is none. */
export function parseSettingsFile(file: string): Record<string, unknown> | undefined {
  const text = readSmallFile(file)
  if (text === undefined) return undefined
  const value = parseJson(text, file)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw failure(`${file} holds something else than a JSON object`, moveAside(file))
}

/** Checks settings of any origin against the schema and each other. `file` is named in the error. */
export function checkSettings(value: object, base: Policy, file: string): Settings {
  const parsed = v.safeParse(SettingsSchema, value, { abortEarly: true })
  if (!parsed.success) throw settingProblem(parsed.issues[0], file)
  const unheard = unheardWarning(base, parsed.output)
  if (!unheard) return parsed.output
  throw failure(
    `${file}: ${unheard.key} is ${unheard.warnPerMin}, expected at most the block limit ${unheard.blockPerMin}`,
    `Run: spikectl config set ${unheard.key} ${unheard.blockPerMin}`,
  )
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const where = error instanceof Error ? shown(error.message) : ''
    throw failure(`${file} is not JSON (${where})`, moveAside(file))
  }
}

/** Every issue has a key: that the whole is an object was seen before. */
function settingProblem(issue: v.InferIssue<typeof SettingsSchema>, file: string): Failure {
  const key = v.getDotPath(issue) ?? ''
  if (issue.expected === 'never') {
    return failure(
      `${file}: ${shown(key)} is no setting, expected ${knownKeys()}`,
      `Run: spikectl config unset ${shellWord(shown(key))}`,
    )
  }
  const fallback = defaultOf(key)
  const paste = fallback === undefined ? `unset ${key}` : `set ${key} ${fallback}`
  return failure(
    `${file}: ${shown(key)} is ${shown(issue.received)}, expected ${issue.message}`,
    `Run: spikectl config ${paste}`,
  )
}

/** The names of all settings, dotted. */
export function settingNames(): string[] {
  return leavesOf(DEFAULT_POLICY).map(([name]) => name)
}

/** The value at a dotted name in a policy, or undefined. */
export function settingAt(policy: Policy, name: string): unknown {
  return leavesOf(policy).find(([leaf]) => leaf === name)?.[1]
}

function defaultOf(name: string): unknown {
  return settingAt(DEFAULT_POLICY, name)
}

function knownKeys(): string {
  return `one of ${settingNames().join(', ')}`
}

function leavesOf(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, child]): [string, unknown][] =>
    typeof child === 'object' && child !== null
      ? leavesOf(child, `${prefix}${key}.`)
      : [[`${prefix}${key}`, child]],
  )
}

function moveAside(file: string): string {
  return `Mend it, or run: mv ${shellWord(file)} ${shellWord(`${file}.broken`)}`
}

/** What stands in a file, which anybody may have written, as it can be shown: printable and short. */
function shown(text: string): string {
  return printable(text).slice(0, MAX_SHOWN)
}
