/** What is true of every byte of a log: tried at each of them, which takes longer than all other tests of the log. */

import assert from 'node:assert/strict'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { openLog, richLog, snapshot } from '../support/logs.ts'

describe('a log', () => {
  test('with one byte changed, whichever it is, is found out, fully read or fast', (t) => {
    const { segment, verify, head } = richLog(t)
    for (const number of [1, 2]) {
      const sound = readFileSync(segment(number))
      for (let index = 0; index < sound.length; index += 1) {
        const changed = Buffer.from(sound)
        changed[index] = (changed[index] ?? 0) ^ 0x01
        writeFileSync(segment(number), changed)
        for (const fast of [false, true]) {
          const { problem, truncated } = verify({ fast, head: head() })
          assert.ok(problem || truncated, `file ${number}, byte ${index}, fast: ${fast}`)
        }
      }
      writeFileSync(segment(number), sound)
    }
    assert.equal(verify({ head: head() }).problem, undefined)
  })

  test('with one bit flipped, in a sample of all bits, is found out without any anchor', (t) => {
    const { segment, verify } = richLog(t)
    for (const number of [1, 2]) {
      const sound = readFileSync(segment(number))
      const end = number === 2 ? sound.length - 1 : sound.length // without an anchor, a lost last LF is a crash
      for (let index = number; index < end; index += 7) {
        for (let bit = 0; bit < 8; bit += 1) {
          const changed = Buffer.from(sound)
          changed[index] = (changed[index] ?? 0) ^ (1 << bit)
          writeFileSync(segment(number), changed)
          assert.ok(verify().problem, `file ${number}, byte ${index}, bit ${bit}`)
        }
      }
      writeFileSync(segment(number), sound)
    }
  })

  test('cut off at any byte is found out by the head', (t) => {
    const log = richLog(t)
    const { segment, verify, head } = log
    const restore = snapshot(log)
    const anchor = head()
    for (const number of [2, 1]) {
      if (number === 1) rmSync(segment(2))
      for (let size = readFileSync(segment(number)).length - 1; size >= 0; size -= 1) {
        truncateSync(segment(number), size)
        const { problem, truncated } = verify({ head: anchor })
        assert.ok(problem || truncated, `file ${number}, ${size} bytes`)
      }
    }
    restore()
    assert.equal(verify({ head: anchor }).truncated, undefined)
  })
})

describe('an append that was cut off', () => {
  test('is a crash wherever that was, and a crash again while it is mended', (t) => {
    const log = openLog(t)
    log.block()
    const [sound, head] = [readFileSync(log.file), readFileSync(log.files.auditDb)]
    log.block()
    const line = readFileSync(log.file).subarray(sound.length)
    const cutOff = (before: Buffer, added: Buffer) => {
      writeFileSync(log.file, Buffer.concat([before, added]))
      writeFileSync(log.files.auditDb, head)
      assert.equal(log.verify({ head: log.head() }).problem, undefined)
    }
    for (let size = 1; size < line.length; size += 1) {
      cutOff(sound, line.subarray(0, size))
      const torn = readFileSync(log.file)
      log.block()
      assert.equal(log.verify({ head: log.head() }).problem, undefined, `cut off after ${size} bytes`)
      const mending = readFileSync(log.file).subarray(torn.length)
      cutOff(torn, mending.subarray(0, 1 + ((size * 7) % mending.length)))
      log.block()
      assert.equal(log.verify({ head: log.head() }).problem, undefined, `and mended half after ${size} bytes`)
    }
  })
})
