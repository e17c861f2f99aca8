/** Which files a prune may remove, when it needs a record, and what a log must say of what is missing. */

import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { append } from '../../src/audit/append.ts'
import type { AuditObject } from '../../src/audit/canonical.ts'
import { BEFORE_GENESIS, type Link, sha256 } from '../../src/audit/chain.ts'
import { publicPem, secretPem } from '../../src/audit/ed25519.ts'
import { type Choice, prunable, prune } from '../../src/audit/prune.ts'
import { keyAfter, keyNamed, keyNames, verifyLog } from '../../src/audit/verify.ts'
import { openLog, richLog } from '../support/logs.ts'
import { temporaryHome } from '../support/processes.ts'
import { block, chain, genesis, KEYS, SEEDS } from '../support/vectors/log.ts'

const NAMES = ['audit-000001.jsonl', 'audit-000002.jsonl', 'audit-000003.jsonl'] as const

/** The files of a log, of which each is given by the events after its opening line. */
function filesOf(...contents: readonly (readonly AuditObject[])[]): { files: Buffer[]; ends: Link[] } {
  const files: Buffer[] = []
  const ends: Link[] = []
  for (const [index, events] of contents.entries()) {
    const writer = chain(ends.at(-1) ?? BEFORE_GENESIS, KEYS.a)
    const before = files.at(-1) ?? Buffer.alloc(0)
    const prev_segment = { file: NAMES[index - 1] ?? '', bytes: before.length, sha256: sha256(before) }
    for (const event of [index === 0 ? genesis(KEYS.a) : { event: 'segment', prev_segment }, ...events])
      writer.add(event)
    files.push(Buffer.concat(writer.lines))
    ends.push(writer.link())
  }
  return { files, ends }
}

/** A home with these files, in which the log can go on. */
function homeOf(t: TestContext, files: readonly Buffer[], from = 0) {
  const home = temporaryHome(t)
  const audit = join(home, 'audit')
  mkdirSync(join(audit, 'keys'), { recursive: true, mode: 0o700 })
  writeFileSync(join(audit, 'keys/signing-key.pem'), secretPem(Buffer.from(SEEDS.a, 'hex')), { mode: 0o600 })
  writeFileSync(join(audit, `keys/${KEYS.a.key}.pub.pem`), publicPem(KEYS.a.pub))
  for (const [index, content] of files.entries()) {
    if (index >= from) writeFileSync(join(audit, NAMES[index] ?? ''), content)
  }
  const options = { patience: () => 0, clock: () => 1_800_000_100_000, segmentBytes: 1e6 }
  const place = { audit, auditDb: join(home, 'audit.db') }
  return { audit, place, options, verify: () => verifyLog({ folder: audit }) }
}

function logOf(audit: string): string[] {
  return readdirSync(audit)
    .filter((name) => name.startsWith('audit-'))
    .sort()
}

