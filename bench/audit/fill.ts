/**
 * `node bench/audit/fill.ts FOLDER LINES`: writes a sound audit log, in segments as the writer's. node:crypto signs:
 * tweetnacl, with which the writer does, would take minutes.
 */

import { generateKeyPairSync, sign } from 'node:crypto'
import type { AuditObject } from '../../src/audit/canonical.ts'
import { BEFORE_GENESIS, linkAfter } from '../../src/audit/chain.ts'
import { keyId } from '../../src/audit/ed25519.ts'
import { ensureFolder } from '../../src/audit/files.ts'
import { encodeLine, FORMAT, type Sign } from '../../src/audit/line.ts'
import { createSegment, type SegmentDigest, sealedDigest, segmentsIn } from '../../src/audit/segments.ts'
import { DEFAULT_POLICY } from '../../src/guard/policy.ts'
import { blockEvent } from './event.ts'

const [folder = '', lines = '0'] = process.argv.slice(2)
const SEGMENT_BYTES = DEFAULT_POLICY.audit.segmentBytes

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const pub = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
const key = keyId(pub)
const signed: Sign = (message) => sign(null, message, privateKey)

let link = BEFORE_GENESIS
let content: Buffer[] = []
let bytes = 0

ensureFolder(folder)
add({ event: 'genesis', pub: pub.toString('base64url'), nonce: '0'.repeat(32), tool_version: '0.0.0' })
while (link.seq + 1 < Number(lines)) {
  if (bytes >= SEGMENT_BYTES) add({ event: 'segment', prev_segment: { ...endSegment() } })
  add(blockEvent(link.seq))
}
endSegment()

/** The next line of the chain. */
function add(event: AuditObject): void {
  const seq = link.seq + 1
  const at = new Date(Date.UTC(2027, 0, 15) + seq).toISOString()
  const log = link.log ? { log: link.log } : {}
  const line = encodeLine({ ...event, at, ...log, v: FORMAT, key, seq, prev: link.sha }, signed)
  link = linkAfter(link, pub, line)
  content.push(line)
  bytes += line.length
}

/** Puts the lines since the last segment into one. */
function endSegment(): SegmentDigest {
  createSegment(folder, segmentsIn(folder).length + 1, Buffer.concat(content))
  content = []
  bytes = 0
  const segment = segmentsIn(folder).at(-1)
  if (!segment) throw new Error('Expected a segment to be there once it was created')
  return sealedDigest(segment)
}
