import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeCheckpoint, parseCheckpoint, verifierKey } from '../../src/audit/checkpoint.ts'
import { jwk, opensshKey } from '../../src/audit/key-formats.ts'
import { openSigner } from '../../src/audit/keys.ts'
import { EMPTY_TREE, growTree, treeHash } from '../../src/audit/merkle.ts'
import { temporaryHome } from '../support/processes.ts'

/** RFC 6962, 2.1, word for word. */
function merkleTreeHash(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  const [only] = leaves
  if (leaves.length === 1 && only) return createHash('sha256').update(Uint8Array.of(0)).update(only).digest()
  let k = 1
  while (2 * k < leaves.length) k *= 2
  const [left, right] = [merkleTreeHash(leaves.slice(0, k)), merkleTreeHash(leaves.slice(k))]
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest()
}

describe('the tree over the lines', () => {
  test('has the hash that RFC 6962 gives it, however many lines and wherever it was stopped on the way', () => {
    const leaves = fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 70 })
    fc.assert(
      fc.property(leaves, fc.nat(70), (lines, stop) => {
        const first = growTree(EMPTY_TREE)
        for (const line of lines.slice(0, stop)) first.add(line)
        const second = growTree(JSON.parse(JSON.stringify(first.tree())))
        for (const line of lines.slice(stop)) second.add(line)
        assert.deepEqual(treeHash(second.tree()), merkleTreeHash(lines))
        assert.equal(second.tree().size, lines.length)
      }),
    )
  })
})

describe('a checkpoint', () => {
  const CHECKPOINT = { log: '0'.repeat(32), size: 7, root: `${'A'.repeat(43)}=` }

  test('is a signed note that names the log, its length and its root', (t) => {
    const signer = openSigner(`${temporaryHome(t)}/audit`, () => true)
    const note = encodeCheckpoint(CHECKPOINT, signer)
    const lines = note.split('\n')
    assert.deepEqual(lines.slice(0, 4), [`spikectl.local/audit/${CHECKPOINT.log}`, '7', CHECKPOINT.root, ''])
    assert.match(lines[4] ?? '', /^— spikectl\.local\/audit\/0{32} [A-Za-z0-9+/]+=*$/)
    const [, hash] = verifierKey(CHECKPOINT.log, signer.pub).split('+')
    const signature = Buffer.from(lines[4]?.split(' ')[2] ?? '', 'base64')
    assert.equal(signature.subarray(0, 4).toString('hex'), hash)
    const { log, size, root, isSignedBy } = parseCheckpoint(note, 'c.txt')
    assert.deepEqual([{ log, size, root }, isSignedBy(signer.pub)], [CHECKPOINT, true])
  })

  test('may bear the signatures of witnesses too', (t) => {
    const signer = openSigner(`${temporaryHome(t)}/audit`, () => true)
    const note = `${encodeCheckpoint(CHECKPOINT, signer)}— witness.example ${'A'.repeat(92)}\n`
    assert.equal(parseCheckpoint(note, 'c.txt').isSignedBy(signer.pub), true)
  })

  test('with any other content, or of another key, is not signed', (t) => {
    const [one, other] = [
      openSigner(`${temporaryHome(t)}/audit`, () => true),
      openSigner(`${temporaryHome(t)}/audit`, () => true),
    ]
    const note = encodeCheckpoint(CHECKPOINT, one)
    assert.equal(parseCheckpoint(note.replace('\n7\n', '\n8\n'), 'c.txt').isSignedBy(one.pub), false)
    assert.equal(parseCheckpoint(note, 'c.txt').isSignedBy(other.pub), false)
  })

  for (const text of ['', 'hello\n', '{"size":7}\n', `other.example/log\n7\n${'A'.repeat(43)}=\n\n— a b\n`]) {
    test(`is not ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(() => parseCheckpoint(text, 'c.txt'), {
        message: 'c.txt is no checkpoint',
        hint: /audit checkpoint printed/,
      })
    })
  }
})

describe('a public key', () => {
  const PUB = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex')

  test('is written as OpenSSH and JOSE libraries take it', () => {
    assert.equal(
      opensshKey(PUB),
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea spikectl-audit-06e3fd8fda29bb60',
    )
    const { x, kty, crv, kid } = jwk(PUB)
    assert.deepEqual(
      [x, kty, crv, kid],
      ['11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', 'OKP', 'Ed25519', '06e3fd8fda29bb60'],
    )
  })
})
