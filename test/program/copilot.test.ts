/** The hook as GitHub Copilot CLI runs it, out of a project's `.claude/settings.json`. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  type Ended,
  HOOK,
  OLD_NODE,
  run,
  runCli,
  runHook,
  temporaryHome,
  times,
} from '../support/processes.ts'

/** What it writes on stdin: no call id, no transcript, but a time. */
function input(members: object = {}): string {
  return JSON.stringify({
    hook_event_name: 'PreToolUse',
    session_id: 's1',
    timestamp: '2026-11-24T06:32:47.413Z',
    cwd: '/',
    tool_name: 'Bash',
    tool_input: { command: 'echo ok' },
    ...members,
  })
}

async function callsOf(home: string, members: readonly object[]): Promise<Ended[]> {
  const ends: Ended[] = []
  for (const one of members) ends.push(await runHook({ home, input: input(one) }))
  return ends
}

describe('under Copilot', () => {
  test('a blocked call is denied with its reason on stdout, and its subagent counts with it', async (t) => {
    const home = temporaryHome(t, { rate: { warnPerMin: 0, blockPerMin: 3 } })
    const subagent = { session_id: 'a1', agent_id: 'a1', agent_type: 'x', parent_agent_id: 's1' }
    const [first, second, third] = await callsOf(home, [{}, subagent, { tool_input: { command: 'other' } }])
    for (const allowed of [first, second]) assert.deepEqual([allowed?.exitCode, allowed?.stdout], [0, ''])
    assert.equal(third?.exitCode, 2)
    const answer = JSON.parse(third?.stdout ?? '')
    assert.deepEqual(Object.keys(answer), ['permissionDecision', 'permissionDecisionReason'])
    assert.equal(answer.permissionDecision, 'deny')
    assert.match(answer.permissionDecisionReason, /^rate_limited: 3 tool calls .+\n.+\n\[audit [^\n]+\]$/)
    const { totals } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual([totals.calls, totals.blocked, totals.errors], [3, 1, 0])
  })

  const failures: readonly (readonly [string, string, string])[] = [
    ['config.json is broken', '{', input()],
    ['the input names no tool', '{}', input({ tool_name: '' })],
    ['the input is cut off', '{}', input().slice(0, -5)],
  ]
  for (const [name, config, text] of failures) {
    test(`the call runs when ${name}, with one line on stderr and in the log`, async (t) => {
      const home = temporaryHome(t)
      await callsOf(home, [{ hook_event_name: 'UserPromptSubmit', prompt: 'go' }])
      writeFileSync(join(home, 'config.json'), config)
      const { exitCode, stdout, stderr } = await runHook({ home, input: text })
      assert.deepEqual([exitCode, stdout], [0, ''])
      assert.match(stderr, /^spikectl: [^\n]+\n$/)
      assert.match(readFileSync(join(home, 'log.jsonl'), 'utf8'), /"event":"error"/)
    })
  }

  test('the call runs on an old Node, and is denied with onError: "block"', async (t) => {
    const home = temporaryHome(t)
    const allowed = await run([...OLD_NODE, HOOK], { home, input: input() })
    assert.deepEqual([allowed.exitCode, allowed.stdout], [0, ''])
    assert.match(allowed.stderr, /^spikectl: Node 20\.20\.2 is too old/)
    writeFileSync(join(home, 'config.json'), '{"onError":"block"}')
    const denied = await run([...OLD_NODE, HOOK], { home, input: input() })
    assert.equal(denied.exitCode, 2)
    assert.match(JSON.parse(denied.stdout).permissionDecisionReason, /^spikectl: Node 20\.20\.2 is too old/)
  })

  test('a halted session stays halted whatever its subagents are given to do', async (t) => {
    const home = temporaryHome(t, { rate: { warnPerMin: 0, blockPerMin: 1 } })
    await callsOf(home, [{ hook_event_name: 'UserPromptSubmit', prompt: 'go' }])
    const ends = await callsOf(
      home,
      times(60, () => ({})),
    )
    assert.ok(ends.every(({ exitCode }) => exitCode === 2))
    const halted = () => callsOf(home, [{}]).then(([end]) => /halted/.test(end?.stdout ?? ''))
    assert.equal(await halted(), true)
    const subagent = { agent_id: 'a1', parent_agent_id: 's1', session_id: 'a1' }
    await callsOf(home, [{ hook_event_name: 'UserPromptSubmit', prompt: 'SUBTASK', ...subagent }])
    assert.equal(await halted(), true)
    await callsOf(home, [{ hook_event_name: 'UserPromptSubmit', prompt: 'go on' }])
    assert.equal(await halted(), false)
  })
})
