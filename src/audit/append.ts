/**
 * Appending: lock, look, sign, write, sync, save the head. The file is written before the head, so a file
 * shorter than the head is tampering and never a crash. Nothing is ever truncated or rewritten.
 *
 * The key is loaded and has signed once before the lock is taken: a cold signature takes longer than
 * a hot one, and everybody else waits while the lock is held.
 */

import { randomBytes } from 'node:crypto'
import { closeSync, fdatasyncSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Patience } from '../system/deadline.ts'
import { failure } from '../system/failure.ts'
import { refuseForeignFolder } from '../system/files.ts'
import { VERSION } from '../system/version.ts'
import { type AuditObject, type AuditValue, clean } from './canonical.ts'
import { BEFORE_GENESIS, type Link, linkAfter, pubIn } from './chain.ts'
import { openForAppend, syncFolder, writeAll } from './files.ts'
import { type Head, readHead, underLock } from './head.ts'
import { openSigner, type Signer, signerFor } from './keys.ts'
import { encodeLine, FORMAT } from './line.ts'
import { createSegment, sealedDigest } from './segments.ts'
import { findTail, type Gap, type Tail } from './tail.ts'
import { unsignedSince } from './unsigned.ts'

/** What an event says of itself; a member that is undefined is left out. */
export type AuditEvent = Readonly<Record<string, AuditValue | undefined>>

export interface AuditFiles {
  readonly audit: string
  readonly auditDb: string
}

export interface AppendOptions {
  readonly patience: Patience
  /** Unix ms. */
  readonly clock: () => number
  /** From this size on the log goes on in a new file. */
  readonly segmentBytes: number
  /** However long a log is whose head was lost: it is read as a whole. */
  readonly readsAll?: boolean
  /** Blocks that could not be signed since state.db began; undefined when that cannot be read. Called under the lock. */
  readonly unsigned?: () => number | undefined
  /** Called under the lock, when the line is on disk and before the head is saved. */
  readonly settle?: () => void
}

/** A line that is on disk. */
export interface Signed {
  readonly log: string
  readonly seq: number
  readonly sha: string
  /** What a person should know of the state in which the log was found. */
  readonly remark?: string
}

/** Ids and names in a line take at most this much of it, a path more: the line stays below 8 KiB. */
const MAX_TEXT_BYTES = 512
const MAX_PATH_BYTES = 2048

/** So much is read in milliseconds: patience is for locks and long logs. */
const READ_ANYHOW_BYTES = 1024 * 1024

/**
 * Signs an event and appends it durably. `event` says what happened ("block", "reset", …), or is asked for it
 * under the lock; the members that every line has are added here. Throws when the line is not on disk.
 */
export function append(
  files: AuditFiles,
  event: AuditEvent | (() => AuditEvent),
  options: AppendOptions,
): Signed {
  const { patience, clock } = options
  refuseForeignFolder(dirname(files.auditDb))
  const warm = openSigner(files.audit, () => readHead(files.auditDb, patience) === undefined)
  warm.sign(Buffer.from('warm up'))
  const { head, remark } = underLock(files.auditDb, patience, clock(), (before, saved) => {
    const tail = findTail(files.audit, before, options.readsAll ? () => undefined : impatient(patience))
    const signer = tail ? signerFor(files.audit, warm, tail.link.pub) : warm
    const at = new Date(clock()).toISOString()
    const facts = { ...cleaned(typeof event === 'function' ? event() : event), at }
    const told = saved + (tail?.kind === 'tail' ? tail.told : 0)
    const total = options.unsigned?.()
    const unsigned = unsignedSince(total, told)
    const writer = { folder: files.audit, signer, at, segmentBytes: options.segmentBytes, unsigned }
    const done = appendAt(writer, tail, facts)
    options.settle?.()
    return { head: done, told: total ?? told, remark: tail && remarkOn(tail) }
  })
  return { log: head.log, seq: head.seq, sha: head.sha, ...(remark ? { remark } : {}) }
}

function remarkOn(tail: Tail | Gap): string | undefined {
  if (tail.kind === 'gap') return 'the audit log was not as its writer had left it: see spikectl audit verify'
  return tail.recovery.anchor ? 'audit.db was lost and is made anew: see spikectl audit verify' : undefined
}

/** How a reason names its line: log, number and the first digits of its hash. */
export function reference({ log, seq, sha }: Signed): string {
  return `${log.slice(0, 8)}#${seq} ${sha.slice(0, 4)}…`
}

