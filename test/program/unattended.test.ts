/** What goes on without a person, told by real hook processes. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { signed } from '../support/halted.ts'
import { event, hookEach, runCli, runHook, temporaryHome, times } from '../support/processes.ts'

/** Of all limits only this one acts. */
const only = (limit: object) => ({
  repeat: { warn: false, block: false },
  agents: { warnAt: 0, blockAt: 0 },
  unattended: { warnTurns: 0, haltTurns: 0, haltStalledTurns: 0, warnCalls: 0, haltCalls: 0, ...limit },
})

const named = (name: string, members: object = {}) => event({ hook_event_name: name, ...members })
const stop = (words: string, members: object = {}) =>
  named('Stop', { stop_hook_active: true, last_assistant_message: words, ...members })
const prompt = (id: string, text: string) => named('UserPromptSubmit', { prompt_id: id, prompt: text })
const call = (id: string, members: object = {}) =>
  event({ tool_use_id: id, tool_input: { command: id }, ...members })

async function session(home: string) {
  const { stdout } = await runCli(['status', '--json'], { home })
  return JSON.parse(stdout).sessions[0]
}

async function logged(home: string): Promise<string[]> {
  const { stdout } = await runCli(['log', '--json'], { home })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).event)
}

describe('the end of a turn that another hook keeps going', () => {
  test('ends it at the limit, says how to let such turns go on, and is signed', async (t) => {
    const home = temporaryHome(t, only({ haltTurns: 3 }))
    const laps = times(3, (i) => [call(`step-${i}`), stop(`step ${i} is done`)])
    const ended = (await hookEach([named('Stop', { stop_hook_active: false }), ...laps.flat()], { home })).at(
      -1,
    )
    assert.deepEqual([ended?.exitCode, ended?.stderr], [0, ''])
    const { continue: goesOn, stopReason } = JSON.parse(ended?.stdout ?? '')
    assert.equal(goesOn, false)
    assert.match(stopReason, /unattended_limit: 3 turns .* unattended\.halt false/)
    assert.deepEqual((await signed(home, 'halt')).length, 1)
    const { state, machineTurns, latch } = await session(home)
    assert.deepEqual([state, machineTurns, latch.rule], ['halt', 3, 'unattended'])
  })

  test('of no session is none', async (t) => {
    const home = temporaryHome(t, only({ haltTurns: 1 }))
    const { exitCode, stdout, stderr } = await runHook({ home, input: stop('done', { session_id: '' }) })
    assert.deepEqual([exitCode, stdout, stderr], [0, '', ''])
  })
})

describe('a prompt that no person wrote', () => {
  test('is blocked at the limit, and so is the next', async (t) => {
    const home = temporaryHome(t, only({ haltTurns: 3 }))
    const prompts = times(4, (i) => prompt(`p${i}`, `<agent-message from="mate">\n${i}\n</agent-message>`))
    const ended = await hookEach([call('first'), ...prompts], { home })
    assert.deepEqual(
      ended.map(({ exitCode }) => exitCode),
      [0, 0, 0, 2, 2],
    )
    assert.match(ended[3]?.stderr ?? '', /^halted: .*unattended_limit/)
    assert.equal((await signed(home, 'halt')).length, 1)
  })

  test('of a schedule resets no halt, and one of a person does', async (t) => {
    const home = temporaryHome(t, only({ haltCalls: 3 }))
    const scheduled = { session_crons: [{ id: 'c1', schedule: '* * * * *', prompt: 'look at it' }] }
    await hookEach([call('1'), named('Stop', scheduled), call('2'), call('3')], { home })
    const [schedule, still, person, again] = await hookEach(
      [prompt('p1', 'look at it'), call('4'), prompt('p2', 'go on'), call('5')],
      { home },
    )
    assert.deepEqual(
      [schedule, still, person, again].map((each) => each?.exitCode),
      [2, 2, 0, 0],
    )
  })
})

describe('where a person is there', () => {
  const env = { CLAUDE_CODE_SESSION_ATTENDED: '1' }
  const returned = (id: string, response: string) => {
    const made = { tool_name: 'Bash', tool_input: { command: id }, tool_use_id: id, tool_response: response }
    return named('PostToolBatch', { tool_calls: [made] })
  }

  test('they are asked at the limit, and a yes lets as many again and is signed', async (t) => {
    const home = temporaryHome(t, only({ haltCalls: 2 }))
    const [, asked] = await hookEach([call('1'), call('2')], { home, env })
    assert.deepEqual([asked?.exitCode, asked?.stderr], [0, ''])
    const { permissionDecision, permissionDecisionReason } = JSON.parse(
      asked?.stdout ?? '',
    ).hookSpecificOutput
    assert.equal(permissionDecision, 'ask')
    assert.match(permissionDecisionReason, /^spikectl asks: 2 tool calls since a person last wrote/)
    const [, third, fourth] = await hookEach([returned('2', 'fine'), call('3'), call('4')], { home, env })
    assert.deepEqual(
      [third?.stdout, JSON.parse(fourth?.stdout ?? '').hookSpecificOutput.permissionDecision],
      ['', 'ask'],
    )
    assert.ok((await logged(home)).includes('ask'))
    assert.deepEqual(
      (await signed(home, 'resumed')).map(({ how }) => how),
      ['answer'],
    )
  })

  test('a no ends the turn', async (t) => {
    const home = temporaryHome(t, only({ haltCalls: 2 }))
    const refused = "The user doesn't want to proceed with this tool use. The tool use was rejected"
    const ended = await hookEach([call('1'), call('2'), returned('2', refused), call('3')], { home, env })
    assert.equal(JSON.parse(ended[2]?.stdout ?? '').continue, false)
    assert.equal(ended[3]?.exitCode, 2)
  })

  for (const mode of ['default', 'acceptEdits', 'plan', 'dontAsk', 'bypassPermissions', 'auto']) {
    test(`they are asked in the permission mode ${mode}`, async (t) => {
      const home = temporaryHome(t, only({ haltCalls: 1 }))
      const { stdout } = await runHook({ home, env, input: call('1', { permission_mode: mode }) })
      assert.match(stdout, /"permissionDecision":"ask"/)
    })
  }
})

describe('an agent', () => {
  const start = (id: string) => named('SubagentStart', { agent_id: id, agent_type: 'workflow-subagent' })

  test('that is told of twice, late, or never calls is one', async (t) => {
    const home = temporaryHome(t)
    const late = call('1', { agent_id: 'late' })
    await hookEach([start('a'), start('a'), late, start('late'), named('SubagentStop', { agent_id: 'a' })], {
      home,
    })
    const { agentsSeen, agentsRunning } = await session(home)
    assert.deepEqual([agentsSeen, agentsRunning], [2, 1])
  })

  test('has an id of 256 bytes, and no more', async (t) => {
    const home = temporaryHome(t)
    const [fits, tooLong] = await hookEach([start('a'.repeat(256)), start('a'.repeat(257))], { home })
    assert.deepEqual([fits?.exitCode, tooLong?.exitCode], [0, 1])
    assert.match(tooLong?.stderr ?? '', /agent_id over 256 bytes/)
  })
})
