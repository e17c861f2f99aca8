/**
 * The files of a log: `audit-000001.jsonl`, `audit-000002.jsonl`, … Any but the one that grows may be gzip'd. The
 * number says where a file stands; what is in it is proven by the chain and by the first line of the next.
 *
 * Only the exact name of a number counts. With seven digits for 1, or a copy beside its `.gz`, two files would claim
 * the same place, and which of them is read would be a matter of order. Such strays are for the verifier to report;
 * the writer goes on as if they were not there.
 */

import { createHash } from 'node:crypto'
import { closeSync, constants, fdatasyncSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { failure } from '../system/failure.ts'
import { isThere, openOurs, readAt } from '../system/files.ts'
import { linesFrom, type RawLine, type ReadAt } from '../system/lines.ts'
import { shellWord } from '../system/text.ts'
import { createDurably, sizeOf } from './files.ts'

export interface Segment {
  /** From 1; 0 when its name does not say it. */
  readonly number: number
  /** Its name, without `.gz`. */
  readonly name: string
  readonly file: string
  readonly isPacked: boolean
}

/** How a segment is named by the one after it. */
export interface SegmentDigest {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/** At most 15 digits: each such number, and the one after it, is exact in JavaScript. */
const NAME = /^audit-(\d{6,15})\.jsonl(\.gz)?$/
/** What a process that died may have left: see createDurably. */
const DRAFT = /^audit-\d{6,15}\.jsonl\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const CHUNK_BYTES = 256 * 1024

/** A gzip'd file is unpacked in memory: one that holds more than this is no segment of ours. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024

export function segmentName(number: number): string {
  return `audit-${String(number).padStart(6, '0')}.jsonl`
}

/** A file that was named by itself; its number is 0 when its name is none of ours. */
export function loneSegment(file: string): Segment {
  const name = basename(file)
  return segmentAt(numberIn(name), name.replace(/\.gz$/, ''), file)
}

function segmentAt(number: number, name: string, file: string): Segment {
  return { number, name, file, isPacked: file.endsWith('.gz') }
}

/** The number of a segment by its name; 0 when that is not the exact name of one. */
function numberIn(name: string): number {
  const number = Number(NAME.exec(name)?.[1])
  return number > 0 && name.replace(/\.gz$/, '') === segmentName(number) ? number : 0
}

/** The segments in a folder, in order; none when there is no such folder. */
export function segmentsIn(folder: string): Segment[] {
  return filesIn(folder).segments
}

/** The names that begin like a segment's and are none: a log has no other files of that kind. */
export function straysIn(folder: string): string[] {
  return filesIn(folder).strays
}

/** Sorted, so that a file comes before its copy as .gz: the file is the segment, the copy a stray. */
function filesIn(folder: string): { segments: Segment[]; strays: string[] } {
  const segments = new Map<number, Segment>()
  const strays: string[] = []
  const names = isThere(folder) ? readdirSync(folder).sort() : []
  for (const name of names.filter((each) => each.startsWith('audit-') && !DRAFT.test(each))) {
    const number = numberIn(name)
    if (number === 0 || segments.has(number)) strays.push(name)
    else segments.set(number, segmentAt(number, segmentName(number), join(folder, name)))
  }
  return { segments: [...segments.values()].sort((a, b) => a.number - b.number), strays }
}

/** A segment to read from, whether packed or not; its size is that of what it holds. */
export interface OpenSegment {
  readonly read: ReadAt
  readonly size: number
  close(): void
}

export function openSegment({ file, isPacked }: Segment): OpenSegment {
  const fd = openOurs(file, constants.O_RDONLY)
  const close = () => closeSync(fd)
  if (!isPacked) return { read: (from, length) => readAt(fd, from, length), size: sizeOf(fd), close }
  try {
    // Loaded only where a file is packed.
    const { gunzipSync } = process.getBuiltinModule('node:zlib')
    const bytes = gunzipSync(readFileSync(fd), { maxOutputLength: MAX_UNPACKED_BYTES })
    return { read: (from, length) => bytes.subarray(from, from + length), size: bytes.length, close }
  } catch (error) {
    close()
    const why = error instanceof Error ? error.message : String(error)
    throw failure(`${file} cannot be unpacked (${why})`, `Run: gzip -t ${shellWord(file)}`)
  }
}

/** The lines of a segment from byte `start` on. */
export function* linesOfSegment(segment: Segment, start = 0): Generator<RawLine> {
  const opened = openSegment(segment)
  try {
    yield* linesIn(opened, start)
  } finally {
    opened.close()
  }
}

/** The lines of a segment that is open. `onBytes` is given every byte that is read, in order. */
export function linesIn(
  { read }: OpenSegment,
  start: number,
  onBytes: (bytes: Buffer) => void = () => undefined,
): Generator<RawLine> {
  return linesFrom((from, length) => {
    const bytes = read(from, length)
    onBytes(bytes)
    return bytes
  }, start)
}

/** A segment as the next one names it, synced to disk, whoever wrote its last line. */
export function sealedDigest(segment: Segment): SegmentDigest {
  syncFile(segment.file)
  const { read, size, close } = openSegment(segment)
  try {
    const digest = createHash('sha256')
    for (let done = 0; done < size; done += CHUNK_BYTES) digest.update(read(done, CHUNK_BYTES))
    return { file: segment.name, bytes: size, sha256: digest.digest('hex') }
  } finally {
    close()
  }
}

/** Removes what processes left when they died. To be called under the log's lock, which all drafts are made under. */
export function removeDrafts(folder: string): void {
  for (const draft of readdirSync(folder).filter((name) => DRAFT.test(name))) rmSync(join(folder, draft))
}

/**
 * A new segment, whole or not at all. To be called under the log's lock.
 */
export function createSegment(folder: string, number: number, content: Uint8Array): void {
  removeDrafts(folder)
  const file = join(folder, segmentName(number))
  if (!createDurably(file, content)) throw new Error(`${file} came to be while the lock was held`)
}

function syncFile(file: string): void {
  // Appending is all that a file with `chattr +a` allows.
  const fd = openOurs(file, constants.O_RDWR | constants.O_APPEND)
  try {
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
