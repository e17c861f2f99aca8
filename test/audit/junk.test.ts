/** What is taken for an append that was cut off, and what is tampering: the thresholds of the rules on junk. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { BEFORE_GENESIS, sha256 } from '../../src/audit/chain.ts'
import { MAX_JUNK_BYTES } from '../../src/audit/junk.ts'
import { type VerifyOptions, verifyLog } from '../../src/audit/verify.ts'
import { temporaryHome } from '../support/processes.ts'
import { block, chain, genesis, KEYS } from '../support/vectors/log.ts'

const LOG = chain(BEFORE_GENESIS, KEYS.a)
LOG.add(genesis(KEYS.a))
LOG.add(block(1))
const SOUND = Buffer.concat(LOG.lines)
const AS_LAST = { head: LOG.link() }

/** The line that comes next, with what it says of the bytes before it. */
function next(junk?: { readonly bytes: number; readonly sha256: string }): Buffer {
  const further = chain(LOG.link(), KEYS.a)
  further.add(block(2, junk ? { recovery: { junk } } : {}))
  return Buffer.concat(further.lines)
}

function named(text: string) {
  return { bytes: Buffer.byteLength(text), sha256: sha256(Buffer.from(text)) }
}

function verdict(t: TestContext, parts: readonly (string | Buffer)[], options: VerifyOptions = {}) {
  const file = join(temporaryHome(t), 'audit-000001.jsonl')
  writeFileSync(file, Buffer.concat([SOUND, ...parts.map((part) => Buffer.from(part))]))
  const { problem, problems, torn, lines } = verifyLog(file, options)
  return { problem: problem?.what, line: problem?.line, problems, torn: torn?.bytes.length, lines }
}

const LONGEST = `{"at":"${'x'.repeat(MAX_JUNK_BYTES - 7)}`

/** Pieces as long as a line may be. */
const MANY = `{"at":"${'x'.repeat(8191 - 7)}\n`.repeat(8)

describe('what is left at the end of a log', () => {
  for (const [left, isCrash] of [
    ['{', true],
    ['{"', true],
    ['{"a', true],
    ['{"at":"2027-01-15T08:00:02.400Z","count":2', true],
    [LONGEST, true],
    [`${LONGEST}x`, false],
    ['[', false],
    ["{'", false],
    ['{"b', false],
    ['{"event":"block"', false],
    ['{"at":"2027-01-15T08:00:02.400Z"}', false],
    ['x{"at":"2027', false],
  ] as const) {
    test(`${isCrash ? 'is a crash' : 'is no crash'}: ${left.slice(0, 40)}, ${left.length} bytes`, (t) => {
      const found = verdict(t, [left])
      const problem = isCrash ? undefined : 'unfinished append (no LF)'
      assert.deepEqual([found.problem, found.torn], [problem, isCrash ? left.length : undefined])
    })
  }

  test('with a LF is a crash only after the line that is known as the last', (t) => {
    assert.deepEqual(
      [verdict(t, ['{"at":"20\n']).problem, verdict(t, ['{"at":"20\n']).line],
      ['malformed suffix', 3],
    )
    assert.equal(verdict(t, ['{"at":"20\n'], AS_LAST).problem, undefined)
    const other = { head: { ...LOG.link(), sha: '0'.repeat(64) } }
    assert.equal(verdict(t, ['{"at":"20\n'], other).problem, 'malformed suffix')
    const earlier = { head: { ...LOG.link(), seq: 0 } }
    assert.equal(verdict(t, ['{"at":"20\n'], earlier).problem, 'malformed suffix')
  })

  test('may be the whole line that comes next, and no line that comes later', (t) => {
    assert.equal(verdict(t, [next().subarray(0, -1)]).problem, undefined)
    const [, second = Buffer.alloc(0)] = LOG.lines
    assert.equal(verdict(t, [second.subarray(0, -1)]).problem, 'unfinished append (no LF)')
  })
})

describe('what stands before a line', () => {
  const junk = '{"at":"2027'
  for (const [name, before, claim, problem] of [
    ['is junk when the line names it', `${junk}\n`, named(junk), undefined],
    ['is tampering when the line names nothing', `${junk}\n`, undefined, 'malformed suffix'],
    ['is tampering with one byte more', `${junk}1\n`, named(junk), 'malformed suffix'],
    ['is tampering with one byte changed', '{"at":"2028\n', named(junk), 'malformed suffix'],
    ['is tampering with another size', `${junk}\n`, { ...named(junk), bytes: 10 }, 'malformed suffix'],
    ['is tampering with another hash', `${junk}\n`, { ...named('{'), bytes: 11 }, 'malformed suffix'],
    ['is junk in two pieces, the LF between them included', `{"\n${junk}\n`, named(`{"\n${junk}`), undefined],
    [
      'is tampering when the line names the last piece alone',
      `{"\n${junk}\n`,
      named(junk),
      'malformed suffix',
    ],
    ['is tampering when it is not there', '', named(junk), 'the junk that this line names is not there'],
    ['may be an empty piece: a LF was all that was written', '\n', named(''), undefined],
    [
      'is tampering when it begins otherwise, even if it is named',
      'note\n',
      named('note'),
      'malformed suffix',
    ],
    [
      'is tampering when it is complete, even if it is named',
      '{"a":1}\n',
      named('{"a":1}'),
      'malformed suffix',
    ],
    ['is junk in pieces of 64 KiB together', MANY, named(MANY.slice(0, -1)), undefined],
    ['is tampering in more, even if it is named', `${MANY}{\n`, named(`${MANY}{`), 'malformed suffix'],
  ] as const) {
    test(name, (t) => {
      const found = verdict(t, [before, next(claim)])
      assert.equal(found.problem, problem)
      if (problem) assert.equal(found.line, 3)
      assert.equal(found.lines, 3, 'the line itself is sound')
    })
  }

  test('counts as one problem for each piece', (t) => {
    assert.equal(verdict(t, [`{"\n${junk}\n`, next()]).problems, 2)
    assert.equal(verdict(t, [`${junk}\n`, next()]).problems, 1)
  })
})
