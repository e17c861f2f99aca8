/** What a client has written down of its sessions: files of JSON lines, and what in them concerns us. */

import type { Prompter } from '../guard/event.ts'
import type { HostCall } from './input.ts'

/** How one client keeps them. */
export interface Transcripts {
  /** For people: "Claude Code keeps its own in …". */
  readonly whereabouts: string
  readonly placeOf: (path: string) => TranscriptPlace
  /** The session that a line says it is of, whatever else it says. */
  readonly sessionOf: (line: Buffer) => string | undefined
  /** False for a line that has nothing of what we look for, so that it need not be parsed. */
  readonly mayConcern: (line: Buffer) => boolean
  readonly parse: (line: string) => TranscriptLine | Unusable
}

/** What a file's path says. */
export interface TranscriptPlace {
  /** Undefined for the main agent's. */
  readonly agent: string | undefined
  /** It begins with a copy of what another agent has done. */
  readonly isCopy: boolean
  /** Where the session's main transcript is, without its ending; the file's own place if the path does not say. */
  readonly main: string
  /** The session that it is named after; undefined when only its lines say one. */
  readonly session: string | undefined
}

export interface TranscriptLine {
  /** Unix ms. */
  readonly at: number
  /** The subagent that it is of; undefined for the main agent. */
  readonly agent: string | undefined
  readonly items: readonly TranscriptItem[]
}

/** Why a line is of no use. */
export type Unusable = 'no JSON' | 'no timestamp' | 'no line of a transcript'

export type TranscriptItem =
  | TranscriptUsage
  | TranscriptCall
  | TranscriptResult
  | TranscriptPrompt
  | TranscriptLap
  | TranscriptSchedule
  | TranscriptRemark

/** What a message has used up, as far as this line of it knows: its last line has it all. */
export interface TranscriptUsage extends MessageUsage {
  readonly type: 'usage'
}

export interface MessageUsage {
  /** The message's id. */
  readonly message: string
  /** All that it processed: input, what was written to and read from the cache, and output. A whole number. */
  readonly tokens: number
}

export interface TranscriptCall extends HostCall {
  readonly type: 'call'
  readonly id: string
  /** The message of the model that it is part of: one round. */
  readonly message: string
}

export interface TranscriptResult {
  readonly type: 'result'
  readonly id: string
  /** What the model was given. */
  readonly result: unknown
  /** The client refused the call itself, so that no hook was asked about it. */
  readonly isUnasked: boolean
  readonly isError: boolean
}

export interface TranscriptPrompt {
  readonly type: 'prompt'
  readonly by: Prompter
}

/** The turn had ended, and another hook kept it going. */
export interface TranscriptLap {
  readonly type: 'lap'
}

/** The client says that it is about to submit a scheduled prompt: the next remark of its own. */
export interface TranscriptSchedule {
  readonly type: 'schedule'
}

/** What the client itself wrote in the place of a person's message. */
export interface TranscriptRemark {
  readonly type: 'remark'
}
