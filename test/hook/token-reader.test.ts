/** Reading ahead without the lock, and again under it: real files, and positions as other hooks leave them. */

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { describe, type TestContext, test } from 'node:test'
import { readerOf } from '../../src/hook/token-reader.ts'
import { USAGE } from '../../src/hosts/claude-code/usage.ts'
import type { Position, Reading } from '../../src/store/reading.ts'
import { temporaryHome, times } from '../support/processes.ts'
import { add, answerLine, transcriptOf } from '../support/spending.ts'

const MAIN = { id: 'main', type: '' }

/** A session's transcript, its length, and a reader of it. */
function transcript(t: TestContext) {
  const home = temporaryHome(t)
  const file = transcriptOf(home)
  const input = {
    name: 'Stop',
    session: 's1',
    agent: MAIN,
    cwd: '/',
    agentTranscript: undefined,
    transcript: file,
  }
  const source = { env: { HOME: home }, hash: (text: string) => text }
  const reader = readerOf(USAGE, input, source)
  assert.ok(reader)
  const from = (position: Position | undefined) => {
    const [reading] = reader.read(() => position, '').readings
    return reading
  }
  return { file, from, size: () => statSync(file).size }
}

/** Where the ledger stands once a reading is counted. */
function after({ node, offset, tail, size }: Reading): Position {
  return { node, offset, tail, size, mark: 0 }
}

const answers = (from: number, count: number) => times(count, (i) => answerLine(`m${from + i}`, 10))

describe('a transcript that was read ahead', () => {
  test('is read no more under the lock while it stands where it stood', (t) => {
    const { file, from } = transcript(t)
    add(file, ...answers(1, 3))
    const ahead = from(undefined)
    add(file, ...answers(4, 3))
    assert.equal(from(undefined), ahead)
    assert.equal(ahead?.entries.length, 3)
  })

  test('has nothing left where another hook has read as far, and what came since is for the next event', (t) => {
    const { file, from, size } = transcript(t)
    add(file, ...answers(1, 2))
    const first = from(undefined)
    assert.ok(first)
    add(file, ...answers(3, 2))
    const second = from(after(first))
    assert.deepEqual([second?.entries, second?.offset], [[], first.offset])
    assert.ok(size() > first.offset)
  })

  test('holds from there on where another hook has read a part of it', (t) => {
    const { file, from, size } = transcript(t)
    add(file, ...answers(1, 2))
    const part = size()
    add(file, ...answers(3, 2))
    const ahead = from(undefined)
    assert.ok(ahead)
    add(file, ...answers(5, 2))
    const rest = from({ ...after(ahead), offset: part })
    assert.deepEqual([rest?.from, rest?.entries.length, rest?.offset], [part, 2, ahead.offset])
  })

  test('is read on by at most 256 KiB while all others wait', (t) => {
    const { file, from } = transcript(t)
    add(file, ...answers(1, 1))
    const ahead = from(undefined)
    assert.ok(ahead)
    add(file, ...answers(2, 4000))
    const replaced = from({ ...after(ahead), node: 'another' })
    assert.ok(replaced && replaced.offset > 250_000 && replaced.offset <= 256 * 1024)
  })
})
