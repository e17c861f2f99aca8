/** What an append writes, where, and when it gives up: bounds and rare ways. */

import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { append } from '../../src/audit/append.ts'
import { createDurably } from '../../src/audit/files.ts'
import { readHead } from '../../src/audit/head.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { openLog } from '../support/logs.ts'
import { temporaryHome, times } from '../support/processes.ts'

describe('a member of a line', () => {
  for (const [name, member, length, kept] of [
    ['an id of 512 bytes is kept', 'session', 512, 512],
    ['a longer one is cut off', 'session', 513, 509],
    ['a path of 2048 bytes is kept', 'cwd', 2048, 2048],
    ['a longer one is cut off too', 'cwd', 2049, 2045],
  ] as const) {
    test(name, (t) => {
      const log = openLog(t)
      log.block({ [member]: 'x'.repeat(length) })
      const expected = kept === length ? 'x'.repeat(length) : `${'x'.repeat(kept)}…`
      const line = readFileSync(log.file, 'utf8').trimEnd().split('\n').at(-1)
      assert.equal(JSON.parse(line ?? '')[member], expected)
    })
  }

  test('that every line has cannot be given by the caller', (t) => {
    const log = openLog(t)
    log.block({ at: 'then', seq: 99, key: 'mine', prev: 'none', v: 'x', log: 'y' })
    assert.deepEqual([log.verify().problem, log.verify().lines], [undefined, 2])
    assert.match(log.members().at, /^2027-01-15T/)
  })
})

describe('a file of the log', () => {
  for (const [more, number] of [
    [0, 2],
    [1, 1],
  ] as const) {
    test(`with ${more} bytes left until audit.segmentBytes is followed by line in file ${number}`, (t) => {
      const log = openLog(t)
      log.block()
      const segmentBytes = statSync(log.file).size + more
      append(log.files, { event: 'block' }, { ...log.options, segmentBytes })
      assert.equal(log.head()?.segment, number)
    })
  }

  test('that is full, and ends in an append that was cut off, takes one more line, which names that', (t) => {
    const log = openLog(t)
    log.block()
    appendFileSync(log.file, '{"at":"2027')
    append(log.files, { event: 'block' }, { ...log.options, segmentBytes: 1 })
    assert.deepEqual([log.head()?.segment, log.members().recovery.junk.bytes], [1, 11])
    append(log.files, { event: 'block' }, { ...log.options, segmentBytes: 1 })
    assert.deepEqual([log.head()?.segment, log.verify().problem], [2, undefined])
  })

  test('that is full, and ends in a whole line without its LF, takes one more line, which adopts that', (t) => {
    const log = openLog(t)
    log.block()
    const head = readFileSync(log.files.auditDb)
    log.block()
    writeFileSync(log.files.auditDb, head)
    writeFileSync(log.file, readFileSync(log.file).subarray(0, -1))
    append(log.files, { event: 'block' }, { ...log.options, segmentBytes: 1 })
    assert.deepEqual([log.head()?.segment, log.members().recovery], [1, { adopted: 1 }])
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })

  test("that was gzip'd with an append in it that was cut off is followed by a tamper line", (t) => {
    const log = openLog(t)
    log.block()
    const { seq, sha } = log.head() ?? {}
    writeFileSync(
      `${log.file}.gz`,
      gzipSync(Buffer.concat([readFileSync(log.file), Buffer.from('{"at":"2027')])),
    )
    rmSync(log.file)
    log.block()
    const { event, expected, found } = log.members(0, 2)
    assert.deepEqual([event, found], ['tamper', 'an unfinished append in a packed file'])
    assert.deepEqual([expected.seq, expected.sha256], [seq, sha])
  })

  test('is ours alone, and so is its folder', { skip: process.platform === 'win32' }, (t) => {
    const log = openLog(t)
    log.block()
    const modes = ['', 'audit-000001.jsonl', 'keys', 'keys/signing-key.pem'].map(
      (name) => statSync(join(log.files.audit, name)).mode & 0o777,
    )
    assert.deepEqual(modes, [0o700, 0o600, 0o700, 0o600])
  })
})

describe('what an append says of the log that it found', () => {
  test('is nothing while all is well, and nothing when it begins one', (t) => {
    const log = openLog(t)
    assert.deepEqual(Object.keys(log.block()), ['log', 'seq', 'sha'])
    assert.equal(log.block().remark, undefined)
  })

  test('is nothing of a crash, that audit.db was lost, and that the log was tampered with', (t) => {
    const log = openLog(t)
    log.block()
    appendFileSync(log.file, '{"at":"2027')
    assert.equal(log.block().remark, undefined)
    rmSync(log.files.auditDb)
    assert.match(log.block().remark ?? '', /^audit\.db was lost/)
    rmSync(log.file)
    assert.match(log.block().remark ?? '', /^the audit log was not as its writer had left it/)
  })
})

