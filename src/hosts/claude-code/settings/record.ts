/** What `install` has written into settings files, and what they were before, so that both can be known again. */

import { hash } from 'node:crypto'
import { join } from 'node:path'
import { type Members, membersOf, objectIn } from '../../../guard/members.ts'
import { patienceOf } from '../../../system/deadline.ts'
import { failure } from '../../../system/failure.ts'
import { isAbsent, makeFolder, readOurs, replaceFile } from '../../../system/files.ts'
import type { Paths } from '../../../system/paths.ts'
import { exclusively } from '../../../system/sqlite.ts'
import { shellWord } from '../../../system/text.ts'

const LOCK_WAIT_MS = 10_000

export interface Installed {
  /** The text before the first install; null when there was no file. */
  readonly before: string | null
  /** SHA-256 of the text that install has written. */
  readonly after: string
  /** Hash of our hooks in it. */
  readonly hooks: string
}

/** By the name of the file. */
export type InstalledFiles = Readonly<Record<string, Installed>>

/** True when the file is still, byte for byte, what install has left. */
export function isUntouched({ after }: Installed, text: string): boolean {
  return after === sha256(text)
}

/** Remembers what `file` was before, and what install makes of it. */
export function remember(
  paths: Paths,
  file: string,
  installed: Omit<Installed, 'after'>,
  text: string,
): void {
  change(paths, (files) => ({ ...files, [file]: { ...installed, after: sha256(text) } }))
}

export function forget(paths: Paths, file: string): void {
  change(paths, ({ [file]: _, ...others }) => others)
}

/** Throws a Failure for a record that is damaged, or cannot be read. */
export function installedFiles(paths: Paths): InstalledFiles {
  const record = recordFile(paths)
  if (isAbsent(record)) return {}
  const files = objectIn(readOurs(record))
  if (files && isRecord(files)) return files
  throw failure(
    `${record} is damaged, so it is not known what install has written, and what was there before`,
    `Run: rm ${shellWord(record)} && spikectl install`,
  )
}

function isRecord(files: Members): files is Members & InstalledFiles {
  return Object.values(files).every(isInstalled)
}

function isInstalled(value: unknown): value is Installed {
  const { before, after, hooks } = membersOf(value)
  return [before === null ? '' : before, after, hooks].every((text) => typeof text === 'string')
}

/** Of installs that run at once none is lost; written whole or not at all: a hook may be reading it. */
function change(paths: Paths, edit: (files: InstalledFiles) => InstalledFiles): void {
  const record = recordFile(paths)
  makeFolder(paths.state)
  exclusively(`${record}-lock`, patienceOf(LOCK_WAIT_MS), () => {
    replaceFile(record, `${JSON.stringify(edit(installedFiles(paths)))}\n`)
  })
}

function recordFile({ state }: Paths): string {
  return join(state, 'installed.json')
}

function sha256(text: string): string {
  return hash('sha256', text)
}
