/** A halted session goes on, by whatever way: signed, logged and counted. Real hook processes, real clients. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { client, HAS_PROC, haltedHome, prompt, signed } from '../support/halted.ts'
import { event, hookEach, runCli, runHook } from '../support/processes.ts'

const AGENT = { AI_AGENT: 'claude-code_2-1-330_agent', CLAUDECODE: '1' }
const END = { hook_event_name: 'SessionEnd', reason: 'other' }

async function totals(home: string) {
  return JSON.parse((await runCli(['status', '--json'], { home })).stdout).totals
}

async function isHalted(home: string): Promise<boolean> {
  return (await runHook({ home, input: event({ tool_use_id: 'next' }) })).stdout.includes('"continue":false')
}

describe('a halted session that goes on', () => {
  test('with a prompt is signed with how, the terminal and the client, logged, and counted once', async (t) => {
    const home = await haltedHome(t)
    const env = client(t, {})
    const told = await Promise.all([0, 1].map(() => runHook({ home, env, input: prompt() })))
    assert.deepEqual(
      told.map(({ exitCode, stdout, stderr }) => [exitCode, stdout, stderr]),
      [
        [0, '', ''],
        [0, '', ''],
      ],
    )
    const [line, ...others] = await signed(home, 'resumed')
    assert.deepEqual(others, [])
    assert.deepEqual(
      [line?.session, line?.how, line?.tty, line?.client_pid],
      ['s1', 'prompt', false, Number(env.CLAUDE_PID)],
    )
    assert.match(
      (await runCli(['log'], { home })).stdout,
      /resumed +s1 +goes on after a halt: a prompt came from client \d+, without a known terminal +\[audit /,
    )
    assert.equal((await totals(home)).resumed, 1)
    assert.match((await runCli(['metrics'], { home })).stdout, /\nspikectl_resumed_total 1\n/)
    assert.match(
      (await runCli(['audit', 'show'], { home })).stdout,
      /resumed +s1 +by a prompt to client \d+, /,
    )
    assert.equal((await runCli(['audit', 'verify'], { home })).exitCode, 0)
  })

  test('with a forged prompt that hides the shell it comes from is signed all the same', async (t) => {
    const home = await haltedHome(t)
    assert.equal((await runHook({ home, input: prompt() })).exitCode, 0)
    const [line] = await signed(home, 'resumed')
    assert.deepEqual([line?.how, line?.tty, 'client_pid' in (line ?? {})], ['prompt', false, false])
  })

  test('with a prompt after a subagent alone was halted is signed too', async (t) => {
    const home = await haltedHome(t, { agent_id: 'sub1' })
    await runHook({ home, input: prompt() })
    assert.deepEqual(
      (await signed(home, 'resumed')).map(({ how }) => how),
      ['prompt'],
    )
  })

  test('in shadow mode is signed by the next event, and only once', async (t) => {
    const home = await haltedHome(t)
    writeFileSync(join(home, 'config.json'), '{"mode":"shadow"}')
    await hookEach([event(), prompt()], { home })
    assert.deepEqual(
      (await signed(home, 'resumed')).map(({ how }) => how),
      ['mode'],
    )
  })

  test('with a reset is counted, and signed as a reset', async (t) => {
    const home = await haltedHome(t)
    await runCli(['reset', 's1'], { home })
    await runCli(['reset', 's1'], { home })
    assert.equal((await totals(home)).resumed, 1)
    assert.equal((await signed(home, 'reset')).length, 2)
    assert.match((await runCli(['log'], { home })).stdout, /reset by \S+, standard input is no terminal/)
  })

  test('is not, when the session was never halted: nothing is signed', async (t) => {
    const home = await haltedHome(t)
    await hookEach([prompt(), prompt(), event({ ...END, session_id: 's2' })], { home })
    assert.equal((await signed(home, 'resumed')).length, 1)
  })
})

describe('the end of a halted session', () => {
  test('drops its window and says so, once; the session stays halted', async (t) => {
    const home = await haltedHome(t)
    await hookEach([event(END), event(END)], { home })
    assert.deepEqual(
      (await signed(home, 'resumed')).map(({ how }) => how),
      ['session_end'],
    )
    assert.match((await runCli(['log'], { home })).stdout, /its window is dropped although calls are blocked/)
    assert.equal(await isHalted(home), true)
  })
})

describe('a prompt is no person’s', () => {
  test('when it has an agent_id: a subagent was given something to do', async (t) => {
    const home = await haltedHome(t)
    assert.equal((await runHook({ home, input: prompt({ agent_id: 'sub1' }) })).exitCode, 2)
    assert.equal(await isHalted(home), true)
  })

  const started = async (t: TestContext, by: Readonly<Record<string, string>>) => {
    const home = await haltedHome(t)
    const { exitCode } = await runHook({ home, env: client(t, by), input: prompt() })
    return [exitCode, await isHalted(home)]
  }
  const rows = [
    ['an agent', AGENT, [2, true]],
    ['an agent of an older client', { CLAUDECODE: '1' }, [2, true]],
    ['a hook', { CLAUDECODE: '1', AI_AGENT: 'claude-code_2-1-330_harness' }, [0, false]],
    ['a person', {}, [0, false]],
  ] as const
  for (const [who, env, expected] of rows) {
    const name = `${expected[1] ? 'when' : 'not so when'} its client was started by ${who}`
    test(name, { skip: HAS_PROC ? false : 'no /proc' }, async (t) =>
      assert.deepEqual(await started(t, env), expected),
    )
  }

  test('when the session was begun by an agent’s client, and the prompt hides its own', {
    skip: HAS_PROC ? false : 'no /proc',
  }, async (t) => {
    const home = await haltedHome(t)
    const begun = { session_id: 'nested' }
    const env = client(t, AGENT)
    await runHook({ home, env, input: event(begun) })
    const second = { tool_name: 'Bash', tool_input: {}, tool_use_id: 'n2' }
    const batch = { hook_event_name: 'PostToolBatch', tool_calls: [second] }
    await hookEach([event({ ...begun, ...second }), event({ ...begun, ...batch })], { home, env })
    assert.equal((await runHook({ home, input: prompt(begun) })).exitCode, 2)
  })

  test('never for want of a client that can be looked at', async (t) => {
    for (const CLAUDE_PID of ['', 'x', '-1', '0', '4194304999', '../1']) {
      const home = await haltedHome(t)
      assert.equal((await runHook({ home, env: { CLAUDE_PID }, input: prompt() })).exitCode, 0)
      assert.equal(await isHalted(home), false, CLAUDE_PID)
    }
  })
})

describe('an event from an agent’s own shell', () => {
  test('is not believed for a folder of its own making that sets AI_AGENT', async (t) => {
    const home = await haltedHome(t)
    const own = join(home, 'own')
    mkdirSync(join(own, '.claude'), { recursive: true })
    writeFileSync(join(own, '.claude/settings.json'), JSON.stringify({ env: AGENT }))
    for (const forged of [prompt({ cwd: own }), event({ ...END, cwd: own })]) {
      await runHook({ home, env: { ...AGENT, CLAUDE_PROJECT_DIR: own }, input: forged })
    }
    assert.equal(await isHalted(home), true)
    assert.deepEqual(await signed(home, 'resumed'), [])
    assert.match(
      (await runCli(['log'], { home })).stdout,
      /ignored: UserPromptSubmit came from an agent's own/,
    )
  })
})
