/**
 * Which transcripts there are: `SESSION.jsonl`, and its subagents in `SESSION/subagents/agent-ID.jsonl` or, of older
 * clients, as `agent-ID.jsonl` beside it.
 */

import { closeSync, type Dirent, existsSync, openSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { failure } from '../failure.ts'
import { readAt } from '../files.ts'

const LOOK_BYTES = 16 * 1024

export interface TranscriptFile {
  readonly path: string
  readonly bytes: number
  /** Unix ms. */
  readonly changedAt: number
  /** The session, as the path says it; undefined when only its lines do. */
  readonly session: string | undefined
  readonly agent: string | undefined
}

/** All transcripts at these paths, files or folders, each once. Throws a Failure for a path where nothing is. */
export function transcriptsAt(paths: readonly string[]): TranscriptFile[] {
  const found = new Map<string, TranscriptFile>()
  for (const path of paths) {
    if (!existsSync(path))
      throw failure(
        `there is nothing at ${path}`,
        'Expected files or folders; Claude Code keeps its own in ~/.claude/projects',
      )
    const files = statSync(path).isFile() ? [path] : filesIn(path)
    for (const file of files) found.set(file, transcriptFile(file))
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

/** The session that the beginning of a file names. */
function sessionIn(path: string): string | undefined {
  const fd = openSync(path, 'r')
  try {
    return /"sessionId"\s*:\s*"([^"]+)"/.exec(readAt(fd, 0, LOOK_BYTES).toString())?.[1]
  } finally {
    closeSync(fd)
  }
}

function transcriptFile(path: string): TranscriptFile {
  const { size: bytes, mtimeMs: changedAt } = statSync(path)
  const name = basename(path, '.jsonl')
  const agent = /^agent-(.+)$/.exec(name)?.[1]
  const isNested = basename(dirname(path)) === 'subagents'
  const session = agent === undefined ? name : isNested ? basename(dirname(dirname(path))) : sessionIn(path)
  return { path, bytes, changedAt, session, agent }
}
