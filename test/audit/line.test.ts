import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import nacl from 'tweetnacl'
import { canonical, clean } from '../../src/audit/canonical.ts'
import { BEFORE_GENESIS, follow } from '../../src/audit/chain.ts'
import {
  isSignatureValid,
  isStrongKey,
  keyId,
  publicKeyOf,
  publicPem,
  secretKeyOf,
  secretPem,
  seedOfPem,
  verifyingKey,
} from '../../src/audit/ed25519.ts'
import {
  encodeLine,
  isSealedBy,
  MAX_LINE_BYTES,
  openPayload,
  type SealedLine,
  splitLine,
} from '../../src/audit/line.ts'

/** The first key of RFC 8032, 7.1. */
const SEED = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
const PUB = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex')
const KEY = verifyingKey(PUB)
const sign = (message: Uint8Array) => nacl.sign.detached(message, Buffer.concat([SEED, PUB]))

describe('canonical JSON', () => {
  test('sorts keys by their UTF-16 code units, also those that look like numbers', () => {
    const value = {
      '\u20ac': 1,
      '\r': 2,
      '\ufb33': 3,
      '1': 4,
      '\ud83d\ude00': 5,
      '\u0080': 6,
      '\u00f6': 7,
      '10': 8,
      '9': 9,
    }
    const keys = Object.keys(JSON.parse(canonical(value)))
    assert.equal(canonical(value), '{"\\r":2,"1":4,"10":8,"9":9,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
    assert.equal(keys.length, 9)
  })

  test('writes strings as RFC 8785 has it: short escapes, \\u in lower case, all else as it is', () => {
    assert.equal(
      canonical('\u20ac$\u000f\nA\'B"\\\b\f\r\t/\u007f'),
      '"€$\\u000f\\nA\'B\\"\\\\\\b\\f\\r\\t/\u007f"',
    )
  })

  test('nests, and knows no space', () => {
    assert.equal(canonical({ b: [1, { d: true, c: '' }], a: {} }), '{"a":{},"b":[1,{"c":"","d":true}]}')
  })

  for (const value of [1.5, Number.NaN, -0, 2 ** 53, null, undefined]) {
    test(`refuses ${String(value)}`, () => assert.throws(() => canonical({ a: value }), TypeError))
  }

  test('is read back as what was written, whatever the value', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.maxSafeInteger().map((n) => n + 0),
      fc.boolean(),
    )
    const values = fc.object({ values: [leaf], key: fc.string() })
    fc.assert(
      fc.property(values, (value) => assert.equal(canonical(JSON.parse(canonical(value))), canonical(value))),
    )
  })
})

describe('a string in a line', () => {
  test('loses what could fool a terminal or a reviewer', () => {
    assert.equal(clean('a\u0085b\u200bc\u202ed\u2028e\ufefff\ud800g\u2066h', 100), 'a�b�c�d�e�f�g�h')
    assert.equal(clean('plain é 中 😀 \u001b', 100), 'plain é 中 😀 \u001b')
  })

  test('is cut between characters, measured in bytes of its JSON form', () => {
    assert.equal(clean('😀😀😀', 11), '😀😀…')
    assert.equal(clean('\n\n\n\n', 7), '\\n\\n…'.replaceAll('\\n', '\n'))
  })
})

