/** Blocks that could not be signed: the next signed line says how many there were. */

import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, type TestContext, test } from 'node:test'
import { append } from '../../src/audit/append.ts'
import { openLog } from '../support/logs.ts'

/** A log whose lines are signed while `counted.total` blocks could not be. */
function counting(t: TestContext, segmentBytes = 1e6) {
  const log = openLog(t, { segmentBytes })
  const counted: { total: number | undefined } = { total: 0 }
  const block = (settle?: () => void) =>
    append(
      log.files,
      { event: 'block' },
      { ...log.options, unsigned: () => counted.total, ...(settle ? { settle } : {}) },
    )
  const told = () =>
    log
      .segments()
      .flatMap((_, index) => log.lines(index + 1))
      .map((line) => JSON.parse(line).recovery?.unsigned ?? 0)
      .filter(Boolean)
  return { log, counted, block, told, isSound: () => log.verify({ head: log.head() }).problem === undefined }
}

describe('the next signed line', () => {
  test('carries how many before it were not signed, once', (t) => {
    const { counted, block, told, isSound } = counting(t)
    for (const total of [0, 3, 3, 5, undefined, 6]) {
      counted.total = total
      block()
    }
    assert.deepEqual(told(), [3, 2, 1])
    assert.equal(isSound(), true)
  })

  test('is the first one of a log too, and the first one of a further file', (t) => {
    const { counted, block, told, isSound } = counting(t, 900)
    for (const total of [1, 3, 6, 10]) {
      counted.total = total
      block()
    }
    assert.deepEqual(told(), [1, 2, 3, 4])
    assert.equal(isSound(), true)
  })

  test('names junk and unsigned blocks together', (t) => {
    const { log, counted, block, isSound } = counting(t)
    block()
    writeFileSync(log.file, `${readFileSync(log.file, 'latin1')}{"at":"cut off`, 'latin1')
    counted.total = 2
    block()
    const { junk, unsigned } = log.members().recovery
    assert.deepEqual([junk.bytes, unsigned], [14, 2])
    assert.equal(isSound(), true)
  })

  test('says it after a log that is not as its writer left it, in the tamper line', (t) => {
    const { log, counted, block, told } = counting(t)
    block()
    block()
    log.write(log.lines().slice(0, 1))
    counted.total = 4
    block()
    assert.deepEqual([log.members(0, 2).event, told()], ['tamper', [4]])
  })

  test('does not say it again when its writer died before audit.db knew of it', (t) => {
    const { counted, block, told, isSound } = counting(t)
    block()
    counted.total = 2
    assert.throws(() =>
      block(() => {
        throw new Error('killed')
      }),
    )
    block()
    assert.deepEqual(told(), [2])
    assert.equal(isSound(), true)
  })

  test('does not say it again when audit.db is lost', (t) => {
    const { log, counted, block, told } = counting(t)
    counted.total = 2
    block()
    rmSync(log.files.auditDb)
    counted.total = 3
    block()
    assert.deepEqual(told(), [2, 1])
  })

  test('counts anew with a new state.db', (t) => {
    const { counted, block, told } = counting(t)
    for (const total of [5, 1, 2]) {
      counted.total = total
      block()
    }
    assert.deepEqual(told(), [5, 1, 1])
  })
})
