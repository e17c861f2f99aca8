/** A public key as other tools take it. */

import { keyId } from './ed25519.ts'

/** A line of `authorized_keys` or `allowed_signers`, RFC 8709. */
export function opensshKey(pub: Buffer): string {
  const type = 'ssh-ed25519'
  const blob = Buffer.concat([Buffer.from(type), pub].map(withLength))
  return `${type} ${blob.toString('base64')} spikectl-audit-${keyId(pub)}`
}

/** RFC 8037; its `kid` is the `key` of each line, its `alg` that of each line's header (RFC 9864). */
export function jwk(pub: Buffer) {
  return {
    kty: 'OKP',
    crv: 'Ed25519',
    x: pub.toString('base64url'),
    kid: keyId(pub),
    alg: 'Ed25519',
    use: 'sig',
  }
}

/** RFC 4251, 5: a string is its length in four bytes, then its bytes. */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
