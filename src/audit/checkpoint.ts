/**
 * A checkpoint: how many lines a log had, and the hash of all of them, signed. Kept elsewhere, it shows later that
 * none of them was taken away or replaced. A tree head as https://c2sp.org/tlog-checkpoint has it, in a note as
 * https://c2sp.org/signed-note has it:
 *
 *   spikectl.local/audit/<log id>
 *   <number of lines>
 *   <RFC 6962 root, base64>
 *
 *   — spikectl.local/audit/<log id> <base64 of 4 bytes of key hash and the Ed25519 signature>
 */

import { createHash } from 'node:crypto'
import { failure } from '../system/failure.ts'
import { isSignatureValid, verifyingKey } from './ed25519.ts'
import type { Signer } from './keys.ts'

export interface Checkpoint {
  readonly log: string
  /** Lines. */
  readonly size: number
  /** Base64. */
  readonly root: string
}

/** A checkpoint as it was read: who signed it is not known yet. */
export interface SignedCheckpoint extends Checkpoint {
  /** True when `pub` signed it. */
  isSignedBy(pub: Buffer): boolean
}

const ORIGIN = /^spikectl\.local\/audit\/([0-9a-f]{32})$/
const ED25519 = 0x01

export function encodeCheckpoint({ log, size, root }: Checkpoint, signer: Signer): string {
  const name = nameOf(log)
  const text = `${name}\n${size}\n${root}\n`
  const signature = Buffer.concat([keyHash(name, signer.pub), signer.sign(Buffer.from(text))])
  return `${text}\n— ${name} ${signature.toString('base64')}\n`
}

/**
 * Reads a note, also one that was indented, or lost or won empty lines, on its way through a ticket: the signature is
 * over what it says. Throws a Failure for anything that is no checkpoint of a log of ours.
 */
export function parseCheckpoint(note: string, file: string): SignedCheckpoint {
  const lines = note
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  const [origin = '', size = '', root = '', ...signatures] = lines
  const log = ORIGIN.exec(origin)?.[1]
  if (
    !log ||
    !/^[1-9]\d{0,15}$/.test(size) ||
    !/^[A-Za-z0-9+/]{43}=$/.test(root) ||
    signatures.length === 0
  ) {
    throw failure(`${file} is no checkpoint`, 'Expected what spikectl audit checkpoint printed')
  }
  const text = Buffer.from(`${origin}\n${size}\n${root}\n`)
  const isSignedBy = (pub: Buffer) =>
    signaturesOf(signatures, origin, pub).some((signature) =>
      isSignatureValid(verifyingKey(pub), text, signature),
    )
  return { log, size: Number(size), root, isSignedBy }
}

/** A public key as tools for signed notes take it: name, key hash, key. */
export function verifierKey(log: string, pub: Buffer): string {
  const name = nameOf(log)
  const key = Buffer.concat([Uint8Array.of(ED25519), pub])
  return `${name}+${keyHash(name, pub).toString('hex')}+${key.toString('base64')}`
}

/** The signatures that say they are by this name and key; a note may bear those of others. */
function signaturesOf(lines: readonly string[], name: string, pub: Buffer): Buffer[] {
  const hash = keyHash(name, pub)
  return lines
    .filter((line) => line.startsWith(`— ${name} `))
    .map((line) => Buffer.from(line.slice(`— ${name} `.length), 'base64'))
    .filter((signature) => signature.subarray(0, 4).equals(hash))
    .map((signature) => signature.subarray(4))
}

function nameOf(log: string): string {
  return `spikectl.local/audit/${log}`
}

function keyHash(name: string, pub: Buffer): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(ED25519))
    .update(pub)
    .digest()
    .subarray(0, 4)
}
