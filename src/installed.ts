/** What `install` has written into settings files, and what they were before, so that both can be known again. */

import { hash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failure } from './failure.ts'
import { makeFolder } from './files.ts'
import type { Paths } from './paths.ts'
import { shellWord } from './short-id.ts'

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
  before: string | null,
  text: string,
  hooks: string,
): void {
  save(paths, { ...installedFiles(paths), [file]: { before, after: sha256(text), hooks } })
}

export function forget(paths: Paths, file: string): void {
  const { [file]: _, ...others } = installedFiles(paths)
  save(paths, others)
}

/** Throws a Failure for a record that is damaged. */
export function installedFiles(paths: Paths): InstalledFiles {
  const record = recordFile(paths)
  if (!existsSync(record)) return {}
  try {
    return JSON.parse(readFileSync(record, 'utf8'))
  } catch {
    throw failure(
      `${record} is damaged, so it is not known what install has written, and what was there before`,
      `Run: rm ${shellWord(record)} && spikectl install`,
    )
  }
}

/** Whole or not at all: a hook may be reading it. */
function save(paths: Paths, files: InstalledFiles): void {
  makeFolder(paths.state)
  const draft = `${recordFile(paths)}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(files)}\n`, { mode: 0o600, flush: true })
  renameSync(draft, recordFile(paths))
}

function recordFile({ state }: Paths): string {
  return join(state, 'installed.json')
}

function sha256(text: string): string {
  return hash('sha256', text)
}