function eventsOf(file: string): AuditObject[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe('pruning', () => {
  test('of a file of one line needs a record too, that of a genesis alone', (t) => {
    const { files, ends } = filesOf([], [block(1)])
    const { audit, place, options, verify } = homeOf(t, files)
    prune(place, verify(), prunable(verify(), { keep: 1 }), options)
    assert.deepEqual(logOf(audit), ['audit-000002.jsonl'])
    const { event, through_seq, sha256: hash } = eventsOf(join(audit, 'audit-000002.jsonl')).at(-1) ?? {}
    assert.deepEqual([event, through_seq, hash], ['prune', 0, ends[0]?.sha])
    assert.deepEqual([verify().problem, verify().first], [undefined, 1])
  })

  test('of a file of one line after an earlier prune needs a record of its own', (t) => {
    const { files, ends } = filesOf([], [], [block(1)])
    const { audit, place, options, verify } = homeOf(t, files)
    for (const keep of [2, 1]) prune(place, verify(), prunable(verify(), { keep }), options)
    const records = eventsOf(join(audit, 'audit-000003.jsonl')).filter(({ event }) => event === 'prune')
    assert.deepEqual(
      records.map(({ through_seq, sha256: hash }) => [through_seq, hash]),
      ends.slice(0, 2).map(({ seq, sha }) => [seq, sha]),
    )
    assert.deepEqual([verify().problem, verify().first], [undefined, 2])
  })

  test('of nothing writes nothing', (t) => {
    const { audit, place, options, verify } = homeOf(t, filesOf([], [block(1)]).files)
    prune(place, verify(), prunable(verify(), { keep: 2 }), options)
    assert.deepEqual([logOf(audit), verify().lines], [NAMES.slice(0, 2), 3])
  })

  test('takes away what processes left that died while they made a file', (t) => {
    const { audit, place, options, verify } = homeOf(t, filesOf([], [block(1)]).files)
    const draft = join(audit, 'audit-000003.jsonl.0b8f9c6e-1d2a-4c3b-8e5f-0123456789ab')
    writeFileSync(draft, 'half')
    prune(place, verify(), prunable(verify(), { keep: 1 }), options)
    assert.equal(existsSync(draft), false)
  })

  /** The last lines of the three files are of these times. */
  const [first, second] = ['2027-01-15T08:00:01.400Z', '2027-01-15T08:00:03.400Z']
  for (const [choice, gone] of [
    [{ keep: 1 }, 2],
    [{ keep: 2 }, 1],
    [{ keep: 3 }, 0],
    [{ keep: 4 }, 0],
    [{ before: new Date(first) }, 0],
    [{ before: new Date(Date.parse(first) + 1) }, 1],
    [{ before: new Date(second) }, 1],
    [{ before: new Date(Date.parse(second) + 1) }, 2],
    [{ before: new Date('2100-01-01') }, 2],
    [{ before: new Date(Number.NaN) }, 0],
  ] as const satisfies readonly (readonly [Choice, number])[]) {
    test(`with ${JSON.stringify(choice)} may remove ${gone} of 3 files`, (t) => {
      const { verify } = homeOf(t, filesOf([block(1)], [block(2)], [block(3)]).files)
      assert.deepEqual(
        prunable(verify(), choice).map(({ segment }) => segment.name),
        NAMES.slice(0, gone),
      )
    })
  }
})

describe('a log whose first file is missing', () => {
  const recordOf = (end: Link | undefined, more: AuditObject = {}) => {
    return { event: 'prune', through_seq: end?.seq ?? -1, sha256: end?.sha ?? '', tree: [], ...more }
  }
  const { ends } = filesOf([block(1)], [block(2)])
  const [firstEnd] = ends

  for (const [name, record, isMissing] of [
    ['is whole with a record of its last line', recordOf(firstEnd), false],
    ['is not whole without a record', undefined, true],
    ['is not whole with a record of another hash', recordOf(firstEnd, { sha256: '0'.repeat(64) }), true],
    ['is not whole with a record of less', recordOf(firstEnd, { through_seq: 0 }), true],
    ['is not whole with a record of more than is in any file', recordOf(firstEnd, { through_seq: 2 }), true],
    ['is not whole with a record whose number is none', recordOf(firstEnd, { through_seq: '1' }), true],
    ['is not whole with another event that says so', recordOf(firstEnd, { event: 'reset' }), true],
  ] as const) {
    test(name, (t) => {
      const { files } = filesOf([block(1)], [block(2), ...(record ? [record] : [])])
      const { problem, problems } = homeOf(t, files, 1).verify()
      const what = 'lines 0 to 1 are missing, and no prune record says so'
      assert.deepEqual(
        [problem?.what, problem?.seq, problem?.line, problems],
        isMissing ? [what, 2, 1, 1] : [undefined, undefined, undefined, 0],
      )
    })
  }

  test('is whole with a record of a later file that a crash has left', (t) => {
    const {
      files: before,
      ends: [, end],
    } = filesOf([block(1)], [block(2)])
    assert.ok(before.length === 2)
    const { files } = filesOf([block(1)], [block(2)], [block(3), recordOf(end)])
    assert.equal(homeOf(t, files, 1).verify().problem, undefined)
  })

  test('is not whole with a record of a line in the middle of a file', (t) => {
    const { files: before } = filesOf([block(1)], [block(2), block(3)])
    const middle = chainEnd(before[1], 2)
    const { files } = filesOf([block(1)], [block(2), block(3)], [recordOf(middle)])
    assert.match(homeOf(t, files, 1).verify().problem?.what ?? '', /no prune record says so/)
  })

  test('is not whole with a record of itself', (t) => {
    const record = { event: 'prune', through_seq: 3, sha256: '', tree: [] }
    const { files } = filesOf([block(1)], [record])
    assert.match(homeOf(t, files, 1).verify().problem?.what ?? '', /no prune record says so/)
  })

  test('cannot be verified without its public key, or with another under its name', (t) => {
    const { files } = filesOf([block(1)], [recordOf(firstEnd)])
    const { audit, verify } = homeOf(t, files, 1)
    const pem = join(audit, `keys/${KEYS.a.key}.pub.pem`)
    writeFileSync(pem, publicPem(KEYS.b.pub))
    assert.throws(verify, {
      message: /its key 06e3fd8fda29bb60 is not there/,
      hint: /^Put 06e3fd8fda29bb60\.pub\.pem into /,
    })
    writeFileSync(pem, 'no key')
    assert.throws(verify, /is not there/)
    rmSync(pem)
    assert.throws(verify, /is not there/)
  })

  test('is verified with the public key beside its files, as somebody may have been given them', (t) => {
    const { files } = filesOf([block(1)], [recordOf(firstEnd)])
    const { audit, verify } = homeOf(t, files, 1)
    const pem = join(audit, `keys/${KEYS.a.key}.pub.pem`)
    copyFileSync(pem, join(audit, `${KEYS.a.key}.pub.pem`))
    rmSync(pem)
    const { problem, from } = verify()
    assert.deepEqual([problem, from.pub, from.seq], [undefined, KEYS.a.pub, 1])
    assert.deepEqual(keyNames(verify()), [KEYS.a.key])
  })

  test('goes on without its audit.db, with the key that it was last signed with', (t) => {
    const { files } = filesOf([block(1)], [recordOf(firstEnd)])
    const { place, options, verify } = homeOf(t, files, 1)
    assert.equal(append(place, { event: 'block' }, options).seq, 4)
    assert.equal(verify().problem, undefined)
  })

  test('that is a whole log with another number is one from its genesis on', (t) => {
    const { files } = filesOf([block(1)])
    const { audit, verify } = homeOf(t, [])
    writeFileSync(join(audit, 'audit-000007.jsonl'), files[0] ?? '')
    assert.deepEqual([verify().problem, verify().first, verify().lines], [undefined, 0, 2])
  })
})

/** The link after so many lines of a file. */
function chainEnd(file: Buffer | undefined, lines: number): Link {
  const kept = file?.toString().split('\n').slice(0, lines) ?? []
  const { seq, log } = JSON.parse(kept.at(-1) ?? '')
  return { seq, log, sha: sha256(Buffer.from(`${kept.at(-1)}\n`)), pub: KEYS.a.pub }
}

describe('the keys of a log', () => {
  test('are those of genesis and of each rotation, and each is in force from the next line on', (t) => {
    const log = richLog(t)
    const report = log.verify()
    const [old = '', young = ''] = keyNames(report)
    const rotation = report.landmarks.find(({ members }) => members.event === 'rotate')?.seq ?? -1
    assert.equal(rotation, 3)
    const after = (seq: number) =>
      keyAfter(report, seq).equals(keyNamed(report, old) ?? Buffer.alloc(0)) ? old : young
    assert.deepEqual([0, 2, 3, 4].map(after), [old, old, young, young])
    assert.deepEqual([keyNames(report).length, keyNamed(report, '0123456789abcdef')], [2, undefined])
  })
})

describe('an end that is not the one that audit.db knows', () => {
  for (const [name, head, what] of [
    ['a line of another hash', { sha: '0'.repeat(64) }, 'line 1 is not the one that audit.db knows'],
    ['a later line', { seq: 2, sha: '0'.repeat(64) }, 'the log ends at line 1, but audit.db knows line 2'],
    ['a line of another log', { log: '0'.repeat(32), sha: '0'.repeat(64) }, 'audit.db knows another log'],
    ['an earlier line', { seq: 0 }, 'line 0 is not the one that audit.db knows'],
  ] as const) {
    test(`is found out when that is ${name}`, (t) => {
      const log = openLog(t)
      log.block()
      const known = log.head()
      assert.ok(known)
      assert.equal(log.verify({ head: known }).truncated, undefined)
      assert.equal(log.verify({ head: { ...known, ...head } }).truncated, what)
      assert.equal(log.verify({ head: { ...known, ...head } }).isAnchored, false)
    })
  }

  test('is found out when the log is gone, and when it has other problems is not told beside them', (t) => {
    const log = openLog(t)
    log.block()
    const head = log.head()
    log.write(log.lines().map((line) => line.replace('"count":10', '"count":11')))
    assert.deepEqual([log.verify({ head }).truncated, log.verify({ head }).problem?.line], [undefined, 2])
    rmSync(log.file)
    assert.equal(log.verify({ head }).truncated, 'the log is gone, but audit.db knows line 1')
  })
})
