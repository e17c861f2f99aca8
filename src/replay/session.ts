/** What happened in one session, read from its transcripts in the guard's own words, in the order of its times. */

import { hash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { readAt } from '../files.ts'
import { type Event, MAIN_AGENT, type ReturnedCall } from '../guard/event.ts'
import { callOf, resultOf } from '../hosts/claude-code/fingerprint.ts'
import {
  mayConcern,
  parseTranscriptLine,
  type TranscriptItem,
  type TranscriptLine,
  type Unusable,
} from '../hosts/claude-code/transcript.ts'
import { linesFrom } from '../lines.ts'
import type { TranscriptFile } from './files.ts'

export interface Timed {
  /** Unix ms. */
  readonly at: number
  readonly event: Event
  /** How many calls it stands for: 0 for what is no call, or one that was told of before. */
  readonly calls: number
}

/** Why lines were skipped; also when a time was earlier than one before it, which is mended by sorting. */
export type Oddity = Unusable | 'over 32 MB' | 'time running backwards'

/** What a whole replay has seen so far. */
export interface Reader {
  /** Ids of calls that were met, as numbers: resumed and forked sessions repeat those of others. */
  readonly met: Set<number>
  readonly onOddity: (oddity: Oddity, file: string, line: number) => void
  readonly onBytes: (count: number) => void
}

const MAX_LINE_BYTES = 32 * 1024 * 1024

/** A call of a past session, with what it returned. */
export interface PastCall {
  /** Unix ms. */
  readonly at: number
  readonly order: number
  readonly agent: string
  readonly message: string
  readonly isNew: boolean
  returned: ReturnedCall
  returnedAt: number
  isUnasked: boolean
  isError: boolean
}

/** A session as its files tell it. */
export interface Story {
  readonly calls: Map<string, PastCall>
  readonly prompts: Timed[]
  order: number
}

/** Everything that happened in a session, in order. */
export function readSession(files: readonly TranscriptFile[], reader: Reader): Timed[] {
  return inOrder(readStory(files, reader))
}

/** Its calls and prompts, as the files have them. */
export function readStory(files: readonly TranscriptFile[], reader: Reader): Story {
  const story: Story = { calls: new Map(), prompts: [], order: 0 }
  for (const file of files) readFile(file, story, reader)
  return story
}

function readFile(file: TranscriptFile, story: Story, reader: Reader): void {
  const fd = openSync(file.path, 'r')
  try {
    const read = (from: number, length: number) => {
      const bytes = readAt(fd, from, length)
      reader.onBytes(bytes.length)
      return bytes
    }
    let number = 0
    let latest = 0
    let wasPart = false
    for (const { bytes, isPart } of linesFrom(read, 0, MAX_LINE_BYTES)) {
      const goesOn = isPart && wasPart
      wasPart = isPart
      if (goesOn) continue
      number += 1
      const line = isPart ? 'over 32 MB' : lineIn(bytes)
      if (line === undefined) continue
      if (typeof line === 'string') {
        reader.onOddity(line, file.path, number)
        continue
      }
      if (line.at < latest) reader.onOddity('time running backwards', file.path, number)
      latest = Math.max(latest, line.at)
      for (const item of line.items) add(story, item, line, file, reader)
    }
  } finally {
    closeSync(fd)
  }
}

/** Undefined for a line that does not concern us. */
function lineIn(bytes: Buffer): TranscriptLine | Unusable | undefined {
  if (bytes.length === 0) return undefined
  if (!mayConcern(bytes)) return bytes.at(0) === 0x7b && bytes.at(-1) === 0x7d ? undefined : 'no JSON'
  const line = parseTranscriptLine(bytes.toString())
  return typeof line !== 'string' && line.items.length === 0 ? undefined : line
}

function add(
  story: Story,
  item: TranscriptItem,
  { at, agent }: TranscriptLine,
  file: TranscriptFile,
  reader: Reader,
) {
  const id = file.agent ?? agent ?? MAIN_AGENT
  story.order += 1
  if (item.type === 'prompt') {
    const event: Event = { type: 'prompt', agent: { id, type: '' }, by: item.by }
    if (id === MAIN_AGENT) story.prompts.push({ at, event, calls: 0 })
  } else if (item.type === 'call') {
    const isNew = isFirst(reader.met, item.id)
    if (story.calls.has(item.id)) return
    const returned = callOf(id, item, shortHash)
    const round = { at, order: story.order, agent: id, message: `${id} ${item.message}` }
    story.calls.set(item.id, { ...round, isNew, returned, returnedAt: at, isUnasked: false, isError: false })
  } else {
    const call = story.calls.get(item.id)
    if (!call || call.returned.result !== undefined) return
    call.returned = { ...call.returned, ...resultOf({ ...NO_CALL, result: item.result }, shortHash) }
    call.returnedAt = at
    call.isUnasked = item.isUnasked
    call.isError = item.isError
  }
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

/** Calls at their times, rounds at the time of their last result. A call that was met in another file is left out. */
export function inOrder({ calls, prompts }: Story): Timed[] {
  const rounds = new Map<string, PastCall[]>()
  const events: (Timed & { order: number })[] = prompts.map((prompt) => ({ ...prompt, order: -1 }))
  for (const call of calls.values()) {
    if (!call.isNew) continue
    rounds.set(call.message, [...(rounds.get(call.message) ?? []), call])
    const agent = { id: call.agent, type: '' }
    const { result: _, ...asked } = call.returned
    if (!call.isUnasked)
      events.push({ at: call.at, order: call.order, event: { type: 'call', agent, ...asked }, calls: 1 })
  }
  for (const round of rounds.values()) {
    const [first] = round
    if (!first) continue
    const at = Math.max(...round.map(({ returnedAt }) => returnedAt))
    const order = Math.max(...round.map((call) => call.order)) + 0.5
    const agent = { id: first.agent, type: '' }
    const event: Event = {
      type: 'results',
      agent,
      calls: round.map(({ returned }) => returned),
      endsRound: true,
    }
    events.push({ at, order, event, calls: round.filter(({ isUnasked }) => isUnasked).length })
  }
  return events.sort((a, b) => a.at - b.at || a.order - b.order)
}
