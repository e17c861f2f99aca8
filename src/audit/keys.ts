/**
 * The signing key: PKCS #8 PEM, ours alone (0600, no symlink), made on first use; its public half beside it.
 * tweetnacl makes keys and signs, node:crypto verifies: two independent implementations meet in every line.
 */

import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import nacl from 'tweetnacl'
import { codeOf, failure } from '../failure.ts'
import { isThere } from '../files.ts'
import { shellWord } from '../short-id.ts'
import { keyId, publicPem, secretPem, seedOfPem } from './ed25519.ts'
import { createDurably, ensureFolder, readAt, sizeOf } from './files.ts'
import type { Sign } from './line.ts'

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
  const file = join(keys, 'signing-key.pem')
  if (!isThere(file)) createDurably(file, secretPem(nacl.randomBytes(nacl.sign.seedLength)))
  const signer = signerOf(readSeed(file))
  const publicFile = join(keys, `${signer.key}.pub.pem`)
  if (!isThere(publicFile)) createDurably(publicFile, publicPem(signer.pub))
  return signer
}

export function signerOf(seed: Uint8Array): Signer {
  const pair = nacl.sign.keyPair.fromSeed(seed)
  const pub = Buffer.from(pair.publicKey)
  return { key: keyId(pub), pub, sign: (message) => nacl.sign.detached(message, pair.secretKey) }
}

function readSeed(file: string): Buffer {
  const fd = openKey(file)
  try {
    refuseExposed(fd, file)
    const seed = seedOfPem(readAt(fd, 0, Math.min(sizeOf(fd), 4096)).toString('latin1'))
    if (!seed) throw failure(`${file} is no Ed25519 key in PKCS #8 PEM`, `Run: ls -l ${shellWord(file)}`)
    return seed
  } finally {
    closeSync(fd)
  }
}

function openKey(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw failure(`${file} cannot be opened (${codeOf(error)})`, `Run: ls -l ${shellWord(file)}`)
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
