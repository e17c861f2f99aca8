/** A settings file of Claude Code on disk: read as it is, written whole or not at all. */

import { isUtf8 } from 'node:buffer'
import { copyFileSync, existsSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { MAX_SETTINGS_BYTES } from '../hosts/claude-code/settings/files.ts'
import { failure } from '../system/failure.ts'
import { makeFolder, readSmallFile, replaceFile } from '../system/files.ts'
import { shellWord } from '../system/text.ts'

export interface SettingsFile {
  readonly name: string
  /** Where it really is: a link is followed, people keep their settings where they like. */
  readonly place: string
  /** Undefined when there is none. */
  readonly text: string | undefined
}

/** Throws a Failure for a file that is not ours to write, or that cannot be given back byte for byte. */
export function openSettings(name: string): SettingsFile {
  if (!existsSync(name)) return { name, place: name, text: undefined }
  const place = realpathSync(name)
  const { uid, mode } = statSync(place)
  if (uid !== (process.getuid?.() ?? uid)) {
    throw failure(`${place} belongs to another user`, `Expected your own. Run: ls -l ${shellWord(place)}`)
  }
  if ((mode & 0o200) === 0) {
    throw failure(`${place} is read-only`, `If you want it changed: chmod u+w ${shellWord(place)}`)
  }
  const text = readSmallFile(place, MAX_SETTINGS_BYTES)
  if (!isUtf8(readFileSync(place))) {
    throw failure(`${place} is not UTF-8`, `Expected JSON. Run: file ${shellWord(place)}`)
  }
  return { name, place, text }
}

/** Whole or not at all, with the rights that the file had; a new one has `mode`. */
export function writeSettings({ place }: SettingsFile, text: string, mode = 0o600): void {
  makeFolder(dirname(place))
  replaceFile(place, text, existsSync(place) ? statSync(place).mode & 0o777 : mode)
}

/** A copy beside it, of what it was before the first install. */
export function keepCopy({ place }: SettingsFile): void {
  copyFileSync(place, copyOf(place))
}

export function dropCopy({ place }: SettingsFile): void {
  rmSync(copyOf(place), { force: true })
}

function copyOf(place: string): string {
  return `${place}.before-spikectl`
}
