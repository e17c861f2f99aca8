/** Keys and checkpoints as the text in which they are kept and sent. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeCheckpoint, parseCheckpoint } from '../../src/audit/checkpoint.ts'
import {
  isSignatureValid,
  publicKeyOfPem,
  publicPem,
  secretPem,
  seedOfPem,
  verifyingKey,
} from '../../src/audit/ed25519.ts'
import { KEYS, SEEDS } from '../support/vectors/log.ts'

describe('keys as text', () => {
  const seed = Buffer.from(SEEDS.a, 'hex')

  test('are read back, whatever the line ends', () => {
    assert.deepEqual(publicKeyOfPem(publicPem(KEYS.a.pub)), KEYS.a.pub)
    assert.deepEqual(seedOfPem(secretPem(seed).replaceAll('\n', '\r\n')), seed)
  })

  for (const [name, text] of [
    ['another label at the end', publicPem(KEYS.a.pub).replace('END PUBLIC', 'END PRIVATE')],
    ['another label at the beginning', publicPem(KEYS.a.pub).replace('BEGIN PUBLIC', 'BEGIN PRIVATE')],
    ['a secret key', secretPem(seed)],
    [
      'one byte too few',
      `-----BEGIN PUBLIC KEY-----\n${Buffer.alloc(43).toString('base64')}\n-----END PUBLIC KEY-----\n`,
    ],
    [
      'another algorithm',
      `-----BEGIN PUBLIC KEY-----\n${Buffer.alloc(44).toString('base64')}\n-----END PUBLIC KEY-----\n`,
    ],
    ['nothing', ''],
  ] as const) {
    test(`are no public key with ${name}`, () => assert.equal(publicKeyOfPem(text), undefined))
  }

  test('verify no signature that has not 64 bytes, and none whose S is the order of the group', () => {
    const message = Buffer.from('message')
    const signature = Buffer.from(KEYS.a.sign(message))
    const key = verifyingKey(KEYS.a.pub)
    assert.equal(isSignatureValid(key, message, signature), true)
    assert.equal(isSignatureValid(key, message, signature.subarray(0, 63)), false)
    assert.equal(isSignatureValid(key, message, Buffer.concat([signature, Buffer.alloc(1)])), false)
    const order = Buffer.from(
      '1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed',
      'hex',
    ).reverse()
    assert.equal(isSignatureValid(key, message, Buffer.concat([signature.subarray(0, 32), order])), false)
  })
})

describe('a checkpoint on its way', () => {
  const ROOT = `${'A'.repeat(43)}=`
  const sent = encodeCheckpoint({ log: '0'.repeat(32), size: 7, root: ROOT }, KEYS.a)

  for (const [name, note] of [
    ['may be indented and lose its empty line', sent.replaceAll(/^/gm, '  ').replace(/\n\s*\n/, '\n')],
    ['may win empty lines', `\n${sent.replace('\n\n', '\n\n\n')}\n`],
    ['may be of one line', encodeCheckpoint({ log: '0'.repeat(32), size: 1, root: ROOT }, KEYS.a)],
    ['may come with the line ends of Windows', sent.replaceAll('\n', '\r\n')],
  ] as const) {
    test(name, () => assert.equal(parseCheckpoint(note, 'c.txt').isSignedBy(KEYS.a.pub), true))
  }

  for (const [name, note] of [
    ['without a signature', sent.slice(0, sent.indexOf('\n\n') + 1)],
    ['of no line', sent.replace('\n7\n', '\n0\n')],
    ['of a number with a zero before it', sent.replace('\n7\n', '\n07\n')],
    ['of a root that is too short', sent.replace('AAAA', 'AAA')],
    ['of a log whose name is too short', sent.replaceAll('/000', '/00')],
  ] as const) {
    test(`is none ${name}`, () =>
      assert.throws(() => parseCheckpoint(note, 'c.txt'), /c\.txt is no checkpoint/))
  }

  test('is not signed by who only says so', () => {
    const name = `spikectl.local/audit/${'0'.repeat(32)}`
    const stranger = sent.replace(`— ${name}`, '— elsewhere.example')
    assert.equal(parseCheckpoint(stranger, 'c.txt').isSignedBy(KEYS.a.pub), false)
    assert.equal(parseCheckpoint(sent, 'c.txt').isSignedBy(KEYS.b.pub), false)
  })
})