describe('a long log whose audit.db was lost', () => {
  test('is read within a megabyte however impatient the caller is', (t) => {
    const log = openLog(t)
    log.block()
    rmSync(log.files.auditDb)
    assert.equal(log.block().seq, 2)
  })

  test('is read above that only by who can wait, or reads all of it', (t) => {
    const log = openLog(t)
    log.block()
    rmSync(log.files.auditDb)
    appendFileSync(log.file, 'x'.repeat(1024 * 1024))
    assert.throws(() => log.block(), {
      message: /^the log is too long to be read again while a call waits/,
      hint: 'Run: spikectl audit rotate-key, which reads all of it',
    })
    append(log.files, { event: 'block' }, { ...log.options, readsAll: true })
    assert.equal(log.members(0, 2).event, 'tamper')
    rmSync(log.files.auditDb)
    append(log.files, { event: 'block' }, { ...log.options, patience: () => 1 })
    assert.equal(log.members(0, 3).event, 'tamper')
  })
})

describe('files that are no log, and no audit.db', () => {
  test('are left alone, and the error says how to begin', (t) => {
    const log = openLog(t)
    mkdirSync(log.files.audit, { mode: 0o700 })
    writeFileSync(log.file, 'something else\n')
    assert.throws(() => log.block(), {
      message: /holds files that are no log of ours/,
      hint: /^Run: mv .+audit .+audit\.other$/,
    })
    assert.equal(readFileSync(log.file, 'utf8'), 'something else\n')
  })
})

describe('audit.db', () => {
  test('knows the last line, its place, its length, and the key that signed it', (t) => {
    const log = openLog(t)
    times(2, () => log.block())
    const { seq, off = 0, len = 0, segment, key, pub, sha } = log.head() ?? {}
    const file = readFileSync(log.file)
    assert.deepEqual([seq, segment, off + len], [2, 1, file.length])
    const line = JSON.parse(file.subarray(off).toString())
    assert.deepEqual([line.seq, line.key, log.verify().link.sha], [2, key, sha])
    assert.equal(Buffer.from(pub ?? []).toString('base64url'), log.members(0).pub)
  })

  test('is nothing where there is none, or an empty one', (t) => {
    const file = join(temporaryHome(t), 'audit.db')
    assert.equal(
      readHead(file, () => 0),
      undefined,
    )
    assert.equal(existsSync(file), false, 'looking makes none')
    writeFileSync(file, '')
    assert.equal(
      readHead(file, () => 0),
      undefined,
    )
  })
})

describe('a durable file', () => {
  test('is never put in the place of another, and leaves no draft', (t) => {
    const file = join(temporaryHome(t), 'a')
    assert.deepEqual([createDurably(file, 'first'), createDurably(file, 'second')], [true, false])
    assert.equal(readFileSync(file, 'utf8'), 'first')
    assert.deepEqual(readdirSync(join(file, '..')), ['a'])
  })
})

describe('a rotation', () => {
  test('removes what a process left that died while it made a key: it may hold the secret', (t) => {
    const log = openLog(t)
    log.block()
    const keys = join(log.files.audit, 'keys')
    const draft = join(keys, 'next-key.pem.0b8f9c6e-1d2a-4c3b-8e5f-0123456789ab')
    const other = join(keys, 'signing-key.pem.copy')
    for (const file of [draft, other]) writeFileSync(file, 'secret')
    log.rotate()
    assert.deepEqual([existsSync(draft), existsSync(other)], [false, true])
  })

  test('is signed by the old key even where others can read it, but not with that', {
    skip: process.platform === 'win32',
  }, (t) => {
    const log = openLog(t)
    log.block()
    const key = join(log.files.audit, 'keys/signing-key.pem')
    for (const mode of [0o640, 0o620, 0o610, 0o604, 0o602, 0o601]) {
      chmodSync(key, mode)
      assert.throws(() => log.rotate(), /can be read by others/, mode.toString(8))
    }
    chmodSync(key, 0o400)
    log.rotate()
    assert.equal(log.members().event, 'rotate')
  })
})

describe('a lone file', () => {
  test("is verified under any name, gzip'd or not, and cannot be said to lack others", (t) => {
    const log = openLog(t)
    log.block()
    const copy = join(temporaryHome(t), 'copy.txt')
    writeFileSync(copy, readFileSync(log.file))
    assert.deepEqual([verifyLog(copy).problem, verifyLog(copy).lines], [undefined, 2])
    writeFileSync(`${copy}.gz`, gzipSync(readFileSync(log.file)))
    assert.deepEqual(
      [verifyLog(`${copy}.gz`).problem, verifyLog(`${copy}.gz`).segments[0]?.name],
      [undefined, 'copy.txt'],
    )
  })
})
