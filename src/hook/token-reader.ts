/**
 * What a session has used up, read from its transcripts at the end of a round or a turn and before a prompt: what was written
 * since the last time, at most so many bytes an event. A call waits for none of it.
 */

import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs'
import type { TokenInput } from '../hosts/input.ts'
import type { Usage } from '../hosts/usage.ts'
import type { Entry, Position, Reading, TokenReader } from '../store/reading.ts'
import { codeOf, describe } from '../system/failure.ts'
import { readAt } from '../system/files.ts'
import type { Hash } from '../system/keyed-hash.ts'
import type { Environment } from '../system/paths.ts'

/** More is read at the next events. */
const MAX_BYTES = 8 * 1024 * 1024
/** The same where others wait meanwhile. */
const MAX_BYTES_UNDER_LOCK = 256 * 1024
/** No message of a model comes near it: what is longer is a result. */
const LONGEST_LINE = 4 * 1024 * 1024
/** So many files are looked at; of more, the next ones at the next event. */
const MAX_FILES = 256
/** By these last bytes of what was read, a file that was written anew is told from one that has grown. */
const TAIL_BYTES = 64
/** So far into a file its first line with a time is looked for. */
const HEAD_BYTES = 16 * 1024
const LF = 0x0a

/** What all reading of one event goes by. */
interface Source {
  readonly usage: Usage
  readonly session: string | undefined
  readonly main: string
  readonly env: Environment
  readonly hash: Hash
}

/** A file that was looked at, and from where on: nothing new is no reading. */
interface Looked {
  readonly from: Position | undefined
  readonly reading: Reading | undefined
  readonly bytes: number
}

/** The reader of what belongs to the session of this event; undefined where it names no transcript. */
export function readerOf(
  usage: Usage,
  input: TokenInput,
  { env, hash }: Pick<Source, 'env' | 'hash'>,
): TokenReader | undefined {
  const main = usage.mainOf(input)
  if (main === undefined) return undefined
  const source = { usage, session: input.session, main, env, hash }
  const looked = new Map<string, Looked>()
  let last = ''
  return {
    read(positionOf, after) {
      if (looked.size === 0) {
        const files = inTurn([main, ...usage.agentsOf(main, input)], after)
        last = files.length > MAX_FILES ? (files[MAX_FILES - 1] ?? '') : ''
        for (const path of files.slice(0, MAX_FILES)) looked.set(path, NOT_YET)
      }
      let left = MAX_BYTES
      const readings = [...looked].flatMap(([path, before]) => {
        const from = positionOf(path)
        const now = before === NOT_YET ? lookAt(path, from, left, source) : onFrom(before, path, from, source)
        looked.set(path, now)
        left -= now.bytes
        return now.reading ?? []
      })
      return { readings, last }
    },
  }
}

const NOT_YET: Looked = { from: undefined, reading: undefined, bytes: 0 }

/** The main transcript and that of the event's own agent first; of too many others, those after the last one looked at. */
function inTurn(files: readonly string[], after: string): readonly string[] {
  if (files.length <= MAX_FILES) return files
  const [first, others] = [files.slice(0, 2), files.slice(2)]
  const next = others.findIndex((file) => file > after)
  return [...first, ...others.slice(Math.max(0, next)), ...others.slice(0, Math.max(0, next))]
}

function isSame(one: Position | undefined, other: Position | undefined): boolean {
  return one?.offset === other?.offset && one?.node === other?.node && one?.tail === other?.tail
}

/**
 * The same look from where the file stands now, under the lock: other hooks may have read on meanwhile. What was read ahead
 * holds from there on; else little is read, for all others wait.
 */
function onFrom(before: Looked, path: string, from: Position | undefined, source: Source): Looked {
  const { reading } = before
  if (isSame(before.from, from)) return before
  if (!reading || from?.node !== reading.node || from.offset < reading.from || from.offset > reading.offset)
    return lookAt(path, from, MAX_BYTES_UNDER_LOCK, source)
  const entries = reading.entries.filter(({ offset }) => offset >= from.offset)
  return { from, reading: { ...reading, from: from.offset, entries }, bytes: 0 }
}

