/** Where the next line goes: what the files mean in the light of the head. The one place that judges it. */

import { closeSync } from 'node:fs'
import { type Failure, failure } from '../failure.ts'
import { isThere } from '../files.ts'
import { BEFORE_GENESIS, follow, type Link, MAX_JUNK_BYTES, sha256 } from './chain.ts'
import { openForAppend, readAt, segmentFile, segmentsIn, sizeOf } from './files.ts'
import type { Head } from './head.ts'
import { linesOf } from './lines.ts'

/** Bytes after the last sound line: what a process that died left behind. */
export interface Junk {
  readonly bytes: number
  readonly sha256: string
}

export interface Tail {
  readonly link: Link
  readonly segment: number
  /** The end of the last sound line. */
  readonly end: number
  readonly junk?: Junk
  /** True when the head had to be found again from the files. */
  readonly rebuilt: boolean
}

/**
 * Undefined when there is no log yet. Whole lines beyond the head that verify and chain are adopted: their
 * writer died before it could save the head. Throws a Failure when the files are not what the head says.
 */
export function findTail(folder: string, head: Head | undefined): Tail | undefined {
  const last = head?.segment ?? segmentsIn(folder).at(-1)
  if (last === undefined) return undefined
  const file = segmentFile(folder, last)
  if (!head) return extend(file, { link: BEFORE_GENESIS, segment: last, end: 0, rebuilt: true })
  if (!holds(file, head)) throw notOurs(file)
  return extend(file, { link: head, segment: last, end: head.off + head.len, rebuilt: false })
}

/** True when the head's line stands where the head says, unchanged, and little comes after it. */
function holds(file: string, head: Head): boolean {
  if (!isThere(file)) return false
  const fd = openForAppend(file)
  try {
    const end = head.off + head.len
    return sizeOf(fd) - end <= MAX_JUNK_BYTES && sha256(readAt(fd, head.off, head.len)) === head.sha
  } finally {
    closeSync(fd)
  }
}

function extend(file: string, from: Tail): Tail {
  let tail = from
  const rest: Buffer[] = []
  let size = 0
  for (const { bytes, ended } of linesOf(file, from.end)) {
    const step = ended && rest.length === 0 ? follow(tail.link, bytes) : undefined
    if (step && 'link' in step) {
      tail = { ...tail, link: step.link, end: tail.end + bytes.length + 1 }
    } else {
      rest.push(bytes, Buffer.from(ended ? '\n' : ''))
      size += bytes.length + 1
      if (size > MAX_JUNK_BYTES) throw notOurs(file)
    }
  }
  if (rest.length === 0) return tail
  if (tail.link.seq < 0) throw notOurs(file)
  const junk = Buffer.concat(rest)
  return { ...tail, junk: { bytes: junk.length, sha256: sha256(junk) } }
}

function notOurs(file: string): Failure {
  return failure(
    `${file} is not as we left it: lines are missing, changed or foreign`,
    'Run: spikectl audit verify',
  )
}
