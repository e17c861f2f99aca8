import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { reference } from '../../src/audit/append.ts'
import { openLog } from '../support/logs.ts'

describe('the audit log', () => {
  test('begins with a genesis line, and each line names the hash of the one before', (t) => {
    const { block, lines, verify } = openLog(t)
    const first = block()
    const second = block()
    assert.deepEqual([first.seq, second.seq], [1, 2])
    assert.match(reference(second), /^[0-9a-f]{8}#2 [0-9a-f]{4}…$/)
    const [genesis, , last] = lines().map((line) => JSON.parse(line))
    assert.deepEqual([genesis.event, genesis.seq, genesis.prev], ['genesis', 0, '0'.repeat(64)])
    assert.deepEqual([last.prev, last.log, last.v], [first.sha, first.log, 'spikectl.audit/1'])
    assert.deepEqual([verify().lines, verify().problem, verify().link.sha], [3, undefined, second.sha])
  })

  test('whose head was not saved after a line adopts that line and goes on', (t) => {
    const { files, block, verify } = openLog(t)
    block()
    const before = readFileSync(files.auditDb)
    block()
    writeFileSync(files.auditDb, before)
    assert.equal(block().seq, 3)
    assert.deepEqual([verify().lines, verify().problem], [4, undefined])
  })

  test('that ends in half a line goes on after it, and says what it left behind', (t) => {
    const { file, block, lines, verify } = openLog(t)
    block()
    appendFileSync(file, lines()[1]?.slice(0, 100) ?? '')
    assert.deepEqual([verify().torn?.what, verify().problem], ['unfinished append (no LF)', undefined])
    block()
    block()
    const recovered = JSON.parse(lines()[3] ?? '')
    assert.equal(recovered.recovery.junk.bytes, 100)
    assert.deepEqual([verify().lines, verify().problem], [4, undefined])
  })

  test('with half a line that no later line owns up to is found out', (t) => {
    const { file, block, lines, verify } = openLog(t)
    block()
    block()
    writeFileSync(file, `${lines().toSpliced(1, 0, 'half a line').join('\n')}\n`, 'latin1')
    assert.equal(verify().problem?.line, 2)
  })

  test('without its head finds it again, and says so', (t) => {
    const { files, block, lines, verify } = openLog(t)
    block()
    rmSync(files.auditDb)
    block()
    assert.deepEqual(JSON.parse(lines()[2] ?? '').recovery, { anchor: 'rebuilt' })
    assert.equal(verify().problem, undefined)
  })

  test('that is shorter than its head is left alone, and goes on in a new file with a tamper line', (t) => {
    const { file, block, head, members, verify } = openLog(t)
    block()
    const before = head()
    truncateSync(file, 100)
    block()
    assert.equal(readFileSync(file).length, 100)
    const { event, prev, seq, expected, found } = members(0, 2)
    assert.deepEqual([event, prev, seq, found], ['tamper', before?.sha, 2, 'only 100 bytes'])
    assert.deepEqual(expected, {
      seq: 1,
      sha256: before?.sha,
      segment: 'audit-000001.jsonl',
      off: before?.off,
    })
    assert.match(verify({ head: head() }).problem?.what ?? '', /unfinished append/)
  })
})

describe('the signing key', () => {
  const keyOf = (audit: string) => join(audit, 'keys/signing-key.pem')

  test('that others can read is refused', (t) => {
    const { files, block } = openLog(t)
    block()
    chmodSync(keyOf(files.audit), 0o644)
    assert.throws(block, /can be read by others/)
  })

  test('that is a symlink is refused', (t) => {
    const { home, files, block } = openLog(t)
    block()
    writeFileSync(join(home, 'elsewhere'), readFileSync(keyOf(files.audit)), { mode: 0o600 })
    rmSync(keyOf(files.audit))
    symlinkSync(join(home, 'elsewhere'), keyOf(files.audit))
    assert.throws(block, /is a symbolic link/)
  })

  for (const [left, gone] of [
    ['audit.db and its public half are there', ['audit/keys/signing-key.pem']],
    ['audit.db is there', ['audit/keys']],
    ['its public half is there', ['audit/keys/signing-key.pem', 'audit.db']],
  ] as const) {
    test(`that is gone is not made anew while ${left}, and the error says how to begin a new log`, (t) => {
      const { home, files, block } = openLog(t)
      block()
      for (const name of gone) rmSync(join(home, name), { recursive: true })
      assert.throws(block, {
        message: /signing-key\.pem is gone/,
        hint: /run: cd \S+ && mkdir old-audit && mv audit\* old-audit\/$/,
      })
      assert.equal(existsSync(keyOf(files.audit)), false)
    })
  }

  test('that is not the one the log continues with is refused', (t) => {
    const [one, other] = [openLog(t), openLog(t)]
    one.block()
    other.block()
    copyFileSync(keyOf(other.files.audit), keyOf(one.files.audit))
    assert.throws(() => one.block(), /is not the one that the log continues with/)
  })

  test('that belongs to another user is refused', (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can give a file away')
    const { files, block } = openLog(t)
    block()
    chownSync(keyOf(files.audit), 12345, 12345)
    assert.throws(block, /belongs to another user/)
  })

  test('that is no key is refused', (t) => {
    const { files, block } = openLog(t)
    block()
    writeFileSync(keyOf(files.audit), 'no key')
    assert.throws(block, /is no Ed25519 key/)
  })
})
