/** The log of the test vectors: two files, two keys, and an append that a crash has cut off. */

import { type AuditObject, clean } from '../../../src/audit/canonical.ts'
import { BEFORE_GENESIS, type Link, linkAfter, sha256 } from '../../../src/audit/chain.ts'
import { keyId, publicKeyOf, secretKeyOf, signatureOf } from '../../../src/audit/ed25519.ts'
import type { Signer } from '../../../src/audit/keys.ts'
import { encodeLine, FORMAT } from '../../../src/audit/line.ts'

/** RFC 8032, 7.1, tests 1 and 2. Everybody knows these secrets. */
export const SEEDS = {
  a: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  b: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
}
export const KEYS = { a: signer(SEEDS.a), b: signer(SEEDS.b) }
export const FIRST = 'audit-000001.jsonl'
export const SECOND = 'audit-000002.jsonl'

function signer(seed: string): Signer {
  const secret = secretKeyOf(Buffer.from(seed, 'hex'))
  const pub = publicKeyOf(secret)
  return { key: keyId(pub), pub, sign: (message) => signatureOf(secret, message) }
}

/** Writes lines one after the other, each the next of the chain. */
export function chain(from: Link, by: Signer) {
  const lines: Buffer[] = []
  let link = from
  let current = by
  const at = () => new Date(1_800_000_000_400 + 1000 * (link.seq + 1)).toISOString()
  return {
    lines,
    link: () => link,
    use: (next: Signer) => {
      current = next
    },
    add(event: AuditObject) {
      const members = { at: at(), v: FORMAT, key: current.key, seq: link.seq + 1, prev: link.sha }
      const log = link.log ? { log: link.log } : {}
      const line = encodeLine({ ...members, ...log, ...event }, current.sign)
      lines.push(line)
      link = linkAfter(link, current.pub, line)
    },
  }
}

export function genesis(by: Signer) {
  const pub = by.pub.toString('base64url')
  return { event: 'genesis', pub, nonce: '00112233445566778899aabbccddeeff', tool_version: '0.1.0' }
}

export function block(count: number, more: AuditObject = {}) {
  return {
    ...{ event: 'block', type: 'rate_limited', rule: 'rate', count, limit: 500, window_ms: 60000 },
    ...{ retry_after_ms: 37000, session: '3f2a9c1e-5b7d-4e8f-9a0b-1c2d3e4f5a6b', tool: 'Bash' },
    ...{ tool_use_id: `toolu_${count}`, cwd: '/home/dev/app' },
    ...more,
  }
}

/** What a crash left of a line, and how the next one names it. */
export const JUNK = Buffer.from('{"at":"2027-01-15T08:00:03.400Z","count":50\n')
const NAMED = { junk: { bytes: JUNK.length - 1, sha256: sha256(JUNK.subarray(0, -1)) } }
const STRANGE = 'q"\\\u001b\u0085\u202e\u200b\ud800\u2028é中😀","sig":"'

/** The lines of both files; the junk stands before line 3, counted from 0. */
export function soundLog() {
  const first = chain(BEFORE_GENESIS, KEYS.a)
  first.add(genesis(KEYS.a))
  first.add(block(500))
  first.add(block(501, { session: clean(STRANGE, 512), tool: 'mcp__files__read' }))
  first.add({
    event: 'halt',
    type: 'rate_limited',
    rule: 'rate',
    count: 502,
    limit: 500,
    ...who(),
    recovery: NAMED,
  })
  first.add({ event: 'rotate', pub: KEYS.b.pub.toString('base64url') })
  first.use(KEYS.b)
  first.add(block(503))
  const closed = Buffer.concat(piecesOf(first.lines))
  const second = chain(first.link(), KEYS.b)
  const digest = { file: FIRST, bytes: closed.length, sha256: sha256(closed) }
  second.add({ event: 'segment', prev_segment: digest })
  second.add({ event: 'reset', session: who().session, by: 'dev', tty: true })
  return { first: first.lines, closed, second: second.lines, afterFirst: first.link(), end: second.link() }
}

function who() {
  return { session: '3f2a9c1e-5b7d-4e8f-9a0b-1c2d3e4f5a6b', cwd: '/home/dev/app' }
}

/** What the first file consists of: the junk goes before the line that names it. */
export function piecesOf(lines: readonly Buffer[]): readonly Buffer[] {
  return lines.toSpliced(3, 0, JUNK)
}
