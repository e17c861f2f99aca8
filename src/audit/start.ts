/**
 * Where a log begins: with its genesis, or, when its first files were pruned, with the first line that is left.
 * That line's key must be among the public keys in the folder then, and a later prune record must own up to what
 * is missing.
 */

import { dirname, join } from 'node:path'
import { failure } from '../system/failure.ts'
import { isThere, readOurs } from '../system/files.ts'
import { printable } from '../system/text.ts'
import { BEFORE_GENESIS, type Link } from './chain.ts'
import { keyId, publicKeyOfPem } from './ed25519.ts'
import { openPayload, splitLine } from './line.ts'
import { linesOfSegment, type Segment } from './segments.ts'

/** The link before the first line that is there. Throws a Failure when the public key for it is nowhere. */
export function startOf(segments: readonly Segment[]): Link {
  const [first] = segments
  if (!first || first.number <= 1) return BEFORE_GENESIS
  for (const { bytes } of linesOfSegment(first)) return claimedStart(bytes, dirname(first.file))
  return BEFORE_GENESIS
}

/** What the first line claims to follow; that it was signed by that key is for the walk to find out. */
function claimedStart(line: Buffer, folder: string): Link {
  const sealed = splitLine(line)
  const members = typeof sealed === 'string' ? undefined : openPayload(sealed.payload)
  const { log, seq, prev, key } = members ?? {}
  if (typeof key !== 'string' || typeof log !== 'string' || typeof prev !== 'string') return BEFORE_GENESIS
  if (typeof seq !== 'number' || seq < 1) return BEFORE_GENESIS
  return { log, seq: seq - 1, sha: prev, pub: knownKey(folder, key) }
}

/** The public key of that name: in `keys/`, or beside the files, as somebody may have been given them. */
function knownKey(folder: string, id: string): Buffer {
  const name = `${printable(id)}.pub.pem`
  const file = [join(folder, 'keys', name), join(folder, name)].find((place) => isThere(place))
  const pub = file && publicKeyOfPem(readOurs(file))
  if (pub && keyId(pub) === id) return pub
  throw failure(
    `the log does not begin with its genesis, and its key ${printable(id)} is not there`,
    `Put ${name} into ${join(folder, 'keys')}`,
  )
}
