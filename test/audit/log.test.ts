import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { append, reference } from '../../src/audit/append.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { temporaryHome } from '../support/processes.ts'

function log(t: TestContext) {
  const home = temporaryHome(t)
  const files = { audit: join(home, 'audit'), auditDb: join(home, 'audit.db') }
  const file = join(files.audit, 'audit-000001.jsonl')
  const block = () =>
    append(
      files,
      { event: 'block', tool: 'Bash', count: 10 },
      { patience: () => 0, clock: () => 1_800_000_000_000 },
    )
  const lines = () => readFileSync(file, 'latin1').trimEnd().split('\n')
  const verify = () => verifyLog({ folder: files.audit })
  return { home, files, file, block, lines, verify }
}

describe('the audit log', () => {
  test('begins with a genesis line, and each line names the hash of the one before', (t) => {
    const { block, lines, verify } = log(t)
    const first = block()
    const second = block()
    assert.deepEqual([first.seq, second.seq], [1, 2])
    assert.match(reference(second), /^[0-9a-f]{8}#2 [0-9a-f]{4}…$/)
    const [genesis, , last] = lines().map((line) => JSON.parse(line))
    assert.deepEqual([genesis.event, genesis.seq, genesis.prev], ['genesis', 0, '0'.repeat(64)])
    assert.deepEqual([last.prev, last.log, last.v], [first.sha, first.log, 'spikectl.audit/1'])
    assert.deepEqual([verify().lines, verify().problem, verify().link.sha], [3, undefined, second.sha])
  })

  for (const [name, spoil, line, what] of [
    ['a changed value', (l: string[]) => l.with(1, (l[1] ?? '').replace('10', '11')), 2, 'bad signature'],
    ['a deleted line', (l: string[]) => l.toSpliced(1, 1), 2, 'chain broken'],
    ['a repeated line', (l: string[]) => l.toSpliced(1, 0, l[1] ?? ''), 3, 'chain broken'],
    ['two swapped lines', (l: string[]) => [l[0], l[2], l[1], l[3]].map(String), 2, 'chain broken'],
    ['no genesis', (l: string[]) => l.slice(1), 1, 'no genesis'],
    ['a space at the end of a line', (l: string[]) => l.with(1, `${l[1]} `), 2, 'malformed suffix'],
    ['a CR', (l: string[]) => l.with(1, `${l[1]}\r`), 2, 'malformed suffix'],
    ['an empty line', (l: string[]) => l.toSpliced(1, 0, ''), 2, 'malformed suffix'],
    [
      'a key before the real one',
      (l: string[]) => l.with(1, (l[1] ?? '').replace('{', '{"count":1,')),
      2,
      'bad signature',
    ],
  ] as const) {
    test(`with ${name} is found out at line ${line}: ${what}`, (t) => {
      const { file, block, lines, verify } = log(t)
      for (let i = 0; i < 3; i += 1) block()
      writeFileSync(file, `${spoil(lines()).join('\n')}\n`, 'latin1')
      const { problem } = verify()
      assert.deepEqual([problem?.line, problem?.what], [line, what])
    })
  }

  test('with a line of another log is found out', (t) => {
    const [one, two] = [log(t), log(t)]
    for (const { block } of [one, two]) for (let i = 0; i < 2; i += 1) block()
    const mixed = one.lines().with(2, two.lines()[2] ?? '')
    writeFileSync(one.file, `${mixed.join('\n')}\n`, 'latin1')
    assert.match(one.verify().problem?.what ?? '', /key is not the active key|bad signature/)
  })

  test('whose head was not saved after a line adopts that line and goes on', (t) => {
    const { files, block, verify } = log(t)
    block()
    const before = readFileSync(files.auditDb)
    block()
    writeFileSync(files.auditDb, before)
    assert.equal(block().seq, 3)
    assert.deepEqual([verify().lines, verify().problem], [4, undefined])
  })

  test('that ends in half a line goes on after it, and says what it left behind', (t) => {
    const { file, block, lines, verify } = log(t)
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
    const { file, block, lines, verify } = log(t)
    block()
    block()
    writeFileSync(file, `${lines().toSpliced(1, 0, 'half a line').join('\n')}\n`, 'latin1')
    assert.equal(verify().problem?.line, 2)
  })

  test('without its head finds it again, and says so', (t) => {
    const { files, block, lines, verify } = log(t)
    block()
    rmSync(files.auditDb)
    block()
    assert.deepEqual(JSON.parse(lines()[2] ?? '').recovery, { anchor: 'rebuilt' })
    assert.equal(verify().problem, undefined)
  })

  test('that is shorter than its head is not written to', (t) => {
    const { file, block } = log(t)
    block()
    truncateSync(file, 100)
    assert.throws(block, /is not as we left it/)
    assert.equal(readFileSync(file).length, 100)
  })
})

describe('the signing key', () => {
  const keyOf = (audit: string) => join(audit, 'keys/signing-key.pem')

  test('that others can read is refused', (t) => {
    const { files, block } = log(t)
    block()
    chmodSync(keyOf(files.audit), 0o644)
    assert.throws(block, /can be read by others/)
  })

  test('that is a symlink is refused', (t) => {
    const { home, files, block } = log(t)
    block()
    writeFileSync(join(home, 'elsewhere'), readFileSync(keyOf(files.audit)), { mode: 0o600 })
    rmSync(keyOf(files.audit))
    symlinkSync(join(home, 'elsewhere'), keyOf(files.audit))
    assert.throws(block, /is a symbolic link/)
  })

  test('that is not the one the log continues with is refused', (t) => {
    const { files, block } = log(t)
    block()
    rmSync(keyOf(files.audit))
    assert.throws(block, /is not the one the log continues with/)
  })
})
