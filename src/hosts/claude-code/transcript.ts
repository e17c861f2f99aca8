/**
 * Claude Code's transcripts, one JSON object a line, translated. Pure. Of the many kinds of lines only messages with
 * tool calls or with what they have used up, results, and prompts concern us. A response is written as several lines with
 * the same `message.id`, of which the last has its final usage. Source: transcripts of clients 2.0 and 2.1.
 */

import { basename, sep } from 'node:path'
import { isObject, type Members, membersIn, membersOf } from '../../guard/members.ts'
import type {
  MessageUsage,
  TranscriptCall,
  TranscriptItem,
  TranscriptLine,
  TranscriptPlace,
  TranscriptResult,
  Transcripts,
  Unusable,
} from '../transcript.ts'
import { textOf } from './payload.ts'

export const TRANSCRIPTS: Transcripts = {
  whereabouts: 'Claude Code keeps its own in ~/.claude/projects',
  placeOf,
  sessionOf,
  mayConcern,
  parse,
}

/** What an agent's context is compacted or asked aside with begins with a copy of what the agent has done. */
const COPY = /^(acompact|aside_question)-/

/**
 * `SESSION.jsonl`, and its subagents in `SESSION/subagents/agent-ID.jsonl`, those of a workflow in a folder of its own
 * below, or, of older clients, as `agent-ID.jsonl` beside it.
 */
function placeOf(path: string): TranscriptPlace {
  const agent = /^agent-(.+)$/.exec(basename(path, '.jsonl'))?.[1]
  const own = path.replace(/\.jsonl$/, '')
  const main = agent === undefined ? own : mainOf(path, own)
  const isNamed = agent === undefined || main !== own
  const session = isNamed ? basename(main) : undefined
  return { agent, isCopy: COPY.test(agent ?? ''), main, session }
}

function mainOf(path: string, own: string): string {
  const parts = path.split(sep)
  const folder = parts.lastIndexOf('subagents')
  return folder > 0 ? parts.slice(0, folder).join(sep) : own
}

/** What the client writes down as a person's message, though no prompt was submitted. */
const NO_PROMPT = /^(\[Request interrupted|<local-command-|<command-)/

/** A message of a teammate, or of an agent to the main one. */
const OF_ANOTHER_AGENT = /^Another Claude session sent a message:/

const SCHEDULE_FIRED = 'scheduled_task_fire'

/** Lines of these kinds have what we look for. */
function mayConcern(line: Buffer): boolean {
  if (line.includes('"tool_use') || line.includes('"tool_result"') || line.includes('"user"')) return true
  return line.includes('"usage"') || line.includes(SCHEDULE_FIRED)
}

function sessionOf(line: Buffer): string | undefined {
  return line.includes('"sessionId"') ? textOf(membersIn(line.toString()).sessionId) : undefined
}

function parse(text: string): TranscriptLine | Unusable {
  const row = parsed(text)
  if (row === undefined) return 'no JSON'
  if (!isObject(row) || !textOf(row.type)) return 'no line of a transcript'
  const items = itemsIn(row, membersOf(row.message))
  if (items.length === 0) return { at: 0, agent: undefined, items }
  const at = Date.parse(textOf(row.timestamp) ?? '')
  if (Number.isNaN(at)) return 'no timestamp'
  return { at, agent: textOf(row.agentId), items }
}

function itemsIn(row: Members, message: Members): TranscriptItem[] {
  if (row.type === 'system') return row.subtype === SCHEDULE_FIRED ? [{ type: 'schedule' }] : []
  const parts = Array.isArray(message.content) ? message.content.filter(isObject) : []
  if (row.type === 'assistant') {
    const used = usageIn(message)
    const calls = parts.flatMap((part) => callIn(part, textOf(message.id) ?? ''))
    return used ? [{ type: 'usage', ...used }, ...calls] : calls
  }
  if (row.type !== 'user') return []
  const results = parts.flatMap(resultIn)
  if (results.length > 0 || row.isSidechain === true) return results
  const text = promptText(message.content)
  if (row.turnOrigin === 'scheduled') return [{ type: 'prompt', by: 'schedule' }]
  if (OF_ANOTHER_AGENT.test(text)) return [{ type: 'prompt', by: 'machine' }]
  if (row.isMeta === true) return [{ type: text.startsWith('Stop hook feedback:') ? 'lap' : 'remark' }]
  if (row.isCompactSummary === true || NO_PROMPT.test(text)) return []
  return [{ type: 'prompt', by: text.startsWith('<task-notification>') ? 'notification' : 'person' }]
}

/** True for the line of a prompt that a person has written, whatever else it says. */
export function isPersonsPrompt(row: Members): boolean {
  return itemsIn(row, membersOf(row.message)).some((item) => item.type === 'prompt' && item.by === 'person')
}

function callIn(part: Members, message: string): TranscriptCall[] {
  const id = textOf(part.id)
  const tool = textOf(part.name)
  if (part.type !== 'tool_use' || !id || !tool) return []
  return [{ type: 'call', id, message: message || id, tool, toolUseId: id, input: part.input }]
}

/** What a message says that it has used; undefined where it says nothing. */
export function usageIn({ id, usage }: Members): MessageUsage | undefined {
  const message = textOf(id)
  if (message === undefined || !isObject(usage)) return undefined
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = usage
  const all = [input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens]
  return { message, tokens: all.reduce<number>((sum, each) => sum + countIn(each), 0) }
}

/** Far above what any model takes at once. */
const MAX_TOKENS = 1_000_000_000

/** Nothing for what is no count. */
function countIn(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_TOKENS ? value : 0
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
