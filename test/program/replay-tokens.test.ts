/** Tokens in past transcripts: each message once, with its last usage, whichever files tell of it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runCli, temporaryHome, times } from '../support/processes.ts'
import {
  callLines,
  type Files,
  loop,
  projects,
  promptLine,
  replayed,
  sidechain,
  textLine,
  transcript,
  usageOf,
  work,
} from '../support/transcripts.ts'

const A1 = { isSidechain: true, agentId: 'a1' }

/** A call, and an answer in three lines, of which the last has the final usage. */
const ANSWERED = [
  promptLine('s', 0),
  ...callLines('s', [{ command: 'one', result: '1', at: 1, id: 'toolu_answered', tokens: 1000 }]),
  textLine('s', 3, 'msg_answer', usageOf(10)),
  textLine('s', 4, 'msg_answer', usageOf(10)),
  textLine('s', 5, 'msg_answer', usageOf(250)),
]

const CASES: readonly (readonly [string, Files, ...string[]])[] = [
  [
    'a message that is written as several lines, with its last usage',
    { 'a/s.jsonl': ANSWERED },
    's: 1 call, 1250',
  ],
  [
    'a session with an agent and an agent of a workflow, together',
    {
      'a/s.jsonl': ANSWERED,
      'a/s/subagents/agent-a1.jsonl': [
        ...sidechain('s', 'a1', work(1)),
        textLine('s', 9, 'msg_a1', usageOf(300), A1),
      ],
      'a/s/subagents/workflows/wf_1/agent-w1.jsonl': [textLine('s', 9, 'msg_w1', usageOf(50), A1)],
    },
    's: 2 calls, 1600',
  ],
  [
    'the copy that a compaction began with, which has the first line of a message alone',
    {
      'a/s/subagents/agent-acompact-1.jsonl': [
        ...ANSWERED.slice(0, 4),
        textLine('s', 9, 'msg_summary', usageOf(70), A1),
      ],
      'a/s.jsonl': ANSWERED,
    },
    's: 1 call, 1320',
  ],
  [
    'a fork, of which the answers that it began with are those of the first session',
    {
      'a/s.jsonl': ANSWERED,
      'a/fork.jsonl': [
        ...ANSWERED.map((text) => text.replace('"sessionId":"s"', '"sessionId":"fork"')),
        textLine('fork', 20, 'msg_own', usageOf(40)),
      ],
    },
    's: 1 call, 1250',
    'fork: 0 calls, 40',
  ],
  [
    'usage that is negative, huge, a fraction or a text, as nothing',
    {
      'a/s.jsonl': [
        ...transcript('s', work(1)),
        ...[-5, 1e300, 0.5, '7', null].map((tokens, i) =>
          textLine('s', 9, `msg_${i}`, { input_tokens: tokens, output_tokens: 1 }),
        ),
        textLine('s', 9, 'msg_none', ['input_tokens']),
      ],
    },
    's: 1 call, 5',
  ],
  [
    'a session of answers alone',
    { 'a/s.jsonl': [promptLine('s', 0), textLine('s', 1, 'msg_only', usageOf(90))] },
    's: 0 calls, 90',
  ],
]

interface Session {
  readonly session: string
  readonly calls: number
  readonly tokens: number
}

/** A session of so many prompts, of which the n-th uses n thousand tokens, and of 30 calls a minute. */
function history(prompts: number): string[] {
  return [
    ...callLines('s', work(100, 2)),
    ...times(prompts, (i) => [
      promptLine('s', 1000 + 10 * i),
      textLine('s', 1001 + 10 * i, `msg_history_${i}`, usageOf(1000 * (i + 1))),
    ]).flat(),
  ]
}

describe('replay counts the tokens of', () => {
  for (const [name, files, ...expected] of CASES) {
    test(`${name}: ${expected.join('; ')}`, async (t) => {
      const { sessions, skipped } = await replayed(t, projects(t, files))
      const said = sessions.map(
        ({ session, calls, tokens }: Session) =>
          `${session}: ${calls} ${calls === 1 ? 'call' : 'calls'}, ${tokens}`,
      )
      assert.deepEqual({ said, skipped }, { said: expected, skipped: [] })
    })
  }

  test('messages after a block, and after a halt, as saved', async (t) => {
    const steps = loop(9).map((step) => ({ ...step, tokens: 1000 }))
    const { sessions } = await replayed(t, projects(t, { 'a/s.jsonl': transcript('s', steps) }))
    const said = sessions[0].verdicts.map(({ verdict, call, saved, savedTokens }: Record<string, unknown>) =>
      [verdict, call, saved, savedTokens].join(' '),
    )
    assert.deepEqual(said, ['warn 4 0 0', 'block 6 3 2000', 'halt 8 1 1000'])
  })

  test('a prompt, and suggests limits from a hundred of them: above the 99th, and far above the highest', async (t) => {
    const folder = projects(t, { 'a/s.jsonl': history(100) })
    const { suggested } = await replayed(t, folder)
    assert.deepEqual(suggested, {
      warnPerMin: 40,
      blockPerMin: 80,
      promptTokens: { p50: 51_000, p90: 91_000, p99: 100_000, max: 100_000 },
      budget: { prompt: { warnTokens: 1_000_000, haltTokens: 5_000_000 } },
    })
    const { stdout } = await runCli(['replay', folder], { home: temporaryHome(t) })
    assert.match(stdout, /^1 session, 100 calls, 5 M tokens\n/)
    assert.match(stdout, /\ntokens of a prompt: p50 51 k, p90 91 k, p99 100 k, highest 100 k\n/)
    assert.match(stdout, /\nlimits that fit: spikectl config set budget\.prompt\.warnTokens 1000000\n/)
    assert.match(stdout, /\n +spikectl config set budget\.prompt\.haltTokens 5000000\n/)
  })

  test('fewer prompts, and says that they are too few to suggest a budget', async (t) => {
    const folder = projects(t, { 'a/s.jsonl': history(99) })
    const { suggested } = await replayed(t, folder)
    assert.deepEqual(suggested, { warnPerMin: 40, blockPerMin: 80, promptTokens: null, budget: null })
    const { stdout } = await runCli(['replay', folder], { home: temporaryHome(t) })
    assert.match(stdout, /\ntoo little to suggest a budget from: 100 prompts that used tokens are needed\n/)
  })
})
