/**
 * Keyed hashes of calls: SipHash-2-4 under a random key of this installation, 8 bytes. state.db holds nothing
 * else of what a tool was called with, and without the key, which lies in a file of its own, it cannot
 * confirm a guess. Not an HMAC: loading node:crypto would cost every tool call a sixth of Node's own start.
 */

import { linkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import siphash from 'siphash'
import { codeOf, failure } from './failure.ts'
import { isOurFile, makeFolder, readSmallFile, refuseForeignFolder } from './files.ts'
import { shellWord } from './text.ts'

/** Equal texts have equal hashes, and nothing else can be told from one. */
export type Hash = (text: string) => string

/** From this many characters on, loading the native SHA-256 costs less than hashing in JavaScript. */
const LONG = 200_000

/** The hash under the installation's key in `keyFile`; key and folder are made on first use. */
export function openHash(keyFile: string): Hash {
  if (!isOurFile(keyFile)) createKey(keyFile)
  const hex = readSmallFile(keyFile) ?? ''
  if (!/^[0-9a-f]{32}\n$/.test(hex)) {
    throw failure(`${keyFile} is damaged, expected 32 hex digits`, `Run: rm ${shellWord(keyFile)}`)
  }
  const key = Uint32Array.from([0, 8, 16, 24], (at) => Number.parseInt(hex.slice(at, at + 8), 16))
  return (text) => siphash.hash_hex(key, Buffer.from(text.length < LONG ? text : sha256(text)))
}

/** Of many hooks that find no key at once, one makes it and all use it. */
function createKey(keyFile: string): void {
  const draft = `${keyFile}-${cryptography().randomUUID()}`
  try {
    makeFolder(dirname(keyFile))
    refuseForeignFolder(dirname(keyFile))
    writeFileSync(draft, `${cryptography().randomBytes(16).toString('hex')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    })
    linkSync(draft, keyFile)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function sha256(text: string): string {
  return cryptography().hash('sha256', text)
}

/** Loaded only when it is needed: see docs/decisions/0002. */
function cryptography(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}
