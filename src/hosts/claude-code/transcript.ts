/**
 * Claude Code's transcripts, one JSON object a line, translated. Pure. Of the many kinds of lines only messages with
 * tool calls, their results, and prompts concern us. Source: transcripts of clients 2.0 and 2.1.
 */

import type { Prompter } from '../../guard/event.ts'
import { isObject, type Members, membersIn, membersOf } from '../../guard/members.ts'
import type { HostCall } from '../input.ts'
import { textOf } from './payload.ts'

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

/** The client says that it is about to submit a scheduled prompt: the next remark of its own. */
export interface TranscriptSchedule {
  readonly type: 'schedule'
}

/** What the client itself wrote in the place of a person's message. */
export interface TranscriptRemark {
  readonly type: 'remark'
}

export type TranscriptItem =
  | TranscriptCall
  | TranscriptResult
  | TranscriptPrompt
  | TranscriptSchedule
  | TranscriptRemark

export interface TranscriptLine {
  /** Unix ms. */
  readonly at: number
  /** The session that it says it is of. */
  readonly session: string | undefined
  /** The subagent that it is of; undefined for the main agent. */
  readonly agent: string | undefined
  readonly items: readonly TranscriptItem[]
}

/** Why a line is of no use. */
export type Unusable = 'no JSON' | 'no timestamp' | 'no line of a transcript'

/** What the client writes down as a person's message, though no prompt was submitted. */
const NO_PROMPT = /^(\[Request interrupted|<local-command-|<command-)/

const SCHEDULE_FIRED = 'scheduled_task_fire'

/** Lines of these kinds have what we look for; others are not even parsed. */
export function mayConcern(line: Buffer): boolean {
  if (line.includes('"tool_use') || line.includes('"tool_result"') || line.includes('"user"')) return true
  return line.includes(SCHEDULE_FIRED)
}

/** The session that a line says it is of, whatever else it says. */
export function sessionOfLine(text: string): string | undefined {
  return textOf(membersIn(text).sessionId)
}

export function parseTranscriptLine(text: string): TranscriptLine | Unusable {
  const row = parsed(text)
  if (row === undefined) return 'no JSON'
  if (!isObject(row) || !textOf(row.type)) return 'no line of a transcript'
  const items = itemsIn(row, membersOf(row.message))
  if (items.length === 0) return { at: 0, session: undefined, agent: undefined, items }
  const at = Date.parse(textOf(row.timestamp) ?? '')
  if (Number.isNaN(at)) return 'no timestamp'
  return { at, session: textOf(row.sessionId), agent: textOf(row.agentId), items }
}

function itemsIn(row: Members, message: Members): TranscriptItem[] {
  if (row.type === 'system') return row.subtype === SCHEDULE_FIRED ? [{ type: 'schedule' }] : []
  const parts = Array.isArray(message.content) ? message.content.filter(isObject) : []
  if (row.type === 'assistant') return parts.flatMap((part) => callIn(part, textOf(message.id) ?? ''))
  if (row.type !== 'user') return []
  const results = parts.flatMap(resultIn)
  if (results.length > 0 || row.isSidechain === true) return results
  if (row.isMeta === true) return [{ type: 'remark' }]
  const text = promptText(message.content)
  if (row.isCompactSummary === true || NO_PROMPT.test(text)) return []
  return [{ type: 'prompt', by: text.startsWith('<task-notification>') ? 'machine' : 'person' }]
}

function callIn(part: Members, message: string): TranscriptCall[] {
  const id = textOf(part.id)
  const tool = textOf(part.name)
  if (part.type !== 'tool_use' || !id || !tool) return []
  return [{ type: 'call', id, message: message || id, tool, toolUseId: id, input: part.input }]
}

function resultIn(part: Members): TranscriptResult[] {
  const id = textOf(part.tool_use_id)
  if (part.type !== 'tool_result' || !id) return []
  const isUnasked = promptText(part.content).startsWith('<tool_use_error>')
  return [{ type: 'result', id, result: part.content, isUnasked, isError: part.is_error === true }]
}

/** The first text of a message's content. */
function promptText(content: unknown): string {
  if (typeof content === 'string') return content
  const first = Array.isArray(content)
    ? content.find((part) => isObject(part) && part.type === 'text')
    : undefined
  return (isObject(first) && textOf(first.text)) || ''
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
