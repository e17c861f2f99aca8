/** The vectors that are shipped with the format's page, and what spikectl says of them. */

import assert from 'node:assert/strict'
import { copyFileSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseCheckpoint } from '../../src/audit/checkpoint.ts'
import { treeHash } from '../../src/audit/merkle.ts'
import { treeOf } from '../../src/audit/tree.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { temporaryHome } from '../support/processes.ts'
import { type Case, vectorFiles } from '../support/vectors/files.ts'
import { KEYS } from '../support/vectors/log.ts'

const VECTORS = fileURLToPath(new URL('../../docs/audit-vectors/', import.meta.url))
const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(join(VECTORS, 'manifest.json'), 'utf8'))

/** The files of a case as a log: a damaged copy in the place of the first file, public keys in keys/. */
function place(t: TestContext, { files }: Case): string {
  const folder = temporaryHome(t)
  mkdirSync(join(folder, 'keys'))
  for (const file of files) {
    const [, letter] = /^key-(a|b)\.pub\.pem$/.exec(file) ?? []
    const key = letter === 'a' ? KEYS.a : KEYS.b
    const segment = file.startsWith('damaged/') ? 'audit-000001.jsonl' : basename(file)
    copyFileSync(join(VECTORS, file), join(folder, letter ? `keys/${key.key}.pub.pem` : segment))
  }
  return folder
}

describe('the test vectors', () => {
  test('are what npm run vectors writes, byte for byte', () => {
    const files = vectorFiles()
    assert.deepEqual(globSync('**/*.*', { cwd: VECTORS }).sort(), [...files.keys()].sort())
    for (const [name, content] of files) {
      assert.ok(readFileSync(join(VECTORS, name)).equals(Buffer.from(content)), name)
    }
  })

  test('have as many damaged copies as there are words for damage, and more', () => {
    assert.ok(cases.length >= 35)
    assert.deepEqual(
      cases
        .filter(({ exit, name }) => exit === 0 && name !== 'sound' && name !== 'pruned')
        .map(({ name }) => name),
      ['truncated-tail', 'torn-tail', 'torn-lf'],
    )
  })

  test('hold a checkpoint of the sound log', (t) => {
    const report = verifyLog({ folder: place(t, sound()) })
    const { log, size, root, isSignedBy } = parseCheckpoint(
      readFileSync(join(VECTORS, 'checkpoint.txt'), 'utf8'),
      '',
    )
    assert.deepEqual([log, size], [report.link.log, report.lines])
    assert.equal(root, treeHash(treeOf(report, size)).toString('base64'))
    assert.ok(isSignedBy(KEYS.b.pub))
  })

  for (const each of cases) {
    const { name, file, line, problem } = each
    const verdict = problem ? `${problem} at line ${line}` : 'no line is wrong'
    test(`${name}: spikectl finds ${verdict}, fully read or fast`, (t) => {
      const folder = place(t, each)
      for (const fast of [false, true]) {
        const found = verifyLog({ folder }, { fast }).problem
        assert.deepEqual([found?.what, found?.line], [problem, line])
        if (file)
          assert.equal(found?.file, file.startsWith('damaged/') ? 'audit-000001.jsonl' : basename(file))
      }
    })
  }
})

function sound(): Case {
  const [first] = cases
  assert.ok(first?.name === 'sound')
  return first
}
