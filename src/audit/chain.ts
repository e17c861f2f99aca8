/**
 * The chain: what the log's state is after a line, and whether a line may follow it. One place for the
 * writer that finds its way after a crash and for the verifier.
 */

import { createHash, type KeyObject } from 'node:crypto'
import type { AuditValue } from './canonical.ts'
import { isStrongKey, keyId, verifyingKey } from './ed25519.ts'
import { FORMAT, isSealedBy, NO_PREV, openPayload, splitLine } from './line.ts'

const LF = Buffer.from('\n')

/**
 * What appends that were cut off one after the other can leave behind: the writer goes on after as much, and the
 * verifier takes no more for a crash.
 */
export const MAX_JUNK_BYTES = 64 * 1024

/** Where a chain stands. */
export interface Link {
  /** The log's id; empty before genesis. */
  readonly log: string
  /** The number of the last line; -1 before genesis. */
  readonly seq: number
  /** SHA-256 of the last line with its LF, hex. */
  readonly sha: string
  /** The raw public key whose signature the next line must bear. */
  readonly pub: Buffer
}

export const BEFORE_GENESIS: Link = { log: '', seq: -1, sha: NO_PREV, pub: Buffer.alloc(0) }

export type Members = Readonly<Record<string, AuditValue>>
export type Step = { readonly link: Link; readonly members: Members } | { readonly problem: string }

const keys = new Map<string, KeyObject>()

/** Verifies one line (without its LF) as the next of the chain. */
export function follow(link: Link, line: Buffer): Step {
  const sealed = splitLine(line)
  if (typeof sealed === 'string') return { problem: sealed }
  const claimed = link.seq === -1 ? pubOf(openPayload(sealed.payload)) : link.pub
  if (!claimed) return { problem: 'no genesis' }
  if (!isStrongKey(claimed)) return { problem: 'weak key' }
  if (!isSealedBy(keyObject(claimed), sealed)) return { problem: signatureProblem(claimed, sealed.payload) }
  const members = openPayload(sealed.payload)
  if (!members) return { problem: 'not canonical' }
  const problem = misfit(link, members, claimed)
  return problem ? { problem } : { members, link: next(link, members, claimed, line) }
}

function next(link: Link, members: Members, pub: Buffer, line: Buffer): Link {
  const successor = members.event === 'rotate' ? pubOf(members) : undefined
  return linkAfter(link, successor ?? pub, line, LF)
}

/** Where a chain stands after one more line, given in parts with its LF; `pub` is to sign the next one. */
export function linkAfter(link: Link, pub: Buffer, ...line: readonly Uint8Array[]): Link {
  const sha = sha256(...line)
  return { log: link.log || sha.slice(0, 32), seq: link.seq + 1, sha, pub }
}

/** SHA-256 of the parts one after the other, hex. */
export function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** What is wrong with a line whose signature holds, or undefined. */
function misfit(link: Link, members: Members, pub: Buffer): string | undefined {
  if (members.v !== FORMAT) return 'unknown format'
  if ((members.event === 'genesis') !== (link.seq === -1)) return 'no genesis'
  if (members.seq !== link.seq + 1 || members.prev !== link.sha) return 'chain broken'
  if (link.seq >= 0 && members.log !== link.log) return 'line of another log'
  if (members.key !== keyId(pub)) return 'key is not the active key'
  if (members.event === 'rotate' && !isStrongKey(pubOf(members) ?? Buffer.alloc(0))) return 'weak key'
  return undefined
}

/** A line may be sound but signed by another key than the one in force: that is worth its own word. */
function signatureProblem(pub: Buffer, payload: Buffer): string {
  const members = openPayload(payload)
  return members && members.key !== keyId(pub) ? 'key is not the active key' : 'bad signature'
}

function pubOf(members: Members | undefined): Buffer | undefined {
  if (typeof members?.pub !== 'string') return undefined
  const pub = Buffer.from(members.pub, 'base64url')
  return pub.length === 32 && pub.toString('base64url') === members.pub ? pub : undefined
}

function keyObject(pub: Buffer): KeyObject {
  const name = pub.toString('hex')
  const known = keys.get(name) ?? verifyingKey(pub)
  keys.set(name, known)
  return known
}
