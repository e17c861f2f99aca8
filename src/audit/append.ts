/**
 * Appending: lock, look, sign, write, sync, save the head. The file is written before the head, so a file
 * shorter than the head is tampering and never a crash. Nothing is ever truncated or rewritten.
 *
 * The key is loaded and has signed once before the lock is taken: a cold signature takes ten times as long
 * as a hot one, and everybody else waits while the lock is held.
 */

import { randomBytes } from 'node:crypto'
import { closeSync, fdatasyncSync } from 'node:fs'
import { failure } from '../failure.ts'
import type { Patience } from '../pause.ts'
import { VERSION } from '../version.ts'
import { type AuditObject, clean } from './canonical.ts'
import { BEFORE_GENESIS, type Link, linkAfter } from './chain.ts'
import { createDurably, openForAppend, segmentFile, writeAll } from './files.ts'
import { type Head, underLock } from './head.ts'
import { openSigner, type Signer } from './keys.ts'
import { encodeLine, FORMAT } from './line.ts'
import { findTail, type Tail } from './tail.ts'

export interface AuditFiles {
  readonly audit: string
  readonly auditDb: string
}

/** A line that is on disk. */
export interface Signed {
  readonly log: string
  readonly seq: number
  readonly sha: string
}

/** Ids and names in a line take at most this much of it, a path more: the line stays below 8 KiB. */
const MAX_TEXT_BYTES = 512
const MAX_PATH_BYTES = 2048

/**
 * Signs an event and appends it durably. `event` says what happened ("block", "reset", …); the members that
 * every line has are added here. Throws when the line is not on disk.
 */
export function append(
  files: AuditFiles,
  event: AuditObject,
  options: { readonly patience: Patience; readonly clock: () => number },
): Signed {
  const signer = openSigner(files.audit)
  signer.sign(Buffer.from('warm up'))
  const { head } = underLock(files.auditDb, options.patience, options.clock(), (before) => {
    const at = new Date(options.clock()).toISOString()
    const tail = findTail(files.audit, before) ?? writeGenesis(files.audit, signer, at)
    return { head: appendLine(files.audit, tail, signer, { ...cleaned(event), at }) }
  })
  return { log: head.log, seq: head.seq, sha: head.sha }
}

/** How a reason names its line: log, number and the first digits of its hash. */
export function reference({ log, seq, sha }: Signed): string {
  return `${log.slice(0, 8)}#${seq} ${sha.slice(0, 4)}…`
}

function writeGenesis(folder: string, signer: Signer, at: string): Tail {
  const nonce = randomBytes(16).toString('hex')
  const pub = signer.pub.toString('base64url')
  const event = { event: 'genesis', at, pub, nonce, tool_version: VERSION }
  const { line, link } = sealed(BEFORE_GENESIS, signer, event)
  const file = segmentFile(folder, 1)
  if (!createDurably(file, line)) throw new Error(`${file} came to be while the lock was held`)
  return { link, segment: 1, end: line.length, rebuilt: false }
}

function appendLine(folder: string, tail: Tail, signer: Signer, event: AuditObject): Head {
  if (!signer.pub.equals(tail.link.pub)) {
    throw failure(
      `the signing key ${signer.key} is not the one the log continues with`,
      'Run: spikectl audit verify',
    )
  }
  const { line, link } = sealed(tail.link, signer, { ...event, ...recovery(tail) })
  // A torn last line is closed by a LF in the same write, so that no crash can leave it half closed.
  const bytes = tail.junk ? Buffer.concat([Buffer.from('\n'), line]) : line
  const fd = openForAppend(segmentFile(folder, tail.segment))
  try {
    writeAll(fd, bytes)
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
  const off = tail.end + (tail.junk?.bytes ?? 0) + bytes.length - line.length
  return { ...link, segment: tail.segment, off, len: line.length, key: signer.key }
}

/** The next line of the chain, and where the chain stands after it. */
function sealed(link: Link, signer: Signer, event: AuditObject): { line: Buffer; link: Link } {
  const seq = link.seq + 1
  const log = link.log ? { log: link.log } : {}
  const line = encodeLine({ ...event, ...log, v: FORMAT, key: signer.key, seq, prev: link.sha }, signer.sign)
  return { line, link: linkAfter(link, signer.pub, line) }
}

function recovery(tail: Tail): AuditObject {
  if (tail.junk) return { recovery: { junk: { ...tail.junk } } }
  return tail.rebuilt ? { recovery: { anchor: 'rebuilt' } } : {}
}

function cleaned(event: AuditObject): AuditObject {
  const limit = (key: string) => (key === 'cwd' ? MAX_PATH_BYTES : MAX_TEXT_BYTES)
  const entries = Object.entries(event).map(([key, value]) => [
    key,
    typeof value === 'string' ? clean(value, limit(key)) : value,
  ])
  return Object.fromEntries(entries)
}
