/**
 * The signing key: PKCS #8 PEM, ours alone (0600, no symlink), made on first use; its public half beside it.
 * tweetnacl makes keys, node:crypto signs and verifies: two independent implementations meet in every key.
 */

import { closeSync, constants, fstatSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import nacl from 'tweetnacl'
import { type Failure, failure } from '../system/failure.ts'
import { isThere, openOurs, readAt } from '../system/files.ts'
import { shellWord } from '../system/text.ts'
import {
  isSignatureValid,
  keyId,
  publicKeyOf,
  publicPem,
  secretKeyOf,
  secretPem,
  seedOfPem,
  signatureOf,
  verifyingKey,
} from './ed25519.ts'
import { createDurably, ensureFolder, sizeOf, syncFolder } from './files.ts'

const SIGNING_KEY = 'signing-key.pem'
const NEXT_KEY = 'next-key.pem'
/** What a process that died while it made a key may have left: it may hold the secret. */
const DRAFT = /\.pem\.[0-9a-f-]{36}$/

export interface Signer {
  /** First 16 hex digits of the SHA-256 of the key's SPKI form. */
  readonly key: string
  readonly pub: Buffer
  readonly sign: (message: Uint8Array) => Buffer
}

/** Opens the signing key in an audit folder, making it (and the folder) on first use, if `isFirst` says that it is. */
export function openSigner(folder: string, isFirst: () => boolean): Signer {
  const keys = join(folder, 'keys')
  ensureFolder(folder)
  ensureFolder(keys)
  const file = join(keys, SIGNING_KEY)
  if (!isThere(file)) createFirstKey(keys, file, isFirst)
  return openKey(keys, SIGNING_KEY)
}

/** Of many hooks that find no key at once, one makes it and all use it. */
function createFirstKey(keys: string, file: string, isFirst: () => boolean): void {
  // The public half is written after the secret one, so where there is one, there was a key.
  const isKnown = readdirSync(keys).some((name) => name.endsWith('.pub.pem')) || !isFirst()
  if (isKnown && !isThere(file)) throw strangeKey(dirname(keys), `${file} is gone`)
  createKey(file)
}

/** tweetnacl and node:crypto must agree on a key before it is used: see docs/decisions/0009. */
function createKey(file: string): void {
  const seed = nacl.randomBytes(nacl.sign.seedLength)
  const { secretKey } = nacl.sign.keyPair.fromSeed(seed)
  const probe = Buffer.from(file)
  if (!signerOf(Buffer.from(seed)).sign(probe).equals(nacl.sign.detached(probe, secretKey))) {
    throw new Error('tweetnacl and node:crypto do not agree on a signature')
  }
  createDurably(file, secretPem(seed))
}

/**
 * The signer whose public key is `pub`, with which the log goes on. Usually `opened`; else the key was rotated since
 * that was read, or a process died while it rotated it, which is completed then. To be called under the log's lock.
 */
export function signerFor(folder: string, opened: Signer, pub: Buffer): Signer {
  if (opened.pub.equals(pub)) return opened
  const keys = join(folder, 'keys')
  for (const name of [SIGNING_KEY, NEXT_KEY]) {
    const signer = isThere(join(keys, name)) ? openKey(keys, name) : undefined
    if (!signer?.pub.equals(pub)) continue
    if (name === NEXT_KEY) useNextKey(folder)
    return signer
  }
  throw strangeKey(folder, `the signing key ${opened.key} is not the one that the log continues with`)
}

function strangeKey(folder: string, what: string): Failure {
  const move = `cd ${shellWord(dirname(folder))} && mkdir old-audit && mv audit* old-audit/`
  return failure(what, `Put the key back; or, to begin a new log, run: ${move}`)
}

/** The key that is to follow, on disk beside the one in use; one that a rotation left behind is taken again. */
export function prepareNextKey(folder: string): Buffer {
  const keys = join(folder, 'keys')
  const file = join(keys, NEXT_KEY)
  if (!isThere(file)) createKey(file)
  return openKey(keys, NEXT_KEY).pub
}

/** Puts the next key in the place of the one in use, which is gone then. */
export function useNextKey(folder: string): void {
  const keys = join(folder, 'keys')
  // Before the rename: a process that dies after it has nothing more to do.
  for (const draft of readdirSync(keys).filter((name) => DRAFT.test(name))) rmSync(join(keys, draft))
  renameSync(join(keys, NEXT_KEY), join(keys, SIGNING_KEY))
  syncFolder(keys)
}

/** Opens one of the keys; its public half is put beside it. */
function openKey(keys: string, name: string): Signer {
  const signer = signerOf(readSeed(join(keys, name)))
  const publicFile = join(keys, `${signer.key}.pub.pem`)
  if (!isThere(publicFile)) createDurably(publicFile, publicPem(signer.pub))
  return signer
}

/** What leaves `sign` was verified once more. */
function signerOf(seed: Buffer): Signer {
  const secret = secretKeyOf(seed)
  const pub = publicKeyOf(secret)
  const verifier = verifyingKey(pub)
  const sign = (message: Uint8Array) => {
    const signature = signatureOf(secret, message)
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
    throw failure(
      `${file} can be read by others`,
      `Run: chmod 600 ${shellWord(file)} && spikectl audit rotate-key`,
    )
  }
  if (stat.uid !== process.getuid?.()) {
    throw failure(`${file} belongs to another user`, `Run: ls -l ${shellWord(file)}`)
  }
}
