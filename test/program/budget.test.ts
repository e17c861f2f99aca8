/** What is used up, read from transcripts that grow by real hook processes. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { client, HAS_PROC, prompt } from '../support/halted.ts'
import { event, inParallel, runHook, times } from '../support/processes.ts'
import {
  add,
  agentTranscriptOf,
  answerLine,
  batch,
  promptLine,
  spendingHome,
  told,
  transcriptOf,
  usedIn,
} from '../support/spending.ts'

/** A home, and how to run a hook on an event there: nothing is said, and the exit code is 0. */
function quiet(t: TestContext) {
  const home = spendingHome(t)
  const hook = async (input: string, env = {}) => {
    const ended = await runHook({ home, env, input })
    assert.deepEqual([ended.exitCode, ended.stdout, ended.stderr], [0, '', ''])
  }
  return { home, hook, main: transcriptOf(home) }
}

describe('200 hooks, 8 at a time', () => {
  test('that read a transcript which grows meanwhile count each message once', async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine())
    let rest = ''
    await inParallel(
      times(200, (i) => () => {
        const [first, last] = [answerLine(`m${i}`, 1000), answerLine(`m${i}`, 2000 + i)]
        const half = last.length >> 1
        add(main, rest, first, last.slice(0, half))
        rest = last.slice(half)
        return hook(batch(home))
      }),
      8,
    )
    add(main, rest)
    await hook(batch(home))
    const sum = times(200, (i) => 2000 + i).reduce((all, each) => all + each, 0)
    assert.deepEqual(usedIn(t, home), [sum, sum, sum])
  })
})

describe('a message', () => {
  test('whose line is split over two reads counts once it is whole', async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine())
    const line = answerLine('m1', 500)
    add(main, line.slice(0, 40))
    await hook(batch(home))
    assert.deepEqual(usedIn(t, home), [0, 0, 0])
    add(main, line.slice(40, -1))
    await hook(batch(home))
    assert.deepEqual(usedIn(t, home), [0, 0, 0])
    add(main, '\n')
    await hook(batch(home))
    assert.deepEqual(usedIn(t, home), [500, 500, 500])
  })

  test('that is written as several lines counts with its last usage', async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine(), answerLine('m1', 10), answerLine('m1', 20))
    await hook(batch(home))
    add(main, answerLine('m2', 7), answerLine('m1', 25))
    await hook(batch(home))
    assert.deepEqual(usedIn(t, home), [32, 32, 32])
  })
})

describe('tokens of agents', () => {
  test('of workflow agents too, count with their session, and copies of its messages do not', async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine(), answerLine('m1', 1000))
    add(agentTranscriptOf(home, 'a1'), answerLine('a1', 100, { isSidechain: true, agentId: 'a1' }))
    add(agentTranscriptOf(home, 'b', 'workflows/wf_1/'), answerLine('b1', 10, { isSidechain: true }))
    add(agentTranscriptOf(home, 'acompact-x'), answerLine('m1', 1000), answerLine('c1', 5))
    await hook(batch(home))
    assert.deepEqual(usedIn(t, home), [1115, 1115, 1115])
    add(agentTranscriptOf(home, 'a1'), answerLine('a2', 200))
    await hook(
      told(home, 'SubagentStop', { agent_id: 'a1', agent_transcript_path: agentTranscriptOf(home, 'a1') }),
    )
    assert.deepEqual(usedIn(t, home), [1315, 1315, 1315])
  })

  test('that have started a client count what that uses', {
    skip: HAS_PROC ? false : 'no /proc',
  }, async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine(), answerLine('m1', 1000))
    await hook(batch(home))
    const env = client(t, { AI_AGENT: 'claude-code_2-1-330_agent', CLAUDE_CODE_SESSION_ID: 's1' })
    const nested = { sessionId: 'n' }
    add(transcriptOf(home, 'n'), promptLine(nested), answerLine('n1', 100, nested))
    await hook(batch(home, { session_id: 'n' }), env)
    assert.deepEqual(usedIn(t, home), [1100, 1100, 1100])
    assert.deepEqual(usedIn(t, home, 'n'), [100, 100, 1100])
  })
})

describe('a person’s prompt', () => {
  test('begins a new stretch, with what is there as of before', async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine(), answerLine('m1', 100))
    await hook(batch(home))
    add(main, answerLine('m2', 50))
    await hook(told(home, 'UserPromptSubmit', { prompt: 'go on' }))
    assert.deepEqual(usedIn(t, home), [0, 150, 150])
    add(main, promptLine(), answerLine('m3', 7))
    await hook(told(home, 'Stop'))
    assert.deepEqual(usedIn(t, home), [7, 157, 157])
  })

  test('which an agent or a notification has submitted begins none', async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine(), answerLine('m1', 100))
    await hook(batch(home))
    await hook(told(home, 'UserPromptSubmit', { prompt: '<task-notification>done' }))
    await hook(told(home, 'UserPromptSubmit', { prompt: 'look', agent_id: 'a1' }))
    assert.deepEqual(usedIn(t, home), [100, 100, 100])
  })

  test('is the last of those that stand in the transcript where the session is met for the first time', async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine(), answerLine('m1', 5000), promptLine(), answerLine('m2', 10))
    add(main, promptLine({ isMeta: true }), answerLine('m3', 3))
    await hook(batch(home))
    assert.deepEqual(usedIn(t, home), [13, 5013, 5013])
  })
})

describe('a hook that was killed while it read', () => {
  test('loses and doubles nothing', async (t) => {
    const { home, hook, main } = quiet(t)
    add(main, promptLine())
    await hook(event())
    await inParallel(
      times(60, (i) => async () => {
        add(main, ...times(200, (line) => answerLine(`m${i}-${line}`, 10)))
        const { signal, exitCode } = await runHook({ home, input: batch(home), killAfterMs: 20 + 7 * i })
        assert.ok(signal === 'SIGKILL' || exitCode === 0)
      }),
      4,
    )
    await hook(batch(home))
    assert.deepEqual(usedIn(t, home).slice(0, 2), [120_000, 120_000])
  })
})

describe('budgets that are off', () => {
  test('read no transcript', async (t) => {
    const { home, hook, main } = quiet(t)
    const off = spendingHome(t, {})
    add(main, promptLine(), answerLine('m1', 100))
    await hook(batch(home))
    for (const input of [event(), batch(home), prompt({ transcript_path: main }), told(home, 'Stop')])
      assert.equal((await runHook({ home: off, input })).stdout, '')
    assert.deepEqual(usedIn(t, home), [100, 100, 100])
  })
})
