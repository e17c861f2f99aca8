/**
 * Reads settings files: config.json and a project's spikectl.json. Errors say what is wrong, what was expected, and a
 * line to paste.
 */

import { isObject, type Members } from '../guard/members.ts'
import { type Policy, SETTINGS, type Settings, unheardWarning } from '../guard/policy.ts'
import { isEach, isSetting, type Row } from '../guard/settings.ts'
import { type Failure, failure } from '../system/failure.ts'
import { readSmallFile } from '../system/files.ts'
import { printable, shellWord } from '../system/text.ts'
import { knownKeys } from './names.ts'

const MAX_SHOWN = 80

/** The settings in a file, checked; undefined when there is no file. Throws a Failure with a line to paste. */
export function readSettings(file: string, base: Policy): Settings | undefined {
  const value = parseSettingsFile(file)
  return value && checkSettings(value, base, file)
}

/** What a settings file holds, unchecked but for being a JSON object; undefined when there is none. */
export function parseSettingsFile(file: string): Members | undefined {
  const text = readSmallFile(file)
  if (text === undefined) return undefined
  const value = parseJson(text, file)
  if (isObject(value)) return value
  throw failure(`${file} holds something else than a JSON object`, moveAside(file))
}

/** Checks settings of any origin against the table and each other. `file` is named in the error. */
export function checkSettings(value: Members, base: Policy, file: string): Settings {
  const { $schema: _, ...settings } = value
  if (!areSettings(settings, file)) throw new Error('Expected every problem to have been thrown')
  const unheard = unheardWarning(base, settings)
  if (!unheard) return settings
  const { name, given, acts } = unheard
  throw failure(
    `${file}: ${name} is ${given}, expected at most the block limit ${acts}`,
    `Run: spikectl config set ${shellWord(name)} ${acts}`,
  )
}

/** Throws a Failure for the first thing that is no setting, or has a value that it cannot have. */
function areSettings(value: Members, file: string): value is Settings & Members {
  checkRow(SETTINGS, value, [], file)
  return true
}

function checkRow(row: Row, value: unknown, path: readonly string[], file: string): void {
  if (isSetting(row)) {
    if (!row.is(value)) throw wrongValue(path, value, row.expected, file, row.default)
    return
  }
  if (!isObject(value)) throw wrongValue(path, value, 'an object', file)
  for (const [name, inner] of Object.entries(value)) {
    const below = [...path, name]
    if (isEach(row)) {
      if (!row.name.test(name)) throw wrongValue(below, name, row.expected, file)
      checkRow(row.each, inner, below, file)
    } else {
      const known = Object.hasOwn(row, name) ? row[name] : undefined
      if (!known) throw noSetting(below, file)
      checkRow(known, inner, below, file)
    }
  }
}

function noSetting(path: readonly string[], file: string): Failure {
  const name = shown(path.join('.'))
  return failure(
    `${file}: ${name} is no setting, expected ${knownKeys(path.join('.'))}`,
    `Run: spikectl config unset ${shellWord(name)}`,
  )
}

function wrongValue(
  path: readonly string[],
  value: unknown,
  expected: string,
  file: string,
  standard?: unknown,
): Failure {
  const name = shown(path.join('.'))
  const paste =
    standard === undefined
      ? `unset ${shellWord(name)}`
      : `set ${shellWord(name)} ${shellWord(typeof standard === 'string' ? standard : JSON.stringify(standard))}`
  return failure(
    `${file}: ${name} is ${shown(typeof value === 'string' ? `"${value}"` : JSON.stringify(value))}, expected ${expected}`,
    `Run: spikectl config ${paste}`,
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

function moveAside(file: string): string {
  return `Mend it, or run: mv ${shellWord(file)} ${shellWord(`${file}.broken`)}`
}

/** What stands in a file, which anybody may have written, as it can be shown: printable and short. */
function shown(text: string): string {
  return printable(text).slice(0, MAX_SHOWN)
}