describe('a line', () => {
  const line = encodeLine(
    { event: 'block', count: 500, session: 'x","sig":"', at: '2026-11-22T07:30:00.123Z' },
    sign,
  )
  const body = line.subarray(0, -1)

  test('is JSON whose last member is its signature, and ends with LF', () => {
    assert.equal(line.at(-1), 0x0a)
    assert.deepEqual(Object.keys(JSON.parse(line.toString())), ['at', 'count', 'event', 'session', 'sig'])
  })

  test('is a detached JWS: the signature is over the header, a dot and the payload', () => {
    const header = Buffer.from(
      '{"alg":"Ed25519","b64":false,"crit":["b64"],"typ":"spikectl-audit+jws"}',
    ).toString('base64url')
    const { sig, ...members } = JSON.parse(line.toString())
    const signed = Buffer.from(`${header}.${canonical(members)}`)
    assert.ok(isSignatureValid(KEY, signed, Buffer.from(sig, 'base64url')))
  })

  test('as the page of the format shows it is sound, and has the signed bytes and the hash that it shows', () => {
    const page = readFileSync(new URL('../../docs/audit-format.md', import.meta.url), 'utf8')
    const section = page.split('### Example')[1]?.split('###')[0] ?? ''
    const [example, signed, sha] = [...section.matchAll(/```text\n([\s\S]*?)```/g)].map((match) =>
      match[1]?.replaceAll('\n', ''),
    )
    const step = follow(BEFORE_GENESIS, Buffer.from(`${example}\n`))
    assert.ok('link' in step)
    assert.equal(step.link.sha, sha)
    const { signature } = sealedParts(Buffer.from(example ?? ''))
    assert.ok(isSignatureValid(KEY, Buffer.from(signed ?? ''), signature))
    const vector = new URL('../../docs/audit-vectors/audit-000001.jsonl', import.meta.url)
    assert.equal(readFileSync(vector, 'utf8').split('\n')[0], example)
  })

  test('with any one byte changed does not verify', () => {
    for (let index = 0; index < body.length; index += 1) {
      const changed = Buffer.from(body)
      changed[index] = (changed[index] ?? 0) ^ 0x01
      const sealed = splitLine(changed)
      const isFound =
        typeof sealed === 'string' || !isSealedBy(KEY, sealed) || openPayload(sealed.payload) === undefined
      assert.ok(isFound, `byte ${index}`)
    }
  })

  test('whose payload is not canonical has no meaning, even if it is signed', () => {
    for (const payload of [
      '{"b":1,"a":2}',
      '{"a":1, "b":2}',
      '{"a":1,"a":1}',
      '{"a":1.0}',
      '{"a":"\\u0041"}',
      '[]',
      '{"a":null}',
    ]) {
      assert.equal(openPayload(Buffer.from(payload)), undefined, payload)
    }
    assert.deepEqual(openPayload(Buffer.from('{"a":1,"b":"é"}')), { a: 1, b: 'é' })
  })

  test('with a respelt signature is malformed', () => {
    const padded = Buffer.from(body)
    // The last of 86 characters carries two bits that decode to nothing: other spellings of the same bytes.
    padded[body.length - 3] = (padded[body.length - 3] ?? 0) + 1
    assert.equal(splitLine(padded), 'malformed suffix')
  })

  test('over 8 KiB is neither written nor read', () => {
    assert.throws(() => encodeLine({ cwd: 'x'.repeat(MAX_LINE_BYTES) }, sign), RangeError)
    assert.equal(splitLine(Buffer.alloc(MAX_LINE_BYTES, 'x')), 'line too long')
  })
})

describe('Ed25519', () => {
  test('names a key by its SPKI form, and reads back the PEM it writes', () => {
    assert.deepEqual(publicKeyOf(secretKeyOf(SEED)), PUB)
    assert.match(keyId(PUB), /^[0-9a-f]{16}$/)
    assert.deepEqual(seedOfPem(secretPem(SEED)), SEED)
    assert.equal(seedOfPem(publicPem(PUB)), undefined)
  })

  test('takes no signature whose S is not below the order of the group', () => {
    const message = Buffer.from('message')
    const signature = Buffer.from(sign(message))
    const order = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order
    const forged = Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
    ])
    assert.equal(isSignatureValid(KEY, message, signature), true)
    assert.equal(isSignatureValid(KEY, message, forged), false)
  })

  test('takes no key of small order, and none that is not canonical', () => {
    const little = (hex: string) => Buffer.from(hex.padStart(64, '0'), 'hex').reverse()
    const small = [
      '0',
      '1',
      '7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec',
      '05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826',
      '7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7',
    ]
    for (const y of small) assert.equal(isStrongKey(little(y)), false, y)
    assert.equal(
      isStrongKey(little('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed')),
      false,
      'y = p',
    )
    assert.equal(isStrongKey(Buffer.alloc(31, 9)), false)
    assert.equal(isStrongKey(PUB), true)
  })
})

function sealedParts(line: Buffer): SealedLine {
  const sealed = splitLine(line)
  assert.ok(typeof sealed !== 'string')
  return sealed
}
