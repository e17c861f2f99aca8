/** Ways to damage the file of a log, and to forge lines with a key that should not have signed them. */

import { type AuditObject, canonical } from '../../../src/audit/canonical.ts'
import { BEFORE_GENESIS, type Link, linkAfter } from '../../../src/audit/chain.ts'
import { keyId } from '../../../src/audit/ed25519.ts'
import type { Signer } from '../../../src/audit/keys.ts'
import { encodeLine } from '../../../src/audit/line.ts'
import { chain, KEYS } from './log.ts'

/** The encoding of the neutral point, under which a signature of R = itself and S = 0 holds for any message. */
export const NEUTRAL = Buffer.from('01'.padEnd(64, '0'), 'hex')
/** The order of the group. */
const L = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn

/** Takes the lines of a file, and the junk in it, and gives back what is made of them. */
export type Spoil = (pieces: readonly Buffer[]) => readonly Buffer[]

/** Changes the text of one piece of a file: a line, or the junk. */
export function edit(index: number, change: (text: string) => string): Spoil {
  return (pieces) => pieces.with(index, Buffer.from(change(pieces[index]?.toString() ?? '')))
}

/** Puts a line in the place of one and what follows it, signed by a key that is ours to use. */
export function forge(index: number, event: AuditObject, by: Signer = KEYS.a): Spoil {
  return (pieces) => {
    const link = pieces
      .slice(0, index)
      .reduce<Link>((at, line) => linkAfter(at, by.pub, line), BEFORE_GENESIS)
    const forged = chain(link, by)
    forged.add(event)
    return [...pieces.slice(0, index), ...forged.lines]
  }
}

export function cut(piece: Buffer | undefined, end: number): Buffer {
  return piece?.subarray(0, end) ?? Buffer.alloc(0)
}

/** The last of 86 characters carries four bits that decode to nothing. */
export function respelt(line: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return line.replace(/.(?="}\n$)/, (last) => alphabet[alphabet.indexOf(last) + 1] ?? '')
}

/** A second S for the same signature. */
export function plusL(line: string): string {
  const signature = Buffer.from(line.slice(-89, -3), 'base64url')
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + L
  const more = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
  return `${line.slice(0, -89)}${Buffer.concat([signature.subarray(0, 32), more]).toString('base64url')}"}\n`
}

/** The same line with another key's name, signed by that key. */
export function signedBy(by: Signer, line: Buffer | undefined): Buffer[] {
  const { sig, ...members } = JSON.parse(line?.toString() ?? '')
  return [encodeLine({ ...members, key: by.key }, by.sign)]
}

/** "Signs" under the neutral point, which nobody needs a secret for. */
export function anybody(): Signer {
  return { key: keyId(NEUTRAL), pub: NEUTRAL, sign: () => Buffer.concat([NEUTRAL, Buffer.alloc(32)]) }
}

/** A line that was signed with a space in it. */
export function notCanonical(pieces: readonly Buffer[]): Buffer[] {
  const { sig, ...members } = JSON.parse(pieces[1]?.toString() ?? '')
  return [...pieces.slice(0, 1), sealed(canonical(members).replace('{', '{ '))]
}

/** A line of 8193 bytes, signed. */
export function tooLong(pieces: readonly Buffer[]): Buffer[] {
  const { sig, ...members } = JSON.parse(pieces[1]?.toString() ?? '')
  const padded = (cwd: string) => sealed(canonical({ ...members, cwd }))
  return [...pieces.slice(0, 1), padded('x'.repeat(8193 - padded('').length))]
}

function sealed(payload: string): Buffer {
  const header = '{"alg":"Ed25519","b64":false,"crit":["b64"],"typ":"spikectl-audit+jws"}'
  const signature = KEYS.a.sign(Buffer.from(`${Buffer.from(header).toString('base64url')}.${payload}`))
  return Buffer.from(`${payload.slice(0, -1)},"sig":"${signature.toString('base64url')}"}\n`)
}
