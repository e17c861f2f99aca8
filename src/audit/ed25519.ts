/** Ed25519 keys as bytes and as PEM, and verification that is as strict whatever the engine. */

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** The DER bytes before the 32 of a public key (SubjectPublicKeyInfo, RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
/** The DER bytes before the 32 of a seed (PKCS #8, RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The order of the group, 2^252 + 27742317777372353535851937790883648493. */
const L = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn
/** The prime of the field, 2^255 - 19. */
const P = (1n << 255n) - 19n

/**
 * The y coordinates of the points whose order divides 8. A key among them verifies any message, and Node 22
 * accepts such keys.
 */
const SMALL_ORDER_Y = new Set([
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7n,
])

function spkiOf(publicKey: Uint8Array): Buffer {
  return Buffer.concat([SPKI_PREFIX, publicKey])
}

/** The name of a key: the first 16 hex digits of the SHA-256 of its SPKI form. */
export function keyId(publicKey: Uint8Array): string {
  return createHash('sha256').update(spkiOf(publicKey)).digest('hex').slice(0, 16)
}

export function publicPem(publicKey: Uint8Array): string {
  return pem('PUBLIC KEY', spkiOf(publicKey))
}

export function secretPem(seed: Uint8Array): string {
  return pem('PRIVATE KEY', Buffer.concat([PKCS8_PREFIX, seed]))
}

/** The 32-byte seed in a PKCS #8 PEM, or undefined when it is none of Ed25519. */
export function seedOfPem(text: string): Buffer | undefined {
  return bodyOf('PRIVATE KEY', PKCS8_PREFIX, text)
}

/** The 32 bytes in the PEM of a public key, or undefined when it is none of Ed25519. */
export function publicKeyOfPem(text: string): Buffer | undefined {
  return bodyOf('PUBLIC KEY', SPKI_PREFIX, text)
}

/** The 32 bytes after the prefix that a PEM of this kind has. */
function bodyOf(label: string, prefix: Buffer, text: string): Buffer | undefined {
  const [begin, ...body] = text.trim().split(/\r?\n/)
  if (begin !== `-----BEGIN ${label}-----` || body.pop() !== `-----END ${label}-----`) return undefined
  const der = Buffer.from(body.join(''), 'base64')
  const isOurs = der.length === prefix.length + 32 && der.subarray(0, prefix.length).equals(prefix)
  return isOurs ? der.subarray(prefix.length) : undefined
}

export function secretKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
}

/** The 32 bytes of the public half. */
export function publicKeyOf(secret: KeyObject): Buffer {
  return createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)
}

/** Ed25519 leaves nothing to chance: every implementation makes the same 64 bytes of the same message. */
export function signatureOf(secret: KeyObject, message: Uint8Array): Buffer {
  return sign(null, message, secret)
}

/** True for a canonical point of large order: y below p, and none of the eight small points. */
export function isStrongKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false
  const y = littleEndian(publicKey) & ((1n << 255n) - 1n)
  return y < P && !SMALL_ORDER_Y.has(y)
}

export function verifyingKey(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: spkiOf(publicKey), format: 'der', type: 'spki' })
}

/** True when the signature holds and its S is below L: else a second valid signature could be computed. */
export function isSignatureValid(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || littleEndian(signature.subarray(32)) >= L) return false
  return verify(null, message, key, signature)
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
