/**
 * One line of the audit log, format `spikectl.audit/1`.
 *
 *   HEADER   {"alg":"Ed25519","b64":false,"crit":["b64"],"typ":"spikectl-audit+jws"}      constant
 *   PREFIX   base64url(HEADER) "."
 *   PAYLOAD  the event as RFC 8785 canonical JSON, without "sig"
 *   SIG      Ed25519(secret key, PREFIX || PAYLOAD)
 *   LINE     PAYLOAD without its last "}"  ||  ,"sig":"<86 characters of base64url>"}  ||  LF
 *
 * So a line is JSON that a person can grep, and a detached JWS (RFC 7515, RFC 7797) that any library can
 * verify. Members of every line: `at` (RFC 3339 UTC, ms), `event`, `key` (id of the signing key), `prev`
 * (SHA-256 of the line before with its LF; 64 zeros in genesis), `seq` (0, 1, …), `v`, and, but for genesis,
 * `log` (first 32 hex digits of the SHA-256 of the genesis line).
 *
 * To verify a line: bytes first, meaning last. Split off the signature by its fixed length, decode and encode
 * it again, verify it over the exact bytes, and only then parse; the canonical form of what was parsed must
 * be those bytes again. Parsing first would let a duplicate key, a respelt number or escape slip through.
 *
 * Example: the genesis line of a log whose key is the first of RFC 8032, 7.1 (here broken after every 100
 * characters; the line itself is one, and ends with LF):
 *
 *   {"at":"2027-01-15T08:00:00.400Z","event":"genesis","key":"06e3fd8fda29bb60","nonce":"001122334455667
 *   78899aabbccddeeff","prev":"0000000000000000000000000000000000000000000000000000000000000000","pub":"
 *   11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","seq":0,"tool_version":"0.1.0","v":"spikectl.audit/1","
 *   sig":"vpSE5HkuPGe0AyH4X58tr3mNxgEn_RivsL50w2-yioXh5-3Ydzro2q_qJW8KOarv-JFSRTAqCqpjeaXkUDHmBw"}
 *
 * Its SHA-256, LF included, is what the next line has as `prev`, and the first half of it as `log`:
 *
 *   a0d0b1f1cda6e8527119409e9348dcba6de62bfcaafe073e39d720249e0c5783
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