/** A file that cannot be read counts nothing, and says why. */
function lookAt(path: string, from: Position | undefined, most: number, source: Source): Looked {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat) return { ...NOT_YET, from }
    const node = `${stat.dev}:${stat.ino}`
    if (from?.node === node && from.offset === stat.size && from.size === stat.size)
      return { ...NOT_YET, from }
    const problem = source.usage.problemWith(path, source.env)
    if (problem !== undefined) return { from, reading: refused(path, from, problem, source), bytes: 0 }
    return { from, ...readFile(path, node, from, most, source) }
  } catch (error) {
    return {
      from,
      reading: refused(path, from, `cannot be read (${codeOf(error) || describe(error)})`, source),
      bytes: 0,
    }
  }
}

/** Nothing new where it was refused before. */
function refused(
  path: string,
  from: Position | undefined,
  problem: string,
  { main }: Source,
): Reading | undefined {
  if (from?.node === '') return undefined
  const nothing = { node: '', from: 0, to: 0, offset: 0, tail: '', size: 0, entries: [] }
  return { path, isMain: path === main, ...nothing, problem }
}

function readFile(
  path: string,
  node: string,
  before: Position | undefined,
  most: number,
  source: Source,
): Pick<Looked, 'reading' | 'bytes'> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0))
  try {
    const { size, dev, ino } = fstatSync(fd)
    if (`${dev}:${ino}` !== node) throw new Error('it was replaced meanwhile')
    const goesOn =
      before?.node === node && size >= before.offset && tailAt(fd, before.offset, source) === before.tail
    const from = goesOn ? before.offset : 0
    const bytes = readAt(fd, from, Math.min(size - from, most))
    const beginsInLine = from > 0 && readAt(fd, from - 1, 1).at(0) !== LF
    const first = beginsInLine ? bytes.indexOf(LF) + 1 : 0
    const end = endOfLines(bytes)
    const lines = bytes.subarray(first, Math.max(first, end))
    // Prompts are looked for only where lines alone say when they were.
    const mark = before?.node ? before.mark : size
    const mayConcern = from < mark ? source.usage.mayConcern : source.usage.mayTellUsage
    const entries = entriesIn(lines, from + first, { ...source, since: beganAt(fd, source), mayConcern })
    const offset = from + end
    const at = { node, from, to: from + bytes.length, offset, tail: tailAt(fd, offset, source), size }
    return { reading: { path, isMain: path === source.main, ...at, entries }, bytes: bytes.length }
  } finally {
    closeSync(fd)
  }
}

/** Half a line is left for the next time; of one that is longer than any message, the parts are passed over. */
function endOfLines(bytes: Buffer): number {
  const end = bytes.lastIndexOf(LF) + 1
  return end === 0 && bytes.length >= LONGEST_LINE ? bytes.length : end
}

function tailAt(fd: number, offset: number, { hash }: Source): string {
  const from = Math.max(0, offset - TAIL_BYTES)
  return hash(readAt(fd, from, offset - from).toString('latin1'))
}

/** When the first line of a file was written that is the session's own: what is older is a copy. */
function beganAt(fd: number, { usage, session }: Source): number {
  const head = readAt(fd, 0, HEAD_BYTES).toString().split('\n').slice(0, -1)
  for (const line of head) {
    const at = usage.timeIn(line, session)
    if (at !== undefined) return at
  }
  return 0
}

/** The lines that are looked at: those that may concern us, and are not older than the file's own. */
interface LineSource extends Source {
  readonly mayConcern: (line: Buffer) => boolean
  /** Unix ms. */
  readonly since: number
}

/** Of lines that follow each other and tell of the same message, the last. */
function entriesIn(bytes: Buffer, start: number, source: LineSource): Entry[] {
  const { usage, session, hash, since, mayConcern } = source
  const entries: Entry[] = []
  for (let from = 0, end = bytes.indexOf(LF); end !== -1; from = end + 1, end = bytes.indexOf(LF, from)) {
    const line = bytes.subarray(from, end)
    const entry = mayConcern(line) ? usage.entryIn(line.toString(), session) : undefined
    if (!entry || (entry.at !== undefined && entry.at < since)) continue
    const { at, tokens, message: id } = entry
    const message = id === undefined ? undefined : numberOf(hash(id))
    if (message !== undefined && entries.at(-1)?.message === message) entries.pop()
    entries.push({ offset: start + from, at, tokens, ...(message === undefined ? {} : { message }) })
  }
  return entries
}

/** 52 bits: of a million messages of a session two are equal once in 9,000 sessions. */
function numberOf(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16)
}
