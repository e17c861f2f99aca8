/** Which transcripts there are. Files are copied and renamed, so which session one is of is for its lines to say. */

import { closeSync, type Dirent, existsSync, openSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Transcripts } from '../hosts/transcript.ts'
import { failure } from '../system/failure.ts'
import { readAt } from '../system/files.ts'
import { linesFrom, type RawLine } from '../system/lines.ts'

const MAX_LINE_BYTES = 32 * 1024 * 1024
/** Nearly always the first lines of a file say the session. */
const LOOK_BYTES = 16 * 1024

export interface TranscriptFile {
  readonly path: string
  readonly bytes: number
  /** Unix ms. */
  readonly changedAt: number
  /** The session, as its lines say it, else as its path does. */
  readonly session: string
  /** Equal for the files of one session; those of which no line says a session are told apart by their folders. */
  readonly key: string
  /** Undefined for the main agent's. */
  readonly agent: string | undefined
  /** It begins with a copy of what another agent has done. */
  readonly isCopy: boolean
  /** How its client keeps transcripts. */
  readonly kept: Transcripts
}

/** All transcripts at these paths, files or folders, each once. Throws a Failure for a path where nothing is. */
export function transcriptsAt(paths: readonly string[], kept: Transcripts): TranscriptFile[] {
  const found = new Map<string, TranscriptFile>()
  for (const path of paths) {
    if (!existsSync(path))
      throw failure(`there is nothing at ${path}`, `Expected files or folders; ${kept.whereabouts}`)
    const files = statSync(path).isFile() ? [path] : filesIn(path)
    for (const file of files) found.set(file, transcriptFile(file, kept))
  }
  return [...found.values()]
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry: Dirent) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesIn(path)
    return entry.isFile() && entry.name.endsWith('.jsonl') ? [path] : []
  })
}

/** The lines of a transcript, those that are too long to be held as a whole in parts; read so many bytes at once. */
export function* linesIn(
  path: string,
  onBytes: (count: number) => void,
  atOnce = Number.POSITIVE_INFINITY,
): Generator<RawLine> {
  const fd = openSync(path, 'r')
  try {
    const read = (from: number, length: number) => {
      const bytes = readAt(fd, from, Math.min(length, atOnce))
      onBytes(bytes.length)
      return bytes
    }
    yield* linesFrom(read, 0, MAX_LINE_BYTES)
  } finally {
    closeSync(fd)
  }
}

function transcriptFile(path: string, kept: Transcripts): TranscriptFile {
  const { size: bytes, mtimeMs: changedAt } = statSync(path)
  const { agent, isCopy, main, session: named } = kept.placeOf(path)
  const session = sessionIn(path, named, kept)
  const names = { key: session ?? main, session: session ?? basename(main) }
  return { path, bytes, changedAt, agent, isCopy, kept, ...names }
}

/**
 * The session that a file's lines are of: the one it is named after if any line says so, for older clients began the
 * file of a resumed session with lines of the session before; else the first that is named.
 */
function sessionIn(path: string, name: string | undefined, kept: Transcripts): string | undefined {
  let first: string | undefined
  for (const { bytes, isPart } of linesIn(path, () => undefined, LOOK_BYTES)) {
    if (isPart || (first !== undefined && !bytes.includes(`"${name}"`))) continue
    const session = kept.sessionOf(bytes)
    first ??= session
    if (session !== undefined && (name === undefined || session === name)) return session
  }
  return first
}
