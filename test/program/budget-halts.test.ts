/** Where a budget ends a turn, and where a person is asked first. Real hook processes. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { client, HAS_PROC, signed } from '../support/halted.ts'
import { event, runCli, runHook } from '../support/processes.ts'
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

const ATTENDED = { CLAUDE_CODE_SESSION_ATTENDED: '1' }

/** A session that has used 900 of 1,000 tokens since a person last wrote. */
async function nearlySpent(t: TestContext) {
  const home = spendingHome(t, { prompt: { haltTokens: 1000 } })
  add(transcriptOf(home), promptLine(), answerLine('m1', 900))
  const hook = (input: string, env = {}) => runHook({ home, env, input })
  assert.equal((await hook(batch(home))).stdout, '')
  return { home, hook }
}

/** The reason with which a turn was ended. */
function endOf({
  exitCode,
  stdout,
  stderr,
}: {
  exitCode: number | null
  stdout: string
  stderr: string
}): string {
  assert.deepEqual([exitCode, stderr], [0, ''])
  const { continue: goesOn, stopReason } = JSON.parse(stdout)
  assert.equal(goesOn, false)
  return stopReason
}

describe('a session that reaches its budget', () => {
  for (const [first, members] of [
    ['the end of a turn', { hook_event_name: 'Stop' }],
    ["the end of an agent's turn", { hook_event_name: 'SubagentStop', agent_id: 'a1' }],
    ['the end of a round without calls', { tool_calls: [] }],
  ] as const) {
    test(`is halted where ${first} is its first event`, async (t) => {
      const home = spendingHome(t, { prompt: { haltTokens: 1000 } })
      add(transcriptOf(home), answerLine('m1', 9000), promptLine(), answerLine('m2', 1000))
      assert.match(endOf(await runHook({ home, input: batch(home, members) })), /budget_exceeded: 1 k tokens/)
      assert.deepEqual(usedIn(t, home), [1000, 10_000, 10_000])
    })
  }

  test('is halted at the end of the round in print mode, and it is signed once', async (t) => {
    const { home, hook } = await nearlySpent(t)
    add(transcriptOf(home), answerLine('m2', 100))
    assert.match(endOf(await hook(batch(home))), /budget_exceeded: 1 k tokens since a person last wrote/)
    endOf(await hook(told(home, 'Stop')))
    const lines = await signed(home, 'halt')
    assert.deepEqual(
      lines.map(({ type, rule, limit_of, count, limit }) => [type, rule, limit_of, count, limit]),
      [['budget_exceeded', 'budget', 'prompt tokens', 1000, 1000]],
    )
    assert.equal((await hook(event())).exitCode, 2)
  })

  test('by one token less goes on', async (t) => {
    const { home, hook } = await nearlySpent(t)
    add(transcriptOf(home), answerLine('m2', 99))
    assert.equal((await hook(batch(home))).stdout, '')
    assert.equal((await hook(event())).exitCode, 0)
  })

  for (const name of ['Stop', 'SubagentStop'] as const) {
    test(`is halted at ${name}`, async (t) => {
      const { home, hook } = await nearlySpent(t)
      const agent = name === 'SubagentStop' ? { agent_id: 'a1' } : {}
      add(agentTranscriptOf(home, 'a1'), answerLine('a1', 100))
      assert.match(endOf(await hook(told(home, name, agent))), /budget_exceeded/)
    })
  }

  test('with 120 M tokens by default, is halted', async (t) => {
    const { home, hook } = await nearlySpent(t)
    const env = { SPIKECTL_HOME: `${home}/own` }
    add(transcriptOf(home, 's2'), promptLine({ sessionId: 's2' }))
    for (const i of [1, 2, 3, 4])
      add(transcriptOf(home, 's2'), answerLine(`m${i}`, 30_000_000, { sessionId: 's2' }))
    const ended = await hook(batch(home, { session_id: 's2' }), env)
    assert.match(endOf(ended), /budget_exceeded: 120 M tokens .*budget\.prompt\.haltTokens 200000000/)
  })

  test('goes on with a person’s next prompt', async (t) => {
    const { home, hook } = await nearlySpent(t)
    add(transcriptOf(home), answerLine('m2', 5000))
    endOf(await hook(batch(home)))
    assert.equal(
      (await hook(told(home, 'UserPromptSubmit', { prompt: '<task-notification>done' }))).exitCode,
      2,
    )
    assert.equal((await hook(told(home, 'UserPromptSubmit', { prompt: 'go on' }))).exitCode, 0)
    assert.equal((await hook(event())).exitCode, 0)
    add(transcriptOf(home), promptLine(), answerLine('m3', 999))
    assert.equal((await hook(batch(home))).stdout, '')
    assert.deepEqual(usedIn(t, home), [999, 6899, 6899])
  })

  test('goes on after spikectl reset, with a budget of its own', async (t) => {
    const { home, hook } = await nearlySpent(t)
    add(transcriptOf(home), answerLine('m2', 5000))
    endOf(await hook(batch(home)))
    assert.equal((await runCli(['reset', 's1'], { home })).exitCode, 0)
    assert.equal((await hook(event())).exitCode, 0)
    assert.equal((await hook(batch(home))).stdout, '')
  })

  test('is asked about at the next call where a person is there; yes is good for as much again', async (t) => {
    const { home, hook } = await nearlySpent(t)
    add(transcriptOf(home), answerLine('m2', 100))
    assert.equal((await hook(batch(home), ATTENDED)).stdout, '')
    const call = { tool_name: 'Bash', tool_input: { command: 'ls' }, tool_use_id: 'asked' }
    const { exitCode, stdout } = await hook(event(call), ATTENDED)
    const { permissionDecision, permissionDecisionReason } = JSON.parse(stdout).hookSpecificOutput
    assert.deepEqual([exitCode, permissionDecision], [0, 'ask'])
    assert.match(permissionDecisionReason, /1 k tokens since a person last wrote .*limit 1 k tokens/)
    await hook(batch(home, { tool_calls: [{ ...call, tool_response: 'done' }] }), ATTENDED)
    add(transcriptOf(home), answerLine('m3', 999))
    assert.equal((await hook(batch(home), ATTENDED)).stdout, '')
    assert.equal((await hook(event(), ATTENDED)).stdout, '')
    add(transcriptOf(home), answerLine('m4', 3))
    await hook(batch(home), ATTENDED)
    assert.match((await hook(event(), ATTENDED)).stdout, /"ask"/)
    assert.equal((await signed(home, 'halt')).length, 0)
  })

  test('by a client that its agent has started is halted, and so is that', {
    skip: HAS_PROC ? false : 'no /proc',
  }, async (t) => {
    const { home, hook } = await nearlySpent(t)
    const env = client(t, { AI_AGENT: 'claude-code_2-1-330_agent', CLAUDE_CODE_SESSION_ID: 's1' })
    add(transcriptOf(home, 'n'), answerLine('n1', 100, { sessionId: 'n' }))
    assert.match(
      endOf(await hook(batch(home, { session_id: 'n' }), env)),
      /budget_exceeded.* spikectl reset s1/,
    )
    assert.equal((await hook(event())).exitCode, 2)
    assert.equal((await hook(event({ session_id: 'n' }), env)).exitCode, 2)
  })
})

describe('a day’s budget', () => {
  test('is that of all sessions of a user since local midnight', async (t) => {
    const home = spendingHome(t, { day: { haltTokens: 1000 } })
    // Zones 24 hours apart: in one of them what was written two hours ago is of the day before.
    const TZ = new Date().getUTCHours() < 2 ? 'UTC' : `XXX${new Date().getUTCHours() - 1}`
    const hook = (session: string) =>
      runHook({ home, env: { TZ }, input: batch(home, { session_id: session }) })
    const before = new Date(Date.now() - 2 * 3_600_000).toISOString()
    const add1 = (session: string, id: string, tokens: number, members = {}) =>
      add(transcriptOf(home, session), answerLine(id, tokens, { sessionId: session, ...members }))
    add1('s1', 'm1', 5000, { timestamp: before })
    add1('s1', 'm2', 600)
    assert.equal((await hook('s1')).stdout, '')
    add1('s2', 'm3', 399)
    assert.equal((await hook('s2')).stdout, '')
    add1('s3', 'm4', 3)
    assert.match(endOf(await hook('s3')), /budget_exceeded: 1 k tokens today, by all sessions of this user/)
    assert.match(endOf(await hook('s1')), /budget_exceeded/)
  })
})
