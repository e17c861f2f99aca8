/** Transcripts that are more than one hook may read: it takes a part, and the rest at the next events. Real hook processes. */

import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { times } from '../support/processes.ts'
import {
  add,
  agentTranscriptOf,
  answerLine,
  noticesIn,
  promptLine,
  spendingHome,
  toldAt,
  transcriptOf,
  unreadIn,
  usedIn,
} from '../support/spending.ts'

describe('a line of 50 MB', () => {
  for (const [name, tail] of [
    ['in the main transcript', (home: string) => transcriptOf(home)],
    ['in an agent’s, while the main one grows', (home: string) => agentTranscriptOf(home, 'a')],
  ] as const) {
    test(`${name} is passed over, and what follows it counts`, async (t) => {
      const home = spendingHome(t)
      add(transcriptOf(home), promptLine(), answerLine('m1', 100))
      add(
        tail(home),
        `{"type":"user","message":{"content":"${'x'.repeat(50_000_000)}"}}\n`,
        answerLine('m2', 20),
      )
      for (const i of times(9, Number)) {
        assert.equal(await toldAt(home), '')
        add(transcriptOf(home), answerLine(`more ${i}`, 10))
      }
      assert.equal(await toldAt(home), '')
      assert.deepEqual([usedIn(t, home), unreadIn(t, home)], [[210, 210, 210], 0])
    })
  }
})

describe('5,000 agents', () => {
  test('are all read, some at each event, and what they had used before is not of this prompt', async (t) => {
    const home = spendingHome(t)
    const old = { timestamp: '2026-11-01T00:00:00Z' }
    add(transcriptOf(home), promptLine(old), answerLine('m1', 100, old), promptLine(), answerLine('m2', 7))
    for (const i of times(5000, Number))
      add(agentTranscriptOf(home, `${i}`), answerLine(`a${i}`, 10, i % 100 === 0 ? {} : old))
    for (const _ of times(20, Number)) assert.equal(await toldAt(home), '')
    assert.deepEqual(usedIn(t, home).slice(0, 2), [7 + 50 * 10, 107 + 50_000])
  })

  test('whose transcripts are all links are told of in few words', async (t) => {
    const home = spendingHome(t)
    add(transcriptOf(home), answerLine('m1', 100))
    const folder = dirname(agentTranscriptOf(home, 'a'))
    mkdirSync(folder, { recursive: true })
    for (const i of times(5000, Number)) symlinkSync('/dev/null', join(folder, `agent-${i}.jsonl`))
    assert.match(
      await toldAt(home),
      /^spikectl: \S+ is a symbolic link: no tokens are counted from it, nor from 254 more like it$/,
    )
    assert.deepEqual((await noticesIn(home)).length, 1)
  })
})

describe('a transcript of 60 MB that is met for the first time', () => {
  test('is read a part at each event, and says how much is left', async (t) => {
    const home = spendingHome(t, { prompt: { haltTokens: 1000 } })
    const main = transcriptOf(home)
    add(main, promptLine(), answerLine('old', 5000))
    truncateSync(main, 60_000_000)
    add(main, `\n${promptLine()}${answerLine('new', 10)}`)
    const left: (number | undefined)[] = []
    for (const _ of times(9, Number)) {
      assert.equal(await toldAt(home), '')
      left.push(unreadIn(t, home))
    }
    assert.ok(
      left.every((each = 0, i) => each === 0 || each < (left[i - 1] ?? Infinity)),
      left.join(),
    )
    assert.equal(left.at(-1), 0)
    assert.ok((left[0] ?? 0) > 60_000_000 - 9_000_000)
    assert.deepEqual(usedIn(t, home).slice(0, 2), [10, 5010])
  })
})
