/** Transcripts that shrink, are replaced, moved, compacted or copied count nothing twice. Real hook processes. */

import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, type TestContext, test } from 'node:test'
import { runHook } from '../support/processes.ts'
import {
  add,
  answerLine,
  batch,
  promptLine,
  spendingHome,
  told,
  transcriptOf,
  usedIn,
} from '../support/spending.ts'

/** Done to a transcript; the path at which the client goes on, if it is another. */
type Change = (main: string, home: string) => string | undefined

/** 600 tokens of three messages, of which a person's prompt has seen 100; then `change` happens, and 7 tokens are new. */
async function after(t: TestContext, change: Change) {
  const home = spendingHome(t)
  const hook = async (input: string) => {
    const ended = await runHook({ home, input })
    assert.deepEqual([ended.exitCode, ended.stdout, ended.stderr], [0, '', ''])
  }
  const main = transcriptOf(home)
  add(main, promptLine(), answerLine('m1', 100))
  await hook(batch(home))
  await hook(told(home, 'UserPromptSubmit', { prompt: 'go on' }))
  add(main, promptLine(), answerLine('m2', 200), answerLine('m3', 300))
  await hook(batch(home))
  assert.deepEqual(usedIn(t, home), [500, 600, 600])
  const path = change(main, home) ?? main
  const members = { transcript_path: path }
  await hook(batch(home, members))
  assert.deepEqual(usedIn(t, home), [500, 600, 600])
  add(path, answerLine('m9', 7))
  await hook(batch(home, members))
  return usedIn(t, home)
}

describe('a transcript', () => {
  const CHANGES: Readonly<Record<string, Change>> = {
    'that shrinks': (main) => void truncateSync(main, readFileSync(main).indexOf('\n') + 1),
    'that is emptied': (main) => void truncateSync(main),
    'that is gone': (main) => void rmSync(main),
    'that is replaced by a copy of itself': (main) => {
      copyFileSync(main, `${main}.new`)
      renameSync(`${main}.new`, main)
      return undefined
    },
    'that is written anew in its place, with another first line': (main) => {
      writeFileSync(main, `${promptLine()}${readFileSync(main, 'utf8')}`)
      return undefined
    },
    'that is compacted to its last message': (main) => {
      const last = readFileSync(main, 'utf8').trimEnd().split('\n').at(-1)
      const summary = promptLine({ isCompactSummary: true, timestamp: '2026-01-01T00:00:00Z' })
      writeFileSync(main, `${summary}${last}\n`)
      return undefined
    },
    'that is moved aside, and begun anew': (main) => {
      renameSync(main, `${main}.1`)
      add(main, promptLine())
      return undefined
    },
    'that the client goes on with in another folder': (main, home) => {
      const moved = `${home}/.claude/projects/other/s1.jsonl`
      add(moved, readFileSync(main, 'utf8'))
      return moved
    },
  }
  for (const [name, change] of Object.entries(CHANGES)) {
    test(`${name} counts nothing twice, and what is new`, async (t) => {
      assert.deepEqual(await after(t, change), [507, 607, 607])
    })
  }
})

describe('the transcript of a fork', () => {
  /** What it uses by itself, after these lines of the session that it was forked from. */
  async function forked(t: TestContext, ...copied: string[]) {
    const home = spendingHome(t)
    const own = { sessionId: 's2' }
    add(
      transcriptOf(home, 's2'),
      ...copied,
      promptLine(own),
      answerLine('m3', 5, { ...own, requestSessionId: 's2' }),
    )
    const { exitCode } = await runHook({ home, input: batch(home, { session_id: 's2' }) })
    assert.equal(exitCode, 0)
    return usedIn(t, home, 's2')
  }

  test('counts no line that names another session as its own', async (t) => {
    assert.deepEqual(await forked(t, promptLine(), answerLine('m1', 100)), [5, 5, 5])
  })

  test('counts no answer that another session has asked for', async (t) => {
    const own = { sessionId: 's2' }
    const copy = answerLine('m1', 100, { ...own, requestSessionId: 's1' })
    assert.deepEqual(await forked(t, promptLine(own), copy), [5, 5, 5])
  })

  test('counts no line that says where it was forked from', async (t) => {
    const copied = { sessionId: 's2', forkedFrom: { sessionId: 's1', messageUuid: 'u' } }
    assert.deepEqual(await forked(t, promptLine(copied), answerLine('m1', 100, copied)), [5, 5, 5])
  })

  test('counts no line that is older than its first own one', async (t) => {
    const own = { sessionId: 's2' }
    const began = promptLine({ ...own, timestamp: '2026-11-01T00:00:00Z' })
    const older = answerLine('m1', 100, { ...own, timestamp: '2026-10-31T23:59:59Z' })
    assert.deepEqual(await forked(t, began, older), [5, 5, 5])
  })

  test('counts them for its original alone where both go on', async (t) => {
    const home = spendingHome(t)
    add(transcriptOf(home), promptLine(), answerLine('m1', 100))
    await runHook({ home, input: batch(home) })
    const own = { sessionId: 's2' }
    add(transcriptOf(home, 's2'), readFileSync(transcriptOf(home), 'utf8'), answerLine('m2', 10, own))
    await runHook({ home, input: batch(home, { session_id: 's2' }) })
    assert.deepEqual(usedIn(t, home), [100, 100, 110])
    assert.deepEqual(usedIn(t, home, 's2'), [10, 10, 110])
  })
})
