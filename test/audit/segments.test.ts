import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { append } from '../../src/audit/append.ts'
import { treeHash } from '../../src/audit/merkle.ts'
import { type Choice, prunable, prune } from '../../src/audit/prune.ts'
import { treeOf } from '../../src/audit/tree.ts'
import { type Log, openLog } from '../support/logs.ts'
import { times } from '../support/processes.ts'

/** What this process has open, where the system says it. */
const OPEN = '/proc/self/fd'

/** A log of ten blocks in several files. */
function longLog(t: TestContext): Log {
  const log = openLog(t, { segmentBytes: 1200 })
  times(10, () => log.block())
  assert.ok(log.segments().length >= 4)
  return log
}

function pack(log: Log, number: number): void {
  const file = log.segment(number)
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)))
  rmSync(file)
}

function pruned(log: Log, choice: Choice): void {
  const report = log.verify()
  prune(log.files, report, prunable(report, choice), log.options)
}

describe('a log in several files', () => {
  test('begins each further file with a line that names the one before, its size and its hash', (t) => {
    const log = longLog(t)
    const { event, prev_segment, seq } = log.members(0, 2)
    assert.equal(event, 'segment')
    const before = readFileSync(log.segment(1))
    assert.deepEqual([prev_segment.file, prev_segment.bytes], ['audit-000001.jsonl', before.length])
    assert.equal(seq, log.members(-1, 1).seq + 1)
    const { problem, lines, link } = log.verify({ head: log.head() })
    assert.deepEqual([problem, lines], [undefined, link.seq + 1])
  })

  test("is verified with files that are gzip'd, all but the last of them", (t) => {
    const log = longLog(t)
    const { lines } = log.verify()
    for (const number of [1, 2]) pack(log, number)
    assert.deepEqual([log.verify().lines, log.verify().problem], [lines, undefined])
    log.block()
    assert.equal(log.verify({ head: log.head() }).lines > lines, true)
  })

  test('is read once, fully or fast, as long as it is sound', (t) => {
    const log = longLog(t)
    const sizes = log.segments().map((name) => statSync(join(log.files.audit, name)).size)
    for (const fast of [false, true]) {
      let read = 0
      const onBytes = (count: number) => {
        read += count
      }
      assert.equal(log.verify({ fast, onBytes }).problem, undefined)
      assert.equal(
        read,
        sizes.reduce((sum, size) => sum + size),
      )
    }
  })

  test('leaves none of its files open, whether it can be read or not', { skip: !existsSync(OPEN) }, (t) => {
    const log = longLog(t)
    const before = readdirSync(OPEN).length
    times(10, () => log.block())
    writeFileSync(`${log.segment(2)}.gz`, 'no gzip')
    rmSync(log.segment(2))
    assert.ok(log.verify().problem)
    assert.equal(readdirSync(OPEN).length, before)
  })

  test("goes on in a new file when even the last was gzip'd", (t) => {
    const log = openLog(t)
    log.block()
    pack(log, 1)
    log.block()
    assert.equal(log.members(0, 2).event, 'segment')
    assert.deepEqual([log.verify({ head: log.head() }).lines, log.verify().problem], [4, undefined])
  })

  test('of which one is no gzip any more is found out, and the rest is verified', (t) => {
    const log = longLog(t)
    const { lines } = log.verify()
    writeFileSync(`${log.segment(2)}.gz`, 'no gzip')
    rmSync(log.segment(2))
    const { problem } = log.verify()
    assert.match(problem?.what ?? '', /^it cannot be unpacked/)
    assert.deepEqual([problem?.file, problem?.line], ['audit-000002.jsonl', 1])
    assert.ok(log.verify().lines > lines / 2)
    log.block()
    assert.equal(log.head()?.seq, lines)
  })

  test('of which the last cannot be read goes on in a new one after a tamper line', (t) => {
    const log = openLog(t)
    log.block()
    writeFileSync(`${log.segment(1)}.gz`, 'no gzip')
    rmSync(log.segment(1))
    log.block()
    assert.match(log.members(0, 2).found, /cannot be unpacked/)
  })

  test('with an empty file after the last is found out, and goes on behind it', (t) => {
    const log = openLog(t)
    log.block()
    writeFileSync(log.segment(2), '')
    assert.equal(log.verify({ head: log.head() }).problem?.what, 'no line in it')
    log.block()
    assert.equal(log.members(0, 3).event, 'tamper')
  })

  test('begins a second tamper line for nothing after a crash that came before its head was saved', (t) => {
    const log = openLog(t)
    log.block()
    const before = readFileSync(log.files.auditDb)
    rmSync(log.segment(1))
    log.block()
    writeFileSync(log.files.auditDb, before)
    log.block()
    assert.deepEqual(log.segments(), ['audit-000002.jsonl'])
    assert.deepEqual(log.members(-1, 2).recovery, { adopted: 2 })
  })

  test('can be kept append-only by the file system', (t) => {
    const log = openLog(t, { segmentBytes: 1200 })
    log.block()
    const files = () => log.segments().map((name) => join(log.files.audit, name))
    try {
      execFileSync('chattr', ['+a', ...files()], { stdio: 'pipe' })
    } catch {
      return t.skip('this user or file system knows no append-only files')
    }
    try {
      times(5, () => log.block())
      assert.ok(log.segments().length > 1)
      assert.equal(log.verify({ head: log.head() }).problem, undefined)
    } finally {
      execFileSync('chattr', ['-a', ...files()], { stdio: 'pipe' })
    }
  })

  for (const [name, spoil] of [
    ['that lacks a file in the middle', (log: Log) => rmSync(log.segment(2))],
    ['that lacks its first file', (log: Log) => rmSync(log.segment(1))],
    ['with two files swapped', swapped],
    ['with a file twice', (log: Log) => writeFileSync(log.segment(3), readFileSync(log.segment(2)))],
    [
      'with bytes after the end of a closed file',
      (log: Log) => writeFileSync(log.segment(1), 'x', { flag: 'a' }),
    ],
  ] as const) {
    test(`${name} is found out without any anchor`, (t) => {
      const log = longLog(t)
      spoil(log)
      assert.ok(log.verify().problem)
      assert.ok(log.verify({ fast: true }).problem)
    })
  }

  test('whose newest file is gone is found out by the head, and goes on after a tamper line', (t) => {
    const log = longLog(t)
    const number = log.segments().length
    rmSync(log.segment(number))
    assert.match(
      log.verify({ head: log.head() }).truncated ?? '',
      /the log ends at line \d+, but audit\.db knows/,
    )
    log.block()
    assert.equal(log.members(0, number + 1).event, 'tamper')
    assert.equal(log.members(0, number + 1).found, 'no such file')
    assert.ok(log.verify().problem)
  })

  test('adopts what was written to the next file before its head could be saved', (t) => {
    const log = openLog(t, { segmentBytes: 1200 })
    times(3, () => log.block())
    const before = readFileSync(log.files.auditDb)
    log.block()
    assert.equal(log.segments().length, 2)
    writeFileSync(log.files.auditDb, before)
    log.block()
    assert.deepEqual(log.members(-1, 2).recovery, { adopted: 2 })
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })
})

