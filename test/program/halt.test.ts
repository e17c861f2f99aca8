/** A runaway and how it ends: real hook processes, told of calls, results and prompts as the client tells of them. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openSqlite } from '../../src/system/sqlite.ts'
import { type Ended, event, runCli, runHook, temporaryHome } from '../support/processes.ts'

let ids = 0

interface Told {
  readonly call: Ended
  readonly end: Ended
}

/** One message with one call, and its result; `json` is written in place of the result's text. */
async function round(home: string, members: object = {}, result = 'a b', json?: string): Promise<Told> {
  ids += 1
  const made = {
    tool_name: 'Bash',
    tool_input: { command: 'ls', description: `try ${ids}` },
    tool_use_id: `t${ids}`,
  }
  const call = await runHook({ home, input: event({ ...made, ...members }) })
  const batch = {
    hook_event_name: 'PostToolBatch',
    tool_calls: [{ ...made, ...members, tool_response: result }],
  }
  const input = event({ ...batch, ...members })
  const told = json === undefined ? input : input.replace(JSON.stringify(result), json)
  return { call, end: await runHook({ home, input: told }) }
}

async function rounds(home: string, count: number, members: object = {}): Promise<Told[]> {
  const told: Told[] = []
  for (let i = 0; i < count; i += 1) told.push(await round(home, members))
  return told
}

function prompt(home: string, members: object = {}): Promise<Ended> {
  return runHook({ home, input: event({ hook_event_name: 'UserPromptSubmit', prompt: 'go on', ...members }) })
}

