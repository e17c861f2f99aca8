/** What somebody without the key may try on a log; each is found, and where it is. */

import assert from 'node:assert/strict'
import { cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { append } from '../../src/audit/append.ts'
import { keyId } from '../../src/audit/ed25519.ts'
import { encodeLine, FORMAT, NO_PREV } from '../../src/audit/line.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { openLog } from '../support/logs.ts'
import { temporaryHome, times } from '../support/processes.ts'

describe('a log', () => {
  for (const [name, spoil, line, what] of [
    [
      'a changed value',
      (l: string[]) => l.with(1, (l[1] ?? '').replace('"count":10', '"count":11')),
      2,
      'bad signature',
    ],
    [
      'a respelt number',
      (l: string[]) => l.with(1, (l[1] ?? '').replace('"count":10', '"count":1e1')),
      2,
      'bad signature',
    ],
    ['an escape', (l: string[]) => l.with(1, (l[1] ?? '').replace('Bash', '\\u0042ash')), 2, 'bad signature'],
    ['a deleted line', (l: string[]) => l.toSpliced(1, 1), 2, 'chain broken'],
    ['a repeated line', (l: string[]) => l.toSpliced(1, 0, l[1] ?? ''), 3, 'chain broken'],
    ['two swapped lines', (l: string[]) => [l[0], l[2], l[1], l[3]].map(String), 2, 'chain broken'],
    ['no genesis', (l: string[]) => l.slice(1), 1, 'no genesis'],
    ['two geneses', (l: string[]) => l.toSpliced(1, 0, l[0] ?? ''), 2, 'no genesis'],
    ['a space at the end of a line', (l: string[]) => l.with(1, `${l[1]} `), 2, 'malformed suffix'],
    ['a CR', (l: string[]) => l.with(1, `${l[1]}\r`), 2, 'malformed suffix'],
    ['a byte order mark', (l: string[]) => l.with(0, `\xef\xbb\xbf${l[0]}`), 1, 'no genesis'],
    ['an empty line', (l: string[]) => l.toSpliced(1, 0, ''), 2, 'malformed suffix'],
    [
      'a key before the real one',
      (l: string[]) => l.with(1, (l[1] ?? '').replace('{', '{"count":1,')),
      2,
      'bad signature',
    ],
    ['a signature of raw bytes', (l: string[]) => l.with(1, rawSignature(l[1] ?? '')), 2, 'malformed suffix'],
    ['half a line in the middle', (l: string[]) => l.toSpliced(1, 0, 'half a line'), 2, 'malformed suffix'],
  ] as const) {
    test(`with ${name} is found out at line ${line}: ${what}`, (t) => {
      const { block, lines, write, verify } = openLog(t)
      for (let i = 0; i < 3; i += 1) block()
      write(spoil(lines()))
      const { problem } = verify()
      assert.deepEqual([problem?.line, problem?.what], [line, what])
      assert.ok(verify({ fast: true }).problem)
    })
  }

  test('with several things wrong counts them, and goes on after each', (t) => {
    const { block, lines, write, verify } = openLog(t)
    times(9, () => block())
    const spoilt = lines().map((line, index) =>
      index === 2 || index === 5 ? line.replace('"count":10', '"count":11') : line,
    )
    write(spoilt.toSpliced(8, 1))
    const { problem, problems, lines: sound } = verify()
    assert.deepEqual([problem?.line, problems, sound], [3, 3, 7])
  })

  test('with lines of another log is found out', (t) => {
    const [one, two] = [openLog(t), openLog(t)]
    for (const { block } of [one, two]) times(2, () => block())
    one.write(one.lines().with(2, two.lines()[2] ?? ''))
    assert.equal(one.verify().problem?.what, 'key is not the active key')
    one.write([one.lines()[0] ?? '', ...two.lines().slice(1)])
    assert.equal(one.verify().problem?.line, 2)
  })

  test('spliced together with another log of the same key is found out', (t) => {
    const [one, two] = [openLog(t), openLog(t)]
    times(2, () => one.block())
    cpSync(join(one.files.audit, 'keys'), join(two.files.audit, 'keys'), { recursive: true })
    times(2, () => two.block())
    one.write([...one.lines().slice(0, 2), ...two.lines().slice(2)])
    assert.deepEqual([one.verify().problem?.line, one.verify().problem?.what], [3, 'chain broken'])
  })

  test('whose old key signs after it was replaced, or whose new key before, is found out', (t) => {
    const { files, block, rotate, lines, write, verify } = openLog(t)
    block()
    const before = readFileSync(files.auditDb)
    block()
    const [, , signedByOld] = lines()
    writeFileSync(files.auditDb, before)
    write(lines().slice(0, 2))
    rotate()
    const [, , rotation] = lines()
    write([...lines().slice(0, 3), signedByOld ?? ''])
    assert.deepEqual([verify().problem?.line, verify().problem?.what], [4, 'key is not the active key'])
    write(lines().slice(0, 3))
    block()
    const [genesis = '', first = '', , signedByNew = ''] = lines()
    write([genesis, first, signedByNew, rotation ?? ''])
    assert.deepEqual([verify().problem?.line, verify().problem?.what], [3, 'key is not the active key'])
  })

  for (const [name, pub] of [
    ['of small order', Buffer.from('01'.padEnd(64, '0'), 'hex')],
    ['that is no canonical point', Buffer.from(`${'ff'.repeat(31)}7f`, 'hex')],
  ] as const) {
    test(`that begins with a key ${name} is found out, even if its signatures would hold`, (t) => {
      const file = join(temporaryHome(t), 'audit-000001.jsonl')
      const genesis = { event: 'genesis', pub: pub.toString('base64url'), v: FORMAT, seq: 0, prev: NO_PREV }
      // With R = the neutral point and S = 0, "any message" verifies under the neutral point as a key.
      const signature = Buffer.concat([Buffer.from('01'.padEnd(64, '0'), 'hex'), Buffer.alloc(32)])
      writeFileSync(
        file,
        encodeLine({ ...genesis, key: keyId(pub) }, () => signature),
      )
      assert.equal(verifyLog(file).problem?.what, 'weak key')
    })
  }

  test('that names a key of small order as its next one is found out', (t) => {
    const { files, options, block, verify } = openLog(t)
    block()
    append(
      files,
      { event: 'rotate', pub: Buffer.from('01'.padEnd(64, '0'), 'hex').toString('base64url') },
      options,
    )
    assert.equal(verify().problem?.what, 'weak key')
  })

  test('whose signature has S + L instead of S is found out', (t) => {
    const { block, lines, write, verify } = openLog(t)
    block()
    block()
    const line = lines()[1] ?? ''
    const signature = Buffer.from(line.slice(-88, -2), 'base64url')
    const order = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order
    const respelt = Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
    ])
    write(lines().with(1, `${line.slice(0, -88)}${respelt.toString('base64url')}"}`))
    assert.deepEqual([verify().problem?.line, verify().problem?.what], [2, 'bad signature'])
  })
})

describe('a symlink', () => {
  test('in place of a file of the log is not followed: the log goes on in a new file with a tamper line', (t) => {
    const { home, file, block, members } = openLog(t)
    block()
    const before = readFileSync(file)
    renameSync(file, join(home, 'elsewhere'))
    symlinkSync(join(home, 'elsewhere'), file)
    block()
    assert.deepEqual(readFileSync(join(home, 'elsewhere')), before)
    assert.equal(members(0, 2).event, 'tamper')
    assert.match(members(0, 2).found, /is a symbolic link/)
  })

  for (const name of ['keys/signing-key.pem', 'keys', ''] as const) {
    test(`in place of audit/${name} is refused, and the error names it`, (t) => {
      const { home, files, block } = openLog(t)
      block()
      const place = join(files.audit, name)
      renameSync(place, join(home, 'elsewhere'))
      symlinkSync(join(home, 'elsewhere'), place)
      assert.throws(block, /is a symbolic link/)
    })
  }
})

function rawSignature(line: string): string {
  const bytes = Buffer.from(line.slice(-88, -2), 'base64url').toString('latin1').replaceAll('\n', 'x')
  return `${line.slice(0, -88)}${bytes}"}`
}
