/** What happened in one session, read from its transcripts in the guard's own words, in the order of its times. */

import { hash } from 'node:crypto'
import { type GuardEvent, MAIN_AGENT, type Prompter } from '../guard/event.ts'
import { callOf, resultOf } from '../hosts/fingerprint.ts'
import type {
  TranscriptCall,
  TranscriptItem,
  TranscriptLine,
  TranscriptResult,
  Transcripts,
  TranscriptUsage,
  Unusable,
} from '../hosts/transcript.ts'
import { linesIn, type TranscriptFile } from './files.ts'
import { inOrder, type Step, type Story } from './story.ts'

/** Why lines were skipped; also when a time was earlier than one before it, which is mended by sorting. */
export type Oddity = Unusable | 'over 32 MB' | 'time running backwards'

/** What a whole replay has seen so far. */
export interface Reader {
  /** Ids of calls and messages that were met, as numbers: resumed and forked sessions repeat those of others. */
  readonly met: Set<number>
  readonly onOddity: (oddity: Oddity, file: string, line: number) => void
  readonly onBytes: (count: number) => void
}

/** By so much lines may be out of the order of their times: the client gives the time first and writes later. */
const JITTER_MS = 1000

/** Everything that happened in a session, in order. */
export function readSession(files: readonly TranscriptFile[], reader: Reader): Step[] {
  return inOrder(readStory(files, reader))
}

/** Its calls, prompts and what it has used up, as the files have them. */
export function readStory(files: readonly TranscriptFile[], reader: Reader): Story {
  const story: Story = { calls: new Map(), prompts: [], messages: new Map(), used: [], order: 0 }
  for (const file of files) readFile(file, story, reader)
  return story
}

/** A file on its way into a story. */
interface Reading {
  readonly story: Story
  readonly file: TranscriptFile
  readonly reader: Reader
  /** The client has said that a scheduled prompt comes next. */
  isScheduled: boolean
  /** The turn has ended before. */
  isLap: boolean
}

function readFile(file: TranscriptFile, story: Story, reader: Reader): void {
  const reading: Reading = { story, file, reader, isScheduled: false, isLap: false }
  let number = 0
  let latest = 0
  let wasPart = false
  for (const { bytes, isPart } of linesIn(file.path, reader.onBytes)) {
    const goesOn = isPart && wasPart
    wasPart = isPart
    if (goesOn) continue
    number += 1
    const line = isPart ? 'over 32 MB' : lineIn(bytes, file.kept)
    if (line === undefined) continue
    if (typeof line === 'string') {
      reader.onOddity(line, file.path, number)
      continue
    }
    const isBackwards = latest - line.at > JITTER_MS
    if (isBackwards) reader.onOddity('time running backwards', file.path, number)
    const at = isBackwards ? line.at : Math.max(latest, line.at)
    latest = Math.max(latest, line.at)
    for (const item of line.items) add(reading, item, { ...line, at })
  }
}

/** Undefined for a line that does not concern us. */
function lineIn(bytes: Buffer, { mayConcern, parse }: Transcripts): TranscriptLine | Unusable | undefined {
  if (bytes.length === 0) return undefined
  if (!mayConcern(bytes)) return bytes.at(0) === 0x7b && bytes.at(-1) === 0x7d ? undefined : 'no JSON'
  const line = parse(bytes.toString())
  return typeof line !== 'string' && line.items.length === 0 ? undefined : line
}

function add(reading: Reading, item: TranscriptItem, { at, agent }: TranscriptLine): void {
  const { story, file, reader } = reading
  const id = file.agent ?? agent ?? MAIN_AGENT
  story.order += 1
  switch (item.type) {
    case 'prompt':
      addPrompt(story, id, item.by, at)
      reading.isScheduled = false
      reading.isLap = false
      break
    case 'lap':
      addEnd(story, id, reading.isLap, at)
      reading.isLap = true
      break
    case 'schedule':
      reading.isScheduled = true
      break
    case 'remark':
      if (reading.isScheduled) addPrompt(story, id, 'schedule', at)
      reading.isScheduled = false
      break
    case 'usage':
      addUsage(reading, id, item, at)
      break
    case 'call': {
      const isNew = isFirst(reader.met, item.id)
      if (!story.calls.has(item.id)) addCall(story, id, item, isNew, at)
      break
    }
    case 'result':
      addResult(story, item, at)
  }
}

function addPrompt({ prompts }: Story, id: string, by: Prompter, at: number): void {
  const event: GuardEvent = { type: 'prompt', agent: { id, type: '' }, by }
  if (id === MAIN_AGENT) prompts.push({ at, event, calls: 0 })
}

function addEnd({ prompts }: Story, id: string, isContinued: boolean, at: number): void {
  if (id === MAIN_AGENT)
    prompts.push({ at, event: { type: 'turn_end', agent: { id, type: '' }, isContinued }, calls: 0 })
}

function addCall(
  { calls, order }: Story,
  id: string,
  item: TranscriptCall,
  isNew: boolean,
  at: number,
): void {
  const returned = callOf(id, item, shortHash)
  const round = { at, order, agent: id, message: `${id} ${item.message}` }
  calls.set(item.id, { ...round, isNew, returned, returnedAt: at, isUnasked: false, isError: false })
}

/**
 * A message is of the file in which it is met first: what others repeat of it counts nothing, and may be its first line
 * alone. One that another session has had counts nothing either.
 */
function addUsage(
  { story, file, reader }: Reading,
  agent: string,
  { message, tokens }: TranscriptUsage,
  at: number,
): void {
  const known = story.messages.get(message)
  const isOwn = known ? known.file === file.path : isFirst(reader.met, `message ${message}`)
  const more = tokens - (known?.tokens ?? 0)
  if (isOwn && more !== 0) story.used.push({ at, order: story.order, agent, tokens: more })
  if (isOwn || !known) story.messages.set(message, { file: isOwn ? file.path : '', tokens })
}

function addResult({ calls }: Story, item: TranscriptResult, at: number): void {
  const call = calls.get(item.id)
  if (!call || call.returned.result !== undefined) return
  call.returned = { ...call.returned, ...resultOf({ ...NO_CALL, result: item.result }, shortHash) }
  call.returnedAt = at
  call.isUnasked = item.isUnasked
  call.isError = item.isError
}

const NO_CALL = { tool: '', toolUseId: undefined, input: undefined }

/** As good as unique within one replay, and an eighth of the memory of the id itself. */
function isFirst(met: Set<number>, id: string): boolean {
  const number = Number.parseInt(hash('md5', id).slice(0, 13), 16)
  if (met.has(number)) return false
  met.add(number)
  return true
}

function shortHash(text: string): string {
  return hash('md5', text).slice(0, 16)
}