describe('a file whose name is not exactly that of a segment', () => {
  for (const name of [
    'audit-0000001.jsonl',
    'audit-000000.jsonl',
    'audit-1.jsonl',
    'audit-99999999999999999999.jsonl',
    'audit-9007199254740993.jsonl',
    'audit-000001.jsonl.bak',
    'audit-000001.jsonl.gz.gz',
    'audit-2.txt',
  ]) {
    test(`is not read, and is named as a problem: ${name}`, (t) => {
      const log = openLog(t)
      log.block()
      writeFileSync(join(log.files.audit, name), readFileSync(log.file))
      for (const fast of [false, true]) {
        const { problem, problems, lines, segments } = log.verify({ head: log.head(), fast })
        assert.deepEqual([problem?.file, problem?.line, problem?.seq], [name, 0, 2])
        assert.match(problem?.what ?? '', /^not the name of a file of this log/)
        assert.deepEqual([problems, lines, segments.length], [1, 2, 1])
      }
    })
  }

  test('does not take the place of the segment with the same number', (t) => {
    const log = openLog(t)
    times(2, () => log.block())
    writeFileSync(join(log.files.audit, 'audit-0000001.jsonl'), readFileSync(log.file))
    log.write(log.lines().with(1, (log.lines()[1] ?? '').replace('"count":10', '"count":11')))
    const { problem, problems } = log.verify()
    assert.deepEqual([problem?.file, problem?.line, problems], ['audit-000001.jsonl', 2, 2])
  })

  test('is a problem when it is the .gz of a file that is there too', (t) => {
    const log = longLog(t)
    writeFileSync(`${log.segment(1)}.gz`, gzipSync(readFileSync(log.segment(1))))
    assert.equal(log.verify({ head: log.head() }).problem?.file, 'audit-000001.jsonl.gz')
    rmSync(log.segment(1))
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })

  test('is none when a process died before it could link a new file to its name', (t) => {
    const log = openLog(t)
    log.block()
    writeFileSync(`${log.segment(2)}.0b8f9c6e-1d2a-4c3b-8e5f-0123456789ab`, 'half')
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })

  for (const name of [
    'audit-0000002.jsonl',
    'audit-000004.jsonl',
    'audit-999999.jsonl',
    'audit-999999999999999.jsonl',
    'audit-9007199254740992.jsonl',
    'audit-99999999999999999999.jsonl',
  ]) {
    test(`never ends signing, and changes no number of a segment: ${name}`, (t) => {
      const log = openLog(t, { segmentBytes: 1200 })
      log.block()
      writeFileSync(join(log.files.audit, name), 'planted')
      times(3, () => log.block())
      assert.equal(log.head()?.segment, 2)
      rmSync(join(log.files.audit, name))
      const { problem, segments } = log.verify({ head: log.head() })
      assert.deepEqual([problem, segments.map(({ number }) => number)], [undefined, [1, 2]])
    })
  }

  test('that has the number which comes next is stepped over with one tamper line', (t) => {
    const log = openLog(t, { segmentBytes: 1200 })
    log.block()
    writeFileSync(log.segment(3), 'planted')
    times(12, () => log.block())
    const files = [1, 2, 4, 5].map((number) => log.lines(number).map((line) => JSON.parse(line).event))
    assert.deepEqual(
      files.map(([first]) => first),
      ['genesis', 'segment', 'tamper', 'segment'],
    )
    assert.equal(files.flat().filter((event) => event === 'tamper').length, 1)
    assert.equal(log.verify({ head: log.head() }).problem?.file, 'audit-000003.jsonl')
    rmSync(log.segment(3))
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })

  test('with a number far away does not move the tamper line of a log without a head there', (t) => {
    const log = openLog(t)
    log.block()
    writeFileSync(join(log.files.audit, 'audit-999999.jsonl'), 'planted')
    rmSync(log.files.auditDb)
    times(2, () => log.block())
    assert.equal(log.head()?.segment, 2)
    assert.deepEqual(
      log.lines(2).map((line) => JSON.parse(line).event),
      ['tamper', 'block', 'block'],
    )
  })
})

