/** Which calls are whose: sessions, as clients of all ages write them and people copy them, each with its verdict. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { times } from '../support/processes.ts'
import {
  callLines,
  type Files,
  line,
  loop,
  projects,
  promptLine,
  replayed,
  type Step,
  sidechain,
  transcript,
  work,
} from '../support/transcripts.ts'

/** Steps that more than one file tells of. */
function shared(steps: readonly Step[]): Step[] {
  return steps.map((step, i) => ({ ...step, id: `toolu_shared_${i}` }))
}

/** The same so many seconds later. */
function after(seconds: number, steps: readonly Step[]): Step[] {
  return steps.map((step) => ({ ...step, at: seconds + step.at }))
}

/** Lines of which the first is over 16 KiB, with the session at its end. */
function longFirst(lines: readonly string[], session: string): string[] {
  return [promptLine(session, 0, 'x'.repeat(20_000)), ...lines]
}

const FIRED = { type: 'system', subtype: 'scheduled_task_fire', content: 'Running scheduled task' }
const META = { type: 'user', isMeta: true, message: { role: 'user', content: 'go on if ready' } }
const CHECK = { command: 'is it ready', result: 'no' }

/** A turn every five minutes: what the client writes before it, then two calls that are the same each time. */
function turns(count: number, before: readonly object[]): string[] {
  const each = times(count, (i) => [
    ...before.map((row) => line('s', 300 * (i + 1), row)),
    ...callLines(
      's',
      [1, 3].map((at) => ({ ...CHECK, at: 300 * (i + 1) + at })),
    ),
  ])
  return [promptLine('s', 0), ...each.flat()]
}

const LAP = { type: 'user', isMeta: true, message: { role: 'user', content: 'Stop hook feedback:\ngo on' } }
const OF_TEAMMATE = {
  type: 'user',
  message: { role: 'user', content: 'Another Claude session sent a message:\n<teammate-message>done' },
}
const WAKE_UP = {
  type: 'user',
  turnOrigin: 'scheduled',
  message: { role: 'user', content: '<command-message>loop</command-message>' },
}

/** Turns of one new call each, ten seconds apart, each of them begun by this line. */
function laps(count: number, begin: object): string[] {
  const each = times(count, (i) => [
    line('s', 10 * (i + 1), begin),
    ...callLines('s', [{ command: `step ${i}`, result: `${i}`, at: 10 * (i + 1) + 1 }]),
  ])
  return [promptLine('s', 0), ...each.flat()]
}

/** Calls that the client refuses itself, so that no hook is asked about them. */
const invalid = (count: number): Step[] =>
  loop(count).map((step) => ({ ...step, result: '<tool_use_error>InputValidationError</tool_use_error>' }))

/** As the client writes lines that were begun at once: each up to 1 ms before the line above it. */
function jittered(steps: readonly Step[]): string[] {
  const lines = callLines(
    's',
    steps.map((step, i) => ({ ...step, at: 1 + i })),
  )
  return lines.map((text, i) =>
    text.replace(/"timestamp":"[^"]+"/, `"timestamp":"2026-11-01T09:00:01.0${i % 2 === 0 ? '01' : '00'}Z"`),
  )
}

const FOUND = 'warn at 4, block at 6 (3 saved), halt at 8 (1 saved)'
const AT_ONCE = 'warn at 4, block at 6 (3 saved), halt at 8 (22 saved)'

