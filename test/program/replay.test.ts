/** Past transcripts through the rules: the files as the client writes them, made here. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runCli, temporaryHome } from '../support/processes.ts'
import { loop, projects, replayed, sidechain, transcript, work } from '../support/transcripts.ts'

describe('spikectl replay', () => {
  test('says which rule would have done what to which session, when, and what it would have saved', async (t) => {
    const folder = projects(t, {
      '-app/loop.jsonl': transcript('loop', loop(30)),
      '-app/fine.jsonl': transcript('fine', work(30)),
    })
    const { version, calls, sessions } = await replayed(t, folder)
    assert.deepEqual([version, calls, sessions.length], [1, 60, 2])
    const found = sessions.find(({ session }: { session: string }) => session === 'loop')
    assert.deepEqual(found.verdicts, [
      {
        rule: 'repeat',
        verdict: 'warn',
        at: '2026-11-01T09:00:31.000Z',
        call: 4,
        saved: 0,
        minutes: 0,
        savedTokens: 0,
      },
      {
        rule: 'repeat',
        verdict: 'block',
        at: '2026-11-01T09:00:51.000Z',
        call: 6,
        saved: 3,
        minutes: 0,
        savedTokens: 0,
      },
      {
        rule: 'repeat',
        verdict: 'halt',
        at: '2026-11-01T09:01:12.000Z',
        call: 8,
        saved: 22,
        minutes: 3,
        savedTokens: 0,
      },
    ])
    assert.deepEqual(sessions.find(({ session }: { session: string }) => session === 'fine').verdicts, [])
  })

  test('reads a session and its subagents together, in the order of their times', async (t) => {
    const folder = projects(t, {
      '-app/s.jsonl': transcript('s', work(20, 1)),
      '-app/s/subagents/agent-a1.jsonl': sidechain('s', 'a1', work(20, 1)),
      '-app/agent-a2.jsonl': sidechain('s', 'a2', work(20, 1)),
    })
    const { sessions } = await replayed(t, folder)
    assert.deepEqual(
      sessions.map(({ session, calls, peak }: { session: string; calls: number; peak: number }) => [
        session,
        calls,
        peak,
      ]),
      [['s', 60, 60]],
    )
  })

  test('counts calls that a resumed or forked session repeats once', async (t) => {
    const steps = work(10).map((step, i) => ({ ...step, id: `toolu_shared_${i}` }))
    const folder = projects(t, {
      '-app/first.jsonl': transcript('first', steps),
      '-app/forked.jsonl': transcript('forked', [...steps, ...work(5, 20)]),
    })
    assert.equal((await replayed(t, folder)).calls, 15)
  })

  test('takes other limits from the command line', async (t) => {
    const folder = projects(t, { '-app/s.jsonl': transcript('s', work(50, 1)) })
    const { sessions } = await replayed(t, folder, '--warn', '10', '--block', '20')
    assert.deepEqual(
      sessions[0].verdicts
        .map(({ rule, verdict, call }: Record<string, unknown>) => [rule, verdict, call])
        .slice(0, 2),
      [
        ['rate', 'warn', 10],
        ['rate', 'block', 20],
      ],
    )
    const wrong = await runCli(['replay', folder, '--warn', 'many'], { home: temporaryHome(t) })
    assert.deepEqual([wrong.exitCode, wrong.stdout], [2, ''])
  })

  test('skips what it cannot read, counts it, and names the first of each kind', async (t) => {
    const [prompt = '', ...rest] = transcript('s', work(3))
    const noTime = JSON.stringify({ type: 'user', message: { content: 'hello' } })
    const huge = JSON.stringify({ type: 'user', message: { content: 'x'.repeat(50_000_000) } })
    const foreign = JSON.stringify({ payload: { type: 'function_call', name: 'shell', tool_use: 1 } })
    const lines = [
      prompt,
      '{"type":"assis',
      noTime,
      noTime,
      huge,
      foreign,
      '{"type":"mystery"}',
      ...rest,
      ...transcript('s', work(1)),
    ]
    const folder = projects(t, { '-app/s.jsonl': lines })
    const { calls, skipped } = await replayed(t, folder)
    assert.equal(calls, 4)
    const counts = skipped.map(({ oddity, lines: count, first }: Record<string, unknown>) => [
      oddity,
      count,
      String(first).split(':').at(-1),
    ])
    assert.deepEqual(counts, [
      ['no JSON', 1, '2'],
      ['no timestamp', 2, '3'],
      ['over 32 MB', 1, '5'],
      ['no line of a transcript', 1, '6'],
      ['time running backwards', 3, '14'],
    ])
  })

  test('prints a table that fits a terminal, and limits that would fit the sessions', async (t) => {
    const folder = projects(t, {
      '-app/loop.jsonl': transcript('loop', loop(30)),
      '-app/fine.jsonl': transcript('fine', work(90, 1)),
    })
    const { exitCode, stdout } = await runCli(['replay', folder], { home: temporaryHome(t) })
    assert.equal(exitCode, 0)
    assert.match(stdout, /^2 sessions, 120 calls\n/)
    assert.match(
      stdout,
      /limits that fit: spikectl config set rate\.warnPerMin \d+0; spikectl config set rate\.blockPerMin \d+0/,
    )
    assert.match(stdout, /\nrepeat +halt +1 +8 +22 +3 +0\n/)
    for (const line of stdout.split('\n')) assert.ok(line.length <= 120, line)
  })

  test('suggests no limits from a session of 9 calls, and says that it is too little', async (t) => {
    const folder = projects(t, { '-app/s.jsonl': transcript('s', work(9)) })
    const { stdout } = await runCli(['replay', folder], { home: temporaryHome(t) })
    assert.match(stdout, /^1 session, 9 calls\n/)
    assert.match(stdout, /\ntoo little to suggest limits from: 100 calls are needed\n/)
    assert.doesNotMatch(stdout, /config set/)
    assert.equal((await replayed(t, folder)).suggested, null)
  })

  test('of nothing says so', async (t) => {
    const { exitCode, stderr } = await runCli(['replay', '/nowhere'], { home: temporaryHome(t) })
    assert.equal(exitCode, 2)
    assert.match(stderr, /^error: there is nothing at \/nowhere\nhint: Expected files or folders/)
  })
})
