/**
 * One line of the audit log, format `spikectl.audit/1`.
 *
 *   PREFIX   base64url of a constant JWS header, and "."
 *   PAYLOAD  the event as RFC 8785 canonical JSON, without "sig"
 *   SIG      Ed25519(secret key, PREFIX || PAYLOAD)
 *   LINE     PAYLOAD without its last "}"  ||  ,"sig":"<86 characters of base64url>"}  ||  LF
 *
 * docs/audit-format.md has all of it, with a worked example in real bytes.
 *
 * To verify a line: bytes first, meaning last. Split off the signature by its fixed length, decode and encode
 * it again, verify it over the exact bytes, and only then parse; the canonical form of what was parsed must
 * be those bytes again. Parsing first would let a duplicate key, a respelt number or escape slip through.
 */

import type { KeyObject } from 'node:crypto'
import { type AuditObject, type AuditValue, canonical } from './canonical.ts'
import { isSignatureValid } from './ed25519.ts'

export const FORMAT = 'spikectl.audit/1'
export const NO_PREV = '0'.repeat(64)
export const MAX_LINE_BYTES = 8192

const HEADER = '{"alg":"Ed25519","b64":false,"crit":["b64"],"typ":"spikectl-audit+jws"}'
const PREFIX = Buffer.from(`${Buffer.from(HEADER).toString('base64url')}.`)

/** `,"sig":"` and 86 characters and `"}` */
const SUFFIX_BYTES = 96
const SUFFIX = /^,"sig":"([A-Za-z0-9_-]{86})"}$/

export type Sign = (message: Uint8Array) => Uint8Array

/** The line for an event, with its LF. Throws a RangeError when it is over MAX_LINE_BYTES. */
export function encodeLine(event: AuditObject, sign: Sign): Buffer {
  const payload = canonical(event)
  const signature = Buffer.from(sign(signedBytes(Buffer.from(payload)))).toString('base64url')
  const line = Buffer.from(`${payload.slice(0, -1)},"sig":"${signature}"}\n`)
  if (line.length > MAX_LINE_BYTES) {
    throw new RangeError(`Expected an audit line to be at most ${MAX_LINE_BYTES} bytes, got ${line.length}`)
  }
  return line
}

/** A line whose form is right; nothing is verified and nothing is parsed yet. */
export interface SealedLine {
  readonly payload: Buffer
  readonly signature: Buffer
}

/** Splits a line (without its LF) into payload and signature, or says what is wrong with its form. */
export function splitLine(line: Buffer): SealedLine | string {
  if (line.length > MAX_LINE_BYTES - 1) return 'line too long'
  const suffix = SUFFIX.exec(line.subarray(-SUFFIX_BYTES).toString('latin1'))
  if (!suffix?.[1] || line.length <= SUFFIX_BYTES) return 'malformed suffix'
  const signature = Buffer.from(suffix[1], 'base64url')
  if (signature.toString('base64url') !== suffix[1]) return 'malformed suffix'
  return { payload: Buffer.concat([line.subarray(0, -SUFFIX_BYTES), Buffer.from('}')]), signature }
}

export function isSealedBy(key: KeyObject, sealed: SealedLine): boolean {
  return isSignatureValid(key, signedBytes(sealed.payload), sealed.signature)
}

/** The members of a payload, or undefined when its bytes are not the canonical form of an audit object. */
export function openPayload(payload: Buffer): Readonly<Record<string, AuditValue>> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)
    const value: Readonly<Record<string, AuditValue>> = JSON.parse(text)
    return canonical(value) === text && text.startsWith('{') ? value : undefined
  } catch {
    return undefined // not UTF-8, not JSON or not an audit value: one verdict for all three
  }
}

function signedBytes(payload: Buffer): Buffer {
  return Buffer.concat([PREFIX, payload])
}