const CASES: readonly (readonly [string, Files, ...string[]])[] = [
  [
    'a loop, of which the copy that a compaction began with is older',
    {
      '-app/s/subagents/agent-acompact-1.jsonl': sidechain('s', 'acompact-1', shared(loop(9)).slice(0, 5)),
      '-app/s.jsonl': transcript('s', shared(loop(9))),
    },
    `s: 9 calls, ${FOUND}`,
  ],
  [
    'a loop, of which the copy for a side question is older',
    {
      '-app/s/subagents/agent-aside_question-1.jsonl': sidechain(
        's',
        'aside_question-1',
        shared(loop(9)).slice(3),
      ),
      '-app/s.jsonl': transcript('s', shared(loop(9))),
    },
    `s: 9 calls, ${FOUND}`,
  ],
  [
    'a loop of a subagent, of which the copy that a compaction of it began with is older',
    {
      '-app/s/subagents/agent-acompact-1.jsonl': sidechain('s', 'acompact-1', shared(loop(9)).slice(0, 5)),
      '-app/s/subagents/agent-a1.jsonl': sidechain('s', 'a1', shared(loop(9))),
      '-app/s.jsonl': [promptLine('s', 0)],
    },
    `s: 9 calls, ${FOUND}`,
  ],
  [
    'a workflow subagent whose first line is over 16 KiB',
    {
      '-app/s.jsonl': transcript('s', work(3)),
      '-app/s/subagents/workflows/wf_1/agent-w1.jsonl': longFirst(sidechain('s', 'w1', work(4)), 's'),
    },
    's: 7 calls',
  ],
  [
    'a subagent of an older client whose first line is over 16 KiB',
    {
      '-app/s.jsonl': transcript('s', work(3)),
      '-app/agent-a1.jsonl': longFirst(sidechain('s', 'a1', work(4)), 's'),
    },
    's: 7 calls',
  ],
  [
    'two sessions in files of one name',
    { 'a/chat.jsonl': transcript('s1', loop(4)), 'b/chat.jsonl': transcript('s2', loop(4)) },
    's1: 4 calls, warn at 4',
    's2: 4 calls, warn at 4',
  ],
  [
    'two files of one name that say no session',
    { 'a/chat.jsonl': transcript(undefined, loop(4)), 'b/chat.jsonl': transcript(undefined, loop(4)) },
    'chat: 4 calls, warn at 4',
    'chat: 4 calls, warn at 4',
  ],
  [
    'a session that went on in another folder',
    { 'a/s.jsonl': transcript('s', loop(9).slice(0, 4)), 'b/s.jsonl': callLines('s', loop(9).slice(4)) },
    `s: 9 calls, ${FOUND}`,
  ],
  [
    'a resumed session of an older client, which begins with lines of the one before',
    {
      'a/old.jsonl': transcript('old', shared(loop(4))),
      'a/new.jsonl': [...transcript('old', shared(loop(4))), ...callLines('new', after(100, loop(4)))],
    },
    'old: 4 calls, warn at 4',
    'new: 4 calls, warn at 4',
  ],
  ['lines that are 1 ms out of order', { 'a/s.jsonl': jittered(loop(9)) }, `s: 9 calls, ${FOUND}`],
  [
    'calls that no hook is asked about after one that ended the turn',
    { 'a/s.jsonl': transcript('s', invalid(9)) },
    's: 9 calls, halt at 5 (4 saved)',
  ],
  [
    'both kinds of calls after a halt',
    {
      'a/s.jsonl': [
        ...transcript('s', loop(8)),
        ...callLines('s', [...after(100, work(3)), ...after(200, invalid(2))]),
      ],
    },
    's: 13 calls, warn at 4, block at 6 (3 saved), halt at 8 (5 saved)',
  ],
  [
    '160 scheduled turns with one answer',
    { 'a/s.jsonl': turns(160, [FIRED, META]) },
    's: 320 calls, warn at 9',
  ],
  [
    'such turns after what a Stop hook said, or other remarks of the client',
    { 'a/s.jsonl': turns(5, [META]) },
    's: 10 calls, warn at 4, block at 6 (3 saved), halt at 8 (2 saved)',
  ],
  [
    'a schedule that fired, and whose prompt the client has not submitted yet',
    { 'a/s.jsonl': turns(5, [FIRED]) },
    's: 10 calls, warn at 4, block at 6 (3 saved), halt at 8 (2 saved)',
  ],
  [
    'a scheduled prompt after a halt',
    {
      'a/s.jsonl': [
        ...transcript('s', loop(8)),
        ...[FIRED, META].map((row) => line('s', 100, row)),
        ...callLines('s', after(100, work(22))),
      ],
    },
    `s: 30 calls, ${AT_ONCE}`,
  ],
  [
    'a prompt of a person after a halt',
    {
      'a/s.jsonl': [
        ...transcript('s', loop(8)),
        promptLine('s', 100),
        ...callLines('s', after(100, work(22))),
      ],
    },
    's: 30 calls, warn at 4, block at 6 (3 saved), halt at 8 (0 saved)',
  ],
  [
    'a turn that another hook keeps going, with one call of its own each time',
    { 'a/s.jsonl': laps(60, LAP) },
    's: 60 calls, warn at 5, halt at 50 (11 saved)',
  ],
  [
    'messages of teammates, each of which begins a turn',
    { 'a/s.jsonl': laps(60, OF_TEAMMATE) },
    's: 60 calls, warn at 5, halt at 49 (11 saved)',
  ],
  ['a wake-up that says that it was scheduled', { 'a/s.jsonl': laps(60, WAKE_UP) }, 's: 60 calls, warn at 5'],
  [
    '120 agents of one workflow',
    {
      'a/s.jsonl': transcript('s', work(1)),
      ...Object.fromEntries(
        times(120, (i) => [
          `a/s/subagents/workflows/wf_1/agent-w${i}.jsonl`,
          sidechain('s', `w${i}`, after(10 * i, work(1))),
        ]),
      ),
    },
    's: 121 calls, warn at 26, halt at 101 (21 saved)',
  ],
]

interface Spoken {
  readonly verdict: string
  readonly call: number
  readonly saved: number
}

function worded({ verdict, call, saved }: Spoken): string {
  return verdict === 'warn' ? `warn at ${call}` : `${verdict} at ${call} (${saved} saved)`
}

describe('replay of', () => {
  for (const [name, files, ...expected] of CASES) {
    test(`${name}: ${expected.join('; ')}`, async (t) => {
      const { sessions, skipped } = await replayed(t, projects(t, files))
      const said = sessions.map(
        ({ session, calls, verdicts }: { session: string; calls: number; verdicts: Spoken[] }) =>
          [`${session}: ${calls} calls`, ...verdicts.map(worded)].join(', '),
      )
      assert.deepEqual({ said, skipped }, { said: expected, skipped: [] })
    })
  }
})
