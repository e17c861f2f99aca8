/**
 * What Claude Code's messages have used up, as it stands in its transcripts. A response is written as several lines with the
 * same `message.id`, of which the last has its final usage. Source: client 2.1.330 as observed.
 */

import { type Dirent, existsSync, lstatSync, readdirSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { type Members, membersOf, objectIn } from '../../guard/members.ts'
import type { Environment } from '../../system/paths.ts'
import type { TokenInput } from '../input.ts'
import type { Usage, UsageEntry } from '../usage.ts'
import { textOf } from './payload.ts'
import { real, userFolder } from './settings/files.ts'
import { isPersonsPrompt, TRANSCRIPTS, usageIn } from './transcript.ts'

export const USAGE: Usage = {
  mainOf: ({ transcript }) => (transcript !== undefined && mayBePath(transcript) ? transcript : undefined),
  agentsOf,
  problemWith,
  mayTellUsage: (line) => line.includes('"usage"'),
  mayConcern: TRANSCRIPTS.mayConcern,
  entryIn,
  timeIn,
}

/** No file has such a name. */
function mayBePath(text: string): boolean {
  return text.length <= 4096 && !text.includes('\0')
}

/** `SESSION.jsonl` has those of its agents in `SESSION/subagents/`, of a workflow's in a folder of their own below. */
function agentsOf(main: string, { agent, agentTranscript }: TokenInput): readonly string[] {
  const folder = join(main.replace(/\.jsonl$/, ''), 'subagents')
  const own = agentTranscript ?? join(folder, `agent-${agent.id}.jsonl`)
  const others = transcriptsIn(folder).sort()
  return mayBePath(own) && existsSync(own) ? [own, ...others.filter((each) => each !== own)] : others
}

/** None of a folder that cannot be listed: the client can write nothing into that either. */
function transcriptsIn(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return transcriptsIn(path)
    return /^agent-.*\.jsonl$/.test(entry.name) ? [path] : []
  })
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** The guarded agent names the file, or can put one in its place: it must be the client's own, or nothing of it counts. */
function problemWith(file: string, env: Environment): string | undefined {
  const stat = lstatSync(file)
  if (stat.isSymbolicLink()) return 'is a symbolic link'
  if (!stat.isFile()) return 'is no regular file'
  if (stat.uid !== (process.getuid?.() ?? stat.uid)) return 'belongs to another user'
  const folder = userFolder(env)
  const isInside = `${real(dirname(file))}${sep}`.startsWith(`${real(folder)}${sep}`)
  return isInside ? undefined : `lies outside of ${folder}`
}

function entryIn(line: string, session: string | undefined): UsageEntry | undefined {
  const row = objectIn(line)
  if (!row || isCopied(row, session)) return undefined
  const at = writtenAt(row)
  if (row.type === 'assistant') {
    const used = usageIn(membersOf(row.message))
    return used && { at, ...used }
  }
  const isPrompt = at !== undefined && isPersonsPrompt(row)
  return isPrompt ? { at, message: undefined, tokens: 0 } : undefined
}

function timeIn(line: string, session: string | undefined): number | undefined {
  const row = objectIn(line)
  return row && !isCopied(row, session) ? writtenAt(row) : undefined
}

function writtenAt({ timestamp }: Members): number | undefined {
  const at = Date.parse(textOf(timestamp) ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** A fork begins with the lines of the session that it was forked from, under its own id; they say whose they were. */
function isCopied(
  { sessionId, requestSessionId, forkedFrom }: Members,
  session: string | undefined,
): boolean {
  return [sessionId, requestSessionId, membersOf(forkedFrom).sessionId].some(
    (id) => textOf(id) !== undefined && session !== undefined && id !== session,
  )
}