describe('a runaway', () => {
  test('is blocked after five equal results, however its description is reworded, and ended after three blocks', async (t) => {
    const home = temporaryHome(t)
    const told = await rounds(home, 8)
    assert.deepEqual(
      told.map(({ call, end }) => [call.exitCode, end.exitCode, end.stdout !== '']),
      [...new Array(5).fill([0, 0, false]), [2, 0, false], [2, 0, false], [2, 0, true]],
    )
    const reasons = told.slice(5).map(({ call }) => call.stderr)
    for (const reason of reasons) {
      assert.match(reason, /^loop_detected: /)
      assert.doesNotMatch(reason, /retry|again later|\bls\b/i)
      assert.ok(Buffer.byteLength(reason) <= 600)
    }
    assert.equal(
      new Set(reasons.map((reason) => reason.split('\n')[1])).size,
      3,
      'no advice reads like the one before',
    )
    const { continue: goesOn, stopReason } = JSON.parse(told[7]?.end.stdout ?? '')
    assert.equal(goesOn, false)
    assert.match(stopReason, /^spikectl ended the turn of this session \(loop_detected: .+spikectl reset s1/)
  })

  for (const [what, result] of [
    ['objects that cannot be turned into a string', '{"toString":1}'],
    ['nested 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ] as const) {
    test(`is found, and its rounds are counted, when its results are ${what}`, async (t) => {
      const home = temporaryHome(t)
      const told: Told[] = []
      // Put in as text: so deep a value cannot be written down by JSON.stringify.
      for (let i = 0; i < 8; i += 1) told.push(await round(home, {}, '…', result))
      assert.deepEqual(
        told.map(({ call, end }) => [call.exitCode, end.exitCode, end.stderr]),
        [...new Array(5).fill([0, 0, '']), ...new Array(3).fill([2, 0, ''])],
      )
      assert.equal(JSON.parse(told[7]?.end.stdout ?? '').continue, false)
    })
  }

  test('stays ended for every agent and for prompts that no person wrote, until a person writes one', async (t) => {
    const home = temporaryHome(t)
    await rounds(home, 8)
    const { call, end } = await round(home, { agent_id: 'a1', tool_input: { command: 'pwd' } })
    assert.equal(call.exitCode, 2)
    assert.equal(JSON.parse(call.stdout).continue, false)
    assert.match(call.stderr, /^halted: /)
    assert.equal(JSON.parse(end.stdout).continue, false)
    const stop = await runHook({ home, input: event({ hook_event_name: 'Stop', stop_hook_active: true }) })
    assert.deepEqual([stop.exitCode, JSON.parse(stop.stdout).continue], [0, false])
    for (const machine of [{ prompt: '<task-notification>\n…' }, { source: 'schedule_wakeup' }]) {
      const blocked = await prompt(home, machine)
      assert.deepEqual([blocked.exitCode, blocked.stdout], [2, ''])
      assert.match(blocked.stderr, /^halted: /)
    }
    assert.deepEqual(await prompt(home, { source: 'user' }), {
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: '',
    })
    assert.equal((await round(home)).call.exitCode, 0)
  })

  test('stays ended at a prompt with the words of a schedule, which asks for other words', async (t) => {
    const home = temporaryHome(t)
    await rounds(home, 8)
    const stop = { hook_event_name: 'Stop', session_crons: [{ id: 'c1', prompt: 'look at it' }] }
    await runHook({ home, input: event(stop) })
    const write = (prompt: string) =>
      runHook({ home, input: event({ hook_event_name: 'UserPromptSubmit', prompt }) })
    const same = await write('look at it')
    assert.equal(same.exitCode, 2)
    assert.match(
      same.stderr,
      /^halted: these are the words of a scheduled prompt, .* write it in other words\. For the person: .* spikectl reset s1\n/,
    )
    const notified = await write('<task-notification>\n…')
    assert.equal(notified.exitCode, 2)
    assert.doesNotMatch(notified.stderr, /other words/)
    assert.equal((await write('please look at it')).exitCode, 0)
    assert.equal((await round(home)).call.exitCode, 0)
  })

  test('stays ended when it was idle for an hour, and when its session has ended and is resumed', async (t) => {
    const home = temporaryHome(t)
    await rounds(home, 8)
    await runHook({ home, input: event({ hook_event_name: 'SessionEnd', reason: 'other' }) })
    const db = openSqlite(join(home, 'state.db'))
    const hourAgo = Date.now() - 3_600_000
    db.prepare('UPDATE session SET last_ms = ?, last_minute = ?').run(hourAgo, Math.floor(hourAgo / 60_000))
    db.prepare('UPDATE retired SET swept_ms = 0').run()
    db.close()
    await round(home, { session_id: 'another' })
    assert.equal((await round(home)).call.exitCode, 2)
  })

  test('cannot let itself go on with a prompt, results or an end that it has forged', async (t) => {
    const home = temporaryHome(t)
    await rounds(home, 8)
    const env = { CLAUDECODE: '1', AI_AGENT: 'claude-code_2-1-330_agent' }
    for (const name of ['UserPromptSubmit', 'SessionEnd', 'PostToolBatch']) {
      const input = event({ hook_event_name: name, prompt: 'go on', tool_calls: [] })
      assert.equal((await runHook({ home, input, env })).exitCode, 0)
    }
    assert.equal((await round(home)).call.exitCode, 2)
    assert.match(
      (await runCli(['log'], { home })).stdout,
      /ignored: UserPromptSubmit came from an agent's own shell/,
    )
    const harness = { ...env, AI_AGENT: 'claude-code_2-1-330_harness' }
    await runHook({
      home,
      input: event({ hook_event_name: 'UserPromptSubmit', prompt: 'go on' }),
      env: harness,
    })
    assert.equal((await round(home)).call.exitCode, 0)
  })

  test('is shown by status, counted, signed and logged, and let go by a reset', async (t) => {
    const home = temporaryHome(t)
    await rounds(home, 8)
    const { sessions, totals } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual([sessions[0].state, sessions[0].denied, totals.halted], ['halt', 3, 1])
    const { stdout } = await runCli(['status'], { home })
    assert.match(stdout, /HALT +after a prompt/)
    assert.match(
      stdout,
      /^HALTED s1 since \S+, .+ \(loop_detected: the same call 5 times, .+\); goes on with a prompt/,
    )
    const lines = (await runCli(['audit', 'show', '--json'], { home })).stdout
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l))
    assert.deepEqual(lines.map(({ event: name, type }) => [name, type]).slice(1), [
      ...new Array(3).fill(['block', 'loop_detected']),
      ['halt', 'loop_detected'],
    ])
    assert.match((await runCli(['log'], { home })).stdout, /halt +s1 +Bash +halted: the same call 5 times/)
    assert.match((await runCli(['metrics'], { home })).stdout, /spikectl_tool_spike_halted_total 1\n/)
    await runCli(['reset', 's1'], { home })
    assert.equal((await round(home)).call.exitCode, 0)
  })

  test('of invalid input is ended although no hook was asked about it', async (t) => {
    const home = temporaryHome(t)
    const ends: string[] = []
    for (let i = 0; i < 5; i += 1) {
      const invalid = {
        tool_name: 'Write',
        tool_input: {},
        tool_use_id: `invalid ${i}`,
        tool_response: 'InputValidationError',
      }
      const input = event({ hook_event_name: 'PostToolBatch', tool_calls: [invalid] })
      ends.push((await runHook({ home, input })).stdout)
    }
    assert.deepEqual(ends.slice(0, 4), ['', '', '', ''])
    assert.equal(JSON.parse(ends[4] ?? '').continue, false)
  })

  test('in shadow mode is let run, and what would have been done is logged and counted', async (t) => {
    const home = temporaryHome(t, { mode: 'shadow' })
    const told = await rounds(home, 10)
    for (const { call, end } of told) {
      assert.deepEqual(
        [call.exitCode, call.stdout, call.stderr, end.exitCode, end.stdout],
        [0, '', '', 0, ''],
      )
    }
    const log = readFileSync(join(home, 'log.jsonl'), 'utf8')
    assert.match(log, /"would_warn".+"would_block".+"would_halt"/s)
    const { mode, sessions, totals } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual([mode, totals.blocked, totals.wouldBlock > 0, totals.wouldHalt], ['shadow', 0, true, 1])
    assert.equal(sessions[0].denied, 0)
    assert.match(
      (await runCli(['status'], { home })).stdout,
      /shadow mode: nothing is blocked; would have warned 2, blocked 5, ended 1 turn/,
    )
  })

  test('in a subagent is shown by status and explain, while the session goes on', async (t) => {
    const home = temporaryHome(t)
    await rounds(home, 8, { agent_id: 'sub1' })
    const { sessions } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual(
      [sessions[0].state, sessions[0].agents[0]],
      ['allow', { agent: 'sub1', type: '', count: 5, halted: true }],
    )
    assert.match(
      (await runCli(['status'], { home })).stdout,
      /\ns1: halted sub1, while others go on; goes on with a prompt/,
    )
    assert.match(
      (await runCli(['explain', '--session', 's1'], { home })).stdout,
      /\nhalt sub1 \(repeat\) +0 /,
    )
    await prompt(home)
    assert.doesNotMatch((await runCli(['explain', '--session', 's1'], { home })).stdout, /halt sub1/)
  })

  test('in shadow mode is never blocked, whatever else the settings demand', async (t) => {
    const home = temporaryHome(t, { mode: 'shadow', tenant: { strict: true }, onError: 'block' })
    assert.equal((await runHook({ home, input: event() })).exitCode, 0)
    assert.equal((await runHook({ home, input: event({ tool_name: '' }) })).exitCode, 1)
  })

  test('of an older client, which tells of each result by itself, is blocked too', async (t) => {
    const home = temporaryHome(t)
    const codes: (number | null)[] = []
    for (let i = 0; i < 6; i += 1) {
      const made = { tool_input: { command: 'make' }, tool_use_id: `old ${i}` }
      codes.push((await runHook({ home, input: event(made) })).exitCode)
      const name = { hook_event_name: 'PostToolUseFailure', error: 'Exit code 1' }
      await runHook({ home, input: event({ ...made, ...name }) })
    }
    assert.deepEqual(codes, [0, 0, 0, 0, 0, 2])
  })
})

describe('a result of several megabytes', () => {
  test('is compared like any other, and stored nowhere', async (t) => {
    const home = temporaryHome(t)
    const big = 'secret '.repeat(500_000)
    for (let i = 0; i < 5; i += 1) assert.equal((await round(home, {}, big)).call.exitCode, 0)
    assert.equal((await round(home, {}, big)).call.exitCode, 2)
    for (const name of ['state.db', 'audit/audit-000001.jsonl', 'log.jsonl']) {
      assert.equal(readFileSync(join(home, name)).includes('secret'), false, name)
    }
  })
})

describe('spikectl explain', () => {
  test('says what each rule would say of a call, and records nothing', async (t) => {
    const home = temporaryHome(t)
    await rounds(home, 5)
    const input = event({ tool_input: { command: 'ls' }, tool_use_id: 'next' })
    const before = readFileSync(join(home, 'state.db'))
    const { exitCode, stdout } = await runCli(['explain', '-', '--json'], { home, input })
    const { verdict, rules } = JSON.parse(stdout)
    assert.deepEqual([exitCode, verdict], [0, 'block'])
    assert.deepEqual(rules[0], {
      rule: 'repeat',
      figure: 5,
      warnAt: 3,
      blockAt: 5,
      says: 'block',
      lifts: 'after 3 different other calls',
    })
    const rate = rules.find(({ rule }: { rule: string }) => rule === 'rate')
    assert.deepEqual([rate.figure, rate.says], [6, 'allow'])
    assert.deepEqual(readFileSync(join(home, 'state.db')), before)
    const file = join(home, 'event.json')
    writeFileSync(file, input)
    assert.match(
      (await runCli(['explain', file], { home })).stdout,
      /^RULE +FIGURE +WARN AT +BLOCK AT +SAYS +LIFTS\nrepeat +5 +3 +5 +block/,
    )
  })

  test('of a session says what its next call would meet', async (t) => {
    const home = temporaryHome(t)
    await rounds(home, 8)
    const { stdout } = await runCli(['explain', '--session', 's1'], { home })
    assert.match(stdout, /\nhalt \(repeat\) +0 +- +- +halt +with a prompt of a person, or reset\n/)
    assert.match(stdout, /\ns1: halt\n$/)
  })

  test('wants an event or a session, and a call', async (t) => {
    const home = temporaryHome(t)
    assert.equal((await runCli(['explain'], { home })).exitCode, 2)
    assert.equal((await runCli(['explain', 'nowhere.json'], { home })).exitCode, 2)
    const input = event({ hook_event_name: 'SessionEnd' })
    assert.match(
      (await runCli(['explain', '-'], { home, input })).stderr,
      /only a PreToolUse event can be explained/,
    )
  })
})
