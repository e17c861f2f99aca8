/**
 * Where a log begins: with its genesis, or, when its first files were pruned, with the first line that is left.
 * That line's key must be among the public keys in the folder then, and a later prune record must own up to what
 * is missing.
 */

import { dirname, join } from 'node:path'
import { isThere, readOurs } from '../files.ts'
import { BEFORE_GENESIS, type Link } from './chain.ts'
import { keyId, publicKeyOfPem } from './ed25519.ts'
import { openPayload, splitLine } from './line.ts'
import { linesOfSegment, type Segment } from './segments.ts'

/** The link before the first line that is there. */
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
  const pub = typeof members?.key === 'string' ? knownKey(folder, members.key) : undefined
  const { log, seq, prev } = members ?? {}
  if (!pub || typeof log !== 'string' || typeof seq !== 'number' || typeof prev !== 'string' || seq < 1) {
    return BEFORE_GENESIS
  }
  return { log, seq: seq - 1, sha: prev, pub }
}

function knownKey(folder: string, id: string): Buffer | undefined {
  const file = join(folder, 'keys', `${id}.pub.pem`)
  if (!/^[0-9a-f]{16}$/.test(id) || !isThere(file)) return undefined
  const pub = publicKeyOfPem(readOurs(file))
  return pub && keyId(pub) === id ? pub : undefined
}
