/**
 * Reads settings files: config.json and a project's spikectl.json. Errors say what is wrong, what was expected, and a
 * line to paste.
 */

import * as v from 'valibot'
import { DEFAULT_POLICY, type Policy, type Settings, unheardWarning } from '../guard/policy.ts'
import { type Failure, failure } from '../system/failure.ts'
import { readSmallFile } from '../system/files.ts'
import { printable, shellWord } from '../system/text.ts'
import { knownKeys, settingAt } from './names.ts'
import { SettingsSchema } from './schema.ts'

const MAX_SHOWN = 80

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
    `Run: spikectl config set ${shellWord(unheard.key)} ${unheard.blockPerMin}`,
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
  const name = shellWord(shown(key))
  const paste = fallback === undefined ? `unset ${name}` : `set ${name} ${shellWord(wordOf(fallback))}`
  return failure(
    `${file}: ${shown(key)} is ${shown(issue.received)}, expected ${issue.message}`,
    `Run: spikectl config ${paste}`,
  )
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function defaultOf(name: string): unknown {
  return settingAt(DEFAULT_POLICY, name)
}

function moveAside(file: string): string {
  return `Mend it, or run: mv ${shellWord(file)} ${shellWord(`${file}.broken`)}`
}

/** What stands in a file, which anybody may have written, as it can be shown: printable and short. */
function shown(text: string): string {
  return printable(text).slice(0, MAX_SHOWN)
}
