/** What a client writes down of what its messages have used up: in which files, and in which of their lines. */

import type { Environment } from '../system/paths.ts'
import type { TokenInput } from './input.ts'

/** How one client keeps it. */
export interface Usage {
  /** The session's main transcript; undefined where the event names none. */
  readonly mainOf: (input: TokenInput) => string | undefined
  /** The transcripts of its agents that there are, that of the event's own agent first if there is one. */
  readonly agentsOf: (main: string, input: TokenInput) => readonly string[]
  /** Why a file is not read, in words that complete "FILE …"; undefined for one that may be. */
  readonly problemWith: (file: string, env: Environment) => string | undefined
  /** False for a line that tells of no usage, and for one that tells of no person's prompt either: it need not be parsed. */
  readonly mayTellUsage: (line: Buffer) => boolean
  readonly mayConcern: (line: Buffer) => boolean
  /** Undefined for a line that says nothing of it, or is a copy of another session's. */
  readonly entryIn: (line: string, session: string | undefined) => UsageEntry | undefined
  /** When a line was written (Unix ms); undefined where it does not say, or is a copy of another session's. */
  readonly timeIn: (line: string, session: string | undefined) => number | undefined
}

/** A message's usage, or a person's prompt. */
export interface UsageEntry {
  /** When the line was written (Unix ms); undefined where it does not say. */
  readonly at: number | undefined
  /** The message's id; undefined of a prompt. */
  readonly message: string | undefined
  /** All that it processed: input, what was written to and read from the cache, and output. */
  readonly tokens: number
}
