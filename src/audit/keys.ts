/**
 * The signing key: PKCS #8 PEM, ours alone (0600, no symlink), made on first use; its public half beside it.
 * tweetnacl makes keys and signs, node:crypto verifies: two independent implementations meet in every line.
 */

import { closeSync, constants, fstatSync } from 'node:fs'
import { join } from 'node:path'
import nacl from 'tweetnacl'
import { failure } from '../failure.ts'
import { isThere, openOurs } from '../files.ts'
import { shellWord } from '../short-id.ts'
import {
  isSignatureValid,
  keyId,
  publicKeyOf,
  publicPem,
  secretPem,
  seedOfPem,
  verifyingKey,
} from './ed25519.ts'
import { createDurably, ensureFolder, readAt, sizeOf } from './files.ts'
import type { Sign } from './line.ts'

const SIGNING_KEY = 'signing-key.pem'

export interface Signer {
  /** First 16 hex digits of the SHA-256 of the key's SPKI form. */
  readonly key: string
  readonly pub: Buffer
  readonly sign: Sign
}

/** Opens the signing key in an audit folder, making it (and the folder) on first use. */
export function openSigner(folder: string): Signer {
  const keys = join(folder, 'keys')
  ensureFolder(folder)
  ensureFolder(keys)
  const file = join(keys, SIGNING_KEY)
  if (!isThere(file)) createKey(file)
  const seed = readSeed(file)
  const pub = publicKeyOf(seed)
  const publicFile = join(keys, `${keyId(pub)}.pub.pem`)
  if (!isThere(publicFile)) createDurably(publicFile, publicPem(pub))
  return signerOf(seed, pub)
}

/** Of many hooks that find no key at once, one makes it and all use it. */
function createKey(file: string): void {
  createDurably(file, secretPem(nacl.randomBytes(nacl.sign.seedLength)))
}

/**
 * Signs with tweetnacl, and lets node:crypto verify the signature before it is used: what leaves this
 * function was found right by both.
 */
function signerOf(seed: Uint8Array, pub: Buffer): Signer {
  const secretKey = Buffer.concat([seed, pub])
  const verifier = verifyingKey(pub)
  const sign: Sign = (message) => {
    const signature = nacl.sign.detached(message, secretKey)
    if (!isSignatureValid(verifier, message, signature)) throw new Error('a signature did not verify')
    return signature
  }
  return { key: keyId(pub), pub, sign }
}

function readSeed(file: string): Buffer {
  const fd = openOurs(file, constants.O_RDONLY)
  try {
    refuseExposed(fd, file)
    const seed = seedOfPem(readAt(fd, 0, Math.min(sizeOf(fd), 4096)).toString('latin1'))
    if (!seed) throw failure(`${file} is no Ed25519 key in PKCS #8 PEM`, `Run: ls -l ${shellWord(file)}`)
    return seed
  } finally {
    closeSync(fd)
  }
}

/** A key that others can read proves nothing. Windows has no such modes; there the folder's rights count. */
function refuseExposed(fd: number, file: string): void {
  if (process.platform === 'win32') return
  const stat = fstatSync(fd)
  if ((stat.mode & 0o077) !== 0) {
    throw failure(`${file} can be read by others`, `Run: chmod 600 ${shellWord(file)}`)
  }
  if (stat.uid !== process.getuid?.()) {
    throw failure(`${file} belongs to another user`, `Run: ls -l ${shellWord(file)}`)
  }
}