/** A log whose head is lost is read again as a whole, which may take longer than a tool call can wait. */
function impatient(patience: Patience): (bytesRead: number) => void {
  let total = 0
  return (bytesRead) => {
    total += bytesRead
    if (total < READ_ANYHOW_BYTES || patience() > 0) return
    throw failure(
      'the log is too long to be read again while a call waits, and audit.db does not know its end',
      'Run: spikectl audit rotate-key, which reads all of it',
    )
  }
}

interface Writer {
  readonly folder: string
  readonly signer: Signer
  readonly at: string
  readonly segmentBytes: number
  /** What its first line says of blocks that could not be signed. */
  readonly unsigned: AuditObject
}

function appendAt(writer: Writer, tail: Tail | Gap | undefined, event: AuditObject): Head {
  const { signer, at } = writer
  if (!tail) {
    const nonce = randomBytes(16).toString('hex')
    const pub = signer.pub.toString('base64url')
    const genesis = { event: 'genesis', at, pub, nonce, tool_version: VERSION }
    return beginSegment(writer, 1, BEFORE_GENESIS, [genesis, { ...event, ...recovery(writer.unsigned) }])
  }
  if (tail.kind === 'gap') {
    const tamper = { event: 'tamper', at, ...tail.tamper, ...recovery(writer.unsigned) }
    return beginSegment(writer, tail.number, tail.link, [tamper, event])
  }
  const found = recovery({ ...tail.recovery, ...writer.unsigned })
  const isFull = tail.end >= writer.segmentBytes || tail.segment.isPacked
  // Junk is named by a line in its own file.
  if (!isFull || tail.isOpen || 'junk' in tail.recovery)
    return appendLine(writer, tail, { ...event, ...found })
  const opening = { event: 'segment', at, prev_segment: { ...sealedDigest(tail.segment) }, ...found }
  return beginSegment(writer, tail.segment.number + 1, tail.link, [opening, event])
}

/** A new file with its first lines: it is there with all of them or not at all. */
function beginSegment(writer: Writer, number: number, from: Link, events: readonly AuditObject[]): Head {
  const lines: Buffer[] = []
  let link = from
  for (const event of events) {
    const { line, after } = sealed(link, writer.signer, event)
    lines.push(line)
    link = after
  }
  createSegment(writer.folder, number, Buffer.concat(lines))
  const len = lines.at(-1)?.length ?? 0
  const off = lines.reduce((sum, line) => sum + line.length, 0) - len
  return { ...link, segment: number, off, len, key: writer.signer.key }
}

function appendLine(writer: Writer, tail: Tail, event: AuditObject): Head {
  const { line, after } = sealed(tail.link, writer.signer, event)
  // A torn last line is closed by a LF in the same write, so that no crash can leave it half closed.
  const bytes = tail.isOpen ? Buffer.concat([Buffer.from('\n'), line]) : line
  const fd = openForAppend(tail.segment.file)
  try {
    writeAll(fd, bytes)
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
  // What is adopted may be in a file whose name is not on disk yet.
  if ('adopted' in tail.recovery) syncFolder(writer.folder)
  const off = tail.end + bytes.length - line.length
  return { ...after, segment: tail.segment.number, off, len: line.length, key: writer.signer.key }
}

/** The next line of the chain, and where the chain stands after it. */
function sealed(link: Link, signer: Signer, event: AuditObject): { line: Buffer; after: Link } {
  const seq = link.seq + 1
  const log = link.log ? { log: link.log } : {}
  const line = encodeLine({ ...event, ...log, v: FORMAT, key: signer.key, seq, prev: link.sha }, signer.sign)
  const successor = event.event === 'rotate' ? pubIn(event) : undefined
  return { line, after: linkAfter(link, successor ?? signer.pub, line) }
}

function recovery(found: AuditObject): AuditObject {
  return Object.keys(found).length > 0 ? { recovery: found } : {}
}

function cleaned(event: AuditEvent): AuditObject {
  const limit = (key: string) => (key === 'cwd' ? MAX_PATH_BYTES : MAX_TEXT_BYTES)
  const members = Object.entries(event).flatMap(([key, value]) => {
    if (value === undefined) return []
    return [[key, typeof value === 'string' ? clean(value, limit(key)) : value] as const]
  })
  return Object.fromEntries(members)
}
