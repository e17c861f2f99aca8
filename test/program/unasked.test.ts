/** Calls whose hook never ran: found at the end of their round, counted, logged and shown. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { ALL_OFF } from '../support/policies.ts'
import { event, runCli, runHook, temporaryHome, times } from '../support/processes.ts'
import { line } from '../support/statusline.ts'

const PROMPT = { hook_event_name: 'UserPromptSubmit', prompt: 'go' }

interface Call {
  readonly tool_name: string
  readonly tool_input: object
  readonly tool_use_id: string
}

function callOf(id: string, tool = 'Bash'): Call {
  return { tool_name: tool, tool_input: { command: id }, tool_use_id: id }
}

async function hear(home: string, members: object): Promise<void> {
  const { exitCode, stderr } = await runHook({ home, input: event(members) })
  assert.deepEqual([exitCode, stderr], [0, ''])
}

/** The end of a round, of calls that have all run. */
function ended(calls: readonly object[], members: object = {}): object {
  const tool_calls = calls.map((call) => ({ tool_response: 'done', ...call }))
  return { hook_event_name: 'PostToolBatch', tool_calls, ...members }
}

/** Three calls ran of which no hook was ever told. */
async function home3(t: TestContext, settings: object = {}): Promise<string> {
  const home = temporaryHome(t, settings)
  await hear(home, PROMPT)
  await hear(home, callOf('asked'))
  await hear(home, ended([callOf('asked'), callOf('a'), callOf('b'), callOf('c', 'Read')]))
  return home
}

function logged(home: string) {
  const lines = readFileSync(join(home, 'log.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((text) => JSON.parse(text)).filter(({ event: name }) => name === 'unasked')
}

async function statusOf(home: string) {
  return JSON.parse((await runCli(['status', '--json'], { home })).stdout)
}

describe('three calls that ran without the hook having been asked', () => {
  test('are counted in status --json, in the window and in metrics', async (t) => {
    const home = await home3(t)
    const { sessions, totals } = await statusOf(home)
    assert.deepEqual([totals.unasked, totals.calls, totals.blocked], [3, 4, 0])
    const [session] = sessions
    assert.deepEqual([session.unasked, session.count, session.tools], [3, 4, { Bash: 3, Read: 1 }])
    assert.match((await runCli(['metrics'], { home })).stdout, /^spikectl_unasked_total 3$/m)
  })

  test('are one line of the log, with who made them and nothing of their input', async (t) => {
    const [entry, ...others] = logged(await home3(t))
    const { at: _, ...members } = entry
    const message =
      '3 calls ran without the hook having been asked (Bash 2, Read 1): it crashed, was killed, timed out or was not there'
    assert.deepEqual(members, { event: 'unasked', message, session: 's1', tenant: '', count: 3 })
    assert.deepEqual(others, [])
  })

  test('are shown by status and in the status line', async (t) => {
    const home = await home3(t)
    assert.equal(await line({ home }), 'spikectl 4/500, 3 ran unasked\n')
    const { stdout } = await runCli(['status'], { home })
    assert.match(
      stdout,
      /^s1: 3 calls ran without spikectl having been asked; when: spikectl log s1; why: spikectl doctor$/m,
    )
    assert.match(stdout, /0 errors; 3 of the calls ran without spikectl having been asked$/m)
  })

  test('are counted, logged and shown in shadow mode too', async (t) => {
    const home = await home3(t, { mode: 'shadow' })
    assert.equal((await statusOf(home)).totals.unasked, 3)
    assert.equal(logged(home).length, 1)
    assert.equal(await line({ home }), 'spikectl shadow 4/500, 3 ran unasked\n')
  })

  test('let the next call be blocked when they have filled the window', async (t) => {
    const home = await home3(t, { rate: { blockPerMin: 5 } })
    const blocked = await runHook({ home, input: event() })
    assert.equal(blocked.exitCode, 2)
    assert.match(blocked.stderr, /^rate_limited: 5 tool calls/)
  })

  test('count once when the hook is registered twice and both are told at once', async (t) => {
    const home = temporaryHome(t)
    await hear(home, PROMPT)
    const round = ended([callOf('a'), callOf('b'), callOf('c')])
    await Promise.all(times(2, () => hear(home, round)))
    assert.equal((await statusOf(home)).totals.unasked, 3)
    assert.equal(logged(home).length, 1)
  })

  test('are those of the subagent that made them', async (t) => {
    const home = temporaryHome(t)
    await hear(home, PROMPT)
    await hear(
      home,
      ended(
        times(3, (i) => callOf(`${i}`)),
        { agent_id: 'a5c', agent_type: 'Explore' },
      ),
    )
    assert.equal(logged(home)[0]?.agent, 'a5c')
    const { sessions } = await statusOf(home)
    assert.deepEqual(sessions[0].agents, [
      { agent: 'a5c', type: 'Explore', count: 3 },
      { agent: 'main', type: '', count: 0 },
    ])
  })
})

describe('a session', () => {
  test('that begins with SessionStart is seen from its start, and one that is compacted is not', async (t) => {
    const home = temporaryHome(t)
    const sources = ['startup', 'resume', 'clear', 'fork', 'compact']
    for (const source of sources) {
      const session_id = source
      await hear(home, { hook_event_name: 'SessionStart', source, session_id })
      await hear(home, ended([callOf('a')], { session_id }))
    }
    const { sessions } = await statusOf(home)
    const unasked = Object.fromEntries(
      sessions.map(({ session, unasked }: { session: string; unasked: number }) => [session, unasked]),
    )
    assert.deepEqual(unasked, { startup: 1, resume: 1, clear: 1, fork: 1 })
  })

  test('first seen at a call counts none', async (t) => {
    const home = temporaryHome(t)
    await hear(home, callOf('first'))
    await hear(home, ended([callOf('first'), callOf('a')]))
    assert.equal((await statusOf(home)).totals.unasked, 0)
  })

  test('without any rule counts none, and opens no database', async (t) => {
    const home = temporaryHome(t, ALL_OFF)
    await hear(home, PROMPT)
    await hear(home, ended([callOf('a')]))
    assert.equal((await statusOf(home)).totals.unasked, 0)
  })
})
