/**
 * The chain: what the log's state is after a line, and whether a line may follow it. One place for the
 * writer that finds its way after a crash and for the verifier.
 */

import { hash, type KeyObject } from 'node:crypto'
import type { AuditValue } from './canonical.ts'
import { isStrongKey, keyId, verifyingKey } from './ed25519.ts'
import { FORMAT, isSealedBy, NO_PREV, openPayload, splitLine } from './line.ts'

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
export interface Sound {
  readonly link: Link
  readonly members: Members
}
export type Step = Sound | { readonly problem: string }

/** Verifies one line (given with its LF) as the next of the chain: form, signature, canonical bytes, place. */
export function follow(link: Link, raw: Buffer): Step {
  const sealed = splitLine(raw.subarray(0, -1))
  if (typeof sealed === 'string') return { problem: sealed }
  const claimed = link.seq === -1 ? pubIn(openPayload(sealed.payload)) : link.pub
  if (!claimed) return { problem: 'no genesis' }
  const key = activeKey(claimed)
  if (!key) return { problem: 'weak key' }
  if (!isSealedBy(key.verifier, sealed)) return { problem: signatureProblem(key, sealed.payload) }
  const members = openPayload(sealed.payload)
  if (!members) return { problem: 'not canonical' }
  const problem = problemWith(link, members, key)
  return problem ? { problem } : { members, link: next(link, members, claimed, raw) }
}

/**
 * Like follow(), but takes the signature of a line in the middle for granted: its bytes are proven by the hash in
 * the line after it, and so on up to one whose signature is verified. That one, the last of each key, is for
 * the caller to follow(); a line that changes the key, and one that does not fit, are followed here.
 */
export function skim(link: Link, raw: Buffer): Step {
  const members = parsed(raw)
  const key = activeKey(link.pub)
  const isPlain =
    members && key && members.event !== 'rotate' && problemWith(link, members, key) === undefined
  if (!isPlain) return follow(link, raw)
  return { members, link: linkAfter(link, link.pub, raw) }
}

/**
 * Where the chain goes on after a gap: a line that is sound by itself under the key in force, with its own word for
 * what came before it. Never to be taken for proof that nothing is missing.
 */
export function resume(link: Link, raw: Buffer): Sound | undefined {
  const members = parsed(raw)
  if (!members || typeof members.seq !== 'number' || typeof members.prev !== 'string' || link.seq < 0) {
    return undefined
  }
  const step = follow({ ...link, seq: members.seq - 1, sha: members.prev }, raw)
  return 'link' in step && step.link.seq > 0 ? step : undefined
}

/** Where a chain stands after one more line, given with its LF; `pub` is to sign the next one. */
export function linkAfter(link: Link, pub: Buffer, raw: Uint8Array): Link {
  const sha = sha256(raw)
  return { log: link.log || sha.slice(0, 32), seq: link.seq + 1, sha, pub }
}

/** SHA-256, hex. */
export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes)
}

/** The raw public key that a genesis or rotate line names, if it is one. */
export function pubIn(members: Members | undefined): Buffer | undefined {
  if (typeof members?.pub !== 'string') return undefined
  const pub = Buffer.from(members.pub, 'base64url')
  return pub.length === 32 && pub.toString('base64url') === members.pub ? pub : undefined
}

function next(link: Link, members: Members, pub: Buffer, raw: Buffer): Link {
  const successor = members.event === 'rotate' ? pubIn(members) : undefined
  return linkAfter(link, successor ?? pub, raw)
}

/** What is wrong with a line whose signature holds, or undefined. */
function problemWith(link: Link, members: Members, key: ActiveKey): string | undefined {
  if (members.v !== FORMAT) return 'unknown format'
  if ((members.event === 'genesis') !== (link.seq === -1)) return 'no genesis'
  if (members.seq !== link.seq + 1 || members.prev !== link.sha) return 'chain broken'
  if (link.seq >= 0 && members.log !== link.log) return 'line of another log'
  if (members.key !== key.id) return 'key is not the active key'
  return members.event === 'rotate' && !namesStrongKey(members) ? 'weak key' : undefined
}

function namesStrongKey(members: Members): boolean {
  const pub = pubIn(members)
  return pub !== undefined && isStrongKey(pub)
}

/** A line may be sound but signed by another key than the one in force: that is worth its own word. */
function signatureProblem(key: ActiveKey, payload: Buffer): string {
  const members = openPayload(payload)
  return members && members.key !== key.id ? 'key is not the active key' : 'bad signature'
}

interface ActiveKey {
  readonly id: string
  readonly verifier: KeyObject
}

/** A link hands its key on as it is, so that looking it up costs a line next to nothing. */
const keys = new WeakMap<Buffer, ActiveKey>()

/** Undefined for a key that is no strong one. */
function activeKey(pub: Buffer): ActiveKey | undefined {
  const known = keys.get(pub)
  if (known) return known
  if (!isStrongKey(pub)) return undefined
  const key = { id: keyId(pub), verifier: verifyingKey(pub) }
  keys.set(pub, key)
  return key
}

/** What a line seems to say, unverified. */
function parsed(raw: Buffer): Members | undefined {
  try {
    const value: unknown = JSON.parse(raw.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Members) : undefined
  } catch {
    return undefined // no JSON: then it is follow() that says what is wrong
  }
}
