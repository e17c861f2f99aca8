/** audit.db lost, damaged or old; a disk that is full: the log goes on, and nothing that was acknowledged is lost. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type Log, openLog } from '../support/logs.ts'
import { times } from '../support/processes.ts'

describe('an audit.db', () => {
  test('that is gone is made anew from the files, whatever their number', (t) => {
    const log = openLog(t, { segmentBytes: 1200 })
    times(8, () => log.block())
    rmSync(log.files.auditDb)
    const { seq } = log.block()
    assert.equal(log.head()?.seq, seq)
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })

  test('of zeros is moved aside and made anew', (t) => {
    const log = openLog(t)
    log.block()
    writeFileSync(log.files.auditDb, Buffer.alloc(8192))
    log.block()
    assert.deepEqual(log.members().recovery, { anchor: 'rebuilt' })
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
    assert.equal(readdirSync(log.home).filter((name) => /^audit\.db\.damaged-.*\d$/.test(name)).length, 1)
  })

  test('of yesterday takes up what was written since, over several files and a new key, and says so', (t) => {
    const log = openLog(t, { segmentBytes: 1200 })
    log.block()
    const yesterday = readFileSync(log.files.auditDb)
    times(3, () => log.block())
    log.rotate()
    times(3, () => log.block())
    const last = log.head()?.seq ?? 0
    writeFileSync(log.files.auditDb, yesterday)
    assert.equal(log.block().seq > last, true)
    const recoveries = log
      .segments()
      .flatMap((_, index) => log.lines(index + 1).map((line) => JSON.parse(line).recovery))
    assert.deepEqual(recoveries.filter(Boolean), [{ adopted: last - 1 }])
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })

  test('that is gone, with a log that is not sound, leads to a tamper line after its last sound file', (t) => {
    const log = openLog(t, { segmentBytes: 1200 })
    times(4, () => log.block())
    const number = log.segments().length
    rmSync(log.files.auditDb)
    log.write(
      log.lines(number).map((line) => line.replace('"count":10', '"count":11')),
      number,
    )
    log.block()
    assert.equal(log.members(0, number + 1).found, 'no head, and a log that is not sound')
    assert.ok(log.verify().problem)
  })

  test('that is gone, with lines that somebody has added, does not make us vouch for them', (t) => {
    const log = openLog(t)
    times(3, () => log.block())
    const { sha } = log.head() ?? {}
    const last = log.lines().at(-1) ?? ''
    const forged = last.replace(/"prev":"[0-9a-f]+"/, `"prev":"${sha}"`).replace('"seq":3', '"seq":4')
    log.write([...log.lines(), forged])
    rmSync(log.files.auditDb)
    log.block()
    assert.deepEqual([log.members(0, 2).event, log.members(0, 2).prev], ['tamper', sha])
    assert.ok(log.verify({ fast: true }).problem)
  })
})

describe('bytes after the end of the log', () => {
  test('that are no line of ours, and too many for a crash, lead to a tamper line in a new file', (t) => {
    const log = openLog(t)
    log.block()
    appendFileSync(log.file, 'x'.repeat(70_000))
    log.block()
    assert.deepEqual(
      [log.members(0, 2).event, log.members(0, 2).found],
      ['tamper', 'bytes after it that are no lines of ours'],
    )
    assert.equal(log.verify({ head: log.head() }).problem?.line, 3)
  })

  test('that are a whole line of somebody else, or junk that was taken away again, are found out', (t) => {
    const log = openLog(t)
    log.block()
    const sound = readFileSync(log.file)
    appendFileSync(log.file, '{"all":true,"by":"alice","event":"reset"}\n{"at')
    assert.equal(log.verify({ head: log.head() }).problem?.line, 3)
    writeFileSync(log.file, sound)
    appendFileSync(log.file, '{"at":"20')
    log.block()
    assert.equal(log.verify().problem, undefined)
    log.write(log.lines().toSpliced(2, 1))
    assert.equal(log.verify().problem?.what, 'the junk that this line names is not there')
  })

  test('that only close a line that a crash cut off are taken for a crash', (t) => {
    const log = openLog(t)
    log.block()
    appendFileSync(log.file, '{"at":"20\n')
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
    assert.equal(log.verify().problem?.what, 'malformed suffix', 'without an anchor nobody can know')
    log.block()
    assert.equal(log.members().recovery.junk.bytes, 9, 'without the LF')
    assert.equal(log.verify().problem, undefined)
  })

  test('of one append after another that was cut off are all named by the next line', (t) => {
    const log = openLog(t)
    log.block()
    appendFileSync(log.file, '{"at":"20\n{"at":"2026')
    log.block()
    assert.equal(log.members().recovery.junk.bytes, 21)
    assert.equal(log.verify().problem, undefined)
  })
})

describe('a full disk', () => {
  test('in the middle of an append loses no line before it, and is recovered from once there is room', (t) => {
    const log = onSmallDisk(t)
    if (!log) return t.skip('this user cannot mount a small file system')
    const done: number[] = []
    const filler = join(log.files.audit, 'filler')
    writeFileSync(filler, '')
    log.block()
    fill(filler)
    assert.throws(() => {
      for (;;) done.push(log.block({ cwd: '/home/dev/some/project' }).seq)
    }, /ENOSPC/)
    const report = log.verify({ head: log.head() })
    assert.deepEqual([report.problem, report.link.seq], [undefined, done.at(-1)])
    assert.ok(report.torn, 'the last append was cut off in the middle')
    rmSync(filler)
    assert.equal(log.block().seq, (done.at(-1) ?? 0) + 1)
    assert.ok(log.members().recovery.junk.bytes > 0)
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })
})

/** A log on a file system of 64 kB, or undefined where that cannot be had. */
function onSmallDisk(t: TestContext): Log | undefined {
  let mounted = false
  t.after(() => mounted && execFileSync('umount', [log.files.audit])) // before the folder is removed
  const log = openLog(t)
  mkdirSync(log.files.audit, { mode: 0o700 })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', log.files.audit], {
      stdio: 'pipe',
    })
  } catch {
    return undefined // not root, or in a container that may not mount
  }
  mounted = true
  return log
}

/** Takes all pages that are left: what the log's last page still has room for is all it can write. */
function fill(file: string): void {
  assert.throws(() => {
    for (;;) appendFileSync(file, Buffer.alloc(4096))
  }, /ENOSPC/)
}