describe('pruning', () => {
  test('removes the oldest files, and a signed record says up to which line', (t) => {
    const log = longLog(t)
    const newest = log.segments().length
    pruned(log, { keep: 1 })
    assert.deepEqual(log.segments()[0], `audit-${String(newest).padStart(6, '0')}.jsonl`)
    const { event, through_seq, sha256 } = log.members(-1, newest)
    const first = log.members(0, newest)
    assert.deepEqual([event, through_seq, sha256], ['prune', first.seq - 1, first.prev])
    const report = log.verify({ head: log.head() })
    assert.deepEqual([report.problem, report.truncated, report.first], [undefined, undefined, first.seq])
  })

  test('by age removes only files all of whose lines are older', (t) => {
    const log = longLog(t)
    const at = log.members(-1, 2).at
    const before = new Date(Date.parse(at))
    assert.deepEqual(
      prunable(log.verify(), { before }).map(({ segment }) => segment.number),
      [1],
    )
  })

  test('never removes the file that grows', (t) => {
    const log = longLog(t)
    const before = new Date('2999-01-01')
    assert.equal(prunable(log.verify(), { before }).length, log.segments().length - 1)
  })

  test('that was stopped half way leaves a log that is sound, and can be done again', (t) => {
    const log = longLog(t)
    const doomed = prunable(log.verify(), { keep: 2 }).at(-1)?.segment
    const last = readFileSync(doomed?.file ?? '')
    pruned(log, { keep: 2 })
    writeFileSync(doomed?.file ?? '', last)
    assert.equal(log.verify().problem, undefined)
    const records = log.verify().landmarks.length
    prune(log.files, log.verify(), log.verify().ends.slice(0, 1), log.options)
    assert.equal(log.verify().landmarks.length, records, 'what is recorded is not recorded again')
    pruned(log, { keep: 1 })
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })

  test('more than the record owns up to is found out', (t) => {
    const log = longLog(t)
    pruned(log, { keep: 3 })
    const first = Number(log.segments()[0]?.slice(6, 12))
    rmSync(log.segment(first))
    assert.match(log.verify().problem?.what ?? '', /are missing, and no prune record says so/)
  })

  test('leaves the tree over all lines as it was', (t) => {
    const log = longLog(t)
    const size = log.verify().link.seq + 1
    const whole = treeHash(treeOf(log.verify(), size)).toString('hex')
    pruned(log, { keep: 2 })
    assert.equal(treeHash(treeOf(log.verify(), size)).toString('hex'), whole)
    pruned(log, { keep: 1 })
    assert.equal(treeHash(treeOf(log.verify(), size)).toString('hex'), whole)
  })

  test('cannot be claimed of lines that are there, nor of itself', (t) => {
    const log = openLog(t)
    times(4, () => log.block())
    const { link } = log.verify()
    const tree = treeOf(log.verify(), link.seq + 1).roots
    for (const through_seq of [link.seq, link.seq + 1]) {
      append(log.files, { event: 'prune', through_seq, sha256: link.sha, tree }, log.options)
    }
    const forged = treeOf(log.verify(), link.seq + 1)
    log.write(log.lines().map((line) => line))
    assert.deepEqual(forged.roots, tree, 'hashed from the lines, not taken from the record')
    rmSync(log.segment(1))
    assert.equal(log.verify().lines, 0)
  })

  test('proves nothing of a checkpoint that reaches no line which is still there', (t) => {
    const log = longLog(t)
    pruned(log, { keep: 1 })
    const { first, link } = log.verify()
    assert.throws(() => treeOf(log.verify(), first), {
      message: `the first ${first} lines cannot be compared: lines 0 to ${first - 1} are pruned`,
      hint: 'Take a checkpoint that is newer than the prune',
    })
    assert.equal(treeOf(log.verify(), link.seq + 1).size, link.seq + 1)
  })

  test('of a log whose head is lost too lets it go on', (t) => {
    const log = longLog(t)
    pruned(log, { keep: 1 })
    rmSync(log.files.auditDb)
    append(log.files, { event: 'block' }, log.options)
    assert.equal(log.verify({ head: log.head() }).problem, undefined)
  })
})

function swapped(log: Log): void {
  const aside = join(log.home, 'aside')
  renameSync(log.segment(2), aside)
  renameSync(log.segment(3), log.segment(2))
  renameSync(aside, log.segment(3))
}
