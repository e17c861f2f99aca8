/** What settings files were before the first install, so that uninstall can give them back byte for byte. */

import { hash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failure } from '../failure.ts'
import { makeFolder } from '../files.ts'
import { withoutHooks } from '../hosts/claude-code/settings.ts'
import type { Paths } from '../paths.ts'
import { shellWord } from '../short-id.ts'

interface Installed {
  /** Null when there was no file. */
  readonly before: string | null
  /** SHA-256 of what install has written. */
  readonly after: string
}

type Records = Readonly<Record<string, Installed>>

/**
 * Remembers what `file` was (null when there was none) before it was `changed`. One that somebody else has changed since
 * an earlier install is remembered as it is without our hooks.
 */
export function remember(paths: Paths, file: string, text: string | null, changed: string): void {
  const known = text === null ? undefined : hasLeft(paths, file, text)
  const before = known ? known.before : text === null ? null : withoutHooks(text, file)
  save(paths, { ...recordsIn(paths), [file]: { before, after: sha256(changed) } })
}

/** What `file` was, if its text is still just what install has left. */
export function hasLeft(paths: Paths, file: string, text: string): Installed | undefined {
  const known = recordsIn(paths)[file]
  return known?.after === sha256(text) ? known : undefined
}

export function forget(paths: Paths, file: string): void {
  const { [file]: _, ...others } = recordsIn(paths)
  save(paths, others)
}

function recordsIn(paths: Paths): Records {
  const record = recordFile(paths)
  if (!existsSync(record)) return {}
  try {
    return JSON.parse(readFileSync(record, 'utf8'))
  } catch {
    throw failure(
      `${record} is damaged, so the settings from before cannot be given back`,
      `Run: rm ${shellWord(record)}`,
    )
  }
}

function save(paths: Paths, records: Records): void {
  makeFolder(paths.state)
  writeFileSync(recordFile(paths), `${JSON.stringify(records)}\n`, { mode: 0o600 })
}

function recordFile({ state }: Paths): string {
  return join(state, 'installed.json')
}

function sha256(text: string): string {
  return hash('sha256', text)
}
