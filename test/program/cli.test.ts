import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { SETTINGS } from '../../src/guard/policy.ts'
import { NO_TOTALS } from '../../src/store/queries.ts'
import { ALL_OFF } from '../support/policies.ts'
import { blockedHome, event, hookEach, LOW, runCli, temporaryHome, times } from '../support/processes.ts'
import { countCalls } from '../support/stores.ts'

describe('spikectl status', () => {
  test('before the first call says so', async (t) => {
    const { exitCode, stdout } = await runCli(['status'], { home: temporaryHome(t) })
    assert.equal(exitCode, 0)
    assert.match(stdout, /^No session in the last hour\.\nsince the beginning: 0 calls/)
  })

  test('shows who is calling how fast, and what the next call would meet', async (t) => {
    // With one of the hook's, the only test that depends on the real 60 seconds.
    const home = temporaryHome(t, LOW)
    await hookEach(
      times(12, () => event({ cwd: '/home/dev/app' })),
      { home },
    )
    const { exitCode, stdout } = await runCli(['status'], { home })
    assert.equal(exitCode, 0)
    assert.match(
      stdout,
      /^SESSION +PROJECT +COUNT +LIMIT +LAST 60 S +PEAK +AGENTS +BLOCKED +STATE +NEXT CALL\n/,
    )
    assert.match(stdout, /\ns1 +app +9 +10 .*[▁▂▃▄▅▆▇█].* 9 +1 +3 +block +in \d+ s\n/)
    assert.match(
      stdout,
      /since the beginning: 12 calls, of them 5 at or above a warn limit and 3 blocked; 0 turns ended; 0 errors\n$/,
    )
  })

  test('--json has stable keys and no colour', async (t) => {
    const home = temporaryHome(t, LOW)
    countCalls(
      home,
      times(12, () => 's1'),
      LOW,
    )
    const { stdout } = await runCli(['status', '--json'], { home, env: { FORCE_COLOR: '3' } })
    const status = JSON.parse(stdout)
    const [session] = status.sessions
    assert.deepEqual(Object.keys(status), ['version', 'mode', 'sessions', 'totals'])
    assert.deepEqual([status.version, status.mode, session.perSecond.length], [1, 'enforce', 60])
    const {
      session: id,
      tenant,
      user,
      state,
      count,
      denied,
      peak,
      tools,
      agents,
      warnPerMin,
      blockPerMin,
    } = session
    assert.deepEqual(
      { id, tenant, user, state, count, denied, peak, tools, agents, warnPerMin, blockPerMin },
      {
        id: 's1',
        tenant: '',
        user: '',
        state: 'block',
        count: 9,
        denied: 3,
        peak: 9,
        tools: { Bash: 9 },
        agents: [{ agent: 'main', type: '', count: 9 }],
        warnPerMin: 5,
        blockPerMin: 10,
      },
    )
    assert.ok(session.retryAfterMs > 0 && session.retryAfterMs <= 60_000)
    assert.ok(Date.parse(session.firstSeen) <= Date.parse(session.lastSeen))
    assert.deepEqual(status.totals, { ...NO_TOTALS, calls: 12, warned: 5, blocked: 3 })
  })

  test('takes the beginning of an id, and says when it is not unique or not known', async (t) => {
    const home = temporaryHome(t)
    await hookEach([event({ session_id: 'abc-1' }), event({ session_id: 'abc-2' })], { home })
    const codes = []
    for (const name of ['abc-1', 'abc-', 'xyz']) codes.push(await runCli(['status', name], { home }))
    assert.deepEqual(
      codes.map(({ exitCode }) => exitCode),
      [0, 2, 1],
    )
    assert.match(codes[1]?.stderr ?? '', /^error: abc- is not unique, it could be abc-\d or abc-\d\nhint: /)
    assert.match(
      codes[2]?.stderr ?? '',
      /^error: no session xyz is known\nhint: Run: spikectl status --all\n$/,
    )
  })

  test('shows the limits of the project that a session works in', async (t) => {
    const home = temporaryHome(t)
    mkdirSync(join(home, 'project/.claude'), { recursive: true })
    writeFileSync(join(home, 'project/.claude/spikectl.json'), '{"rate":{"blockPerMin":2}}')
    await hookEach([event({ cwd: join(home, 'project') })], { home })
    const [session] = JSON.parse((await runCli(['status', '--json'], { home })).stdout).sessions
    assert.deepEqual([session.blockPerMin, session.state], [2, 'block'])
  })

  test('has no colour where NO_COLOR asks for none', async (t) => {
    const home = await blockedHome(t)
    const coloured = await runCli(['status'], { home, env: { FORCE_COLOR: '1' } })
    const plain = await runCli(['status'], { home, env: { NO_COLOR: '1', COLORTERM: 'truecolor', CI: '' } })
    assert.equal(coloured.stdout.includes('\u001b['), true)
    assert.equal(plain.stdout.includes('\u001b['), false)
  })

  test('says "off" when every rule is off', async (t) => {
    const home = await blockedHome(t)
    writeFileSync(join(home, 'config.json'), JSON.stringify(ALL_OFF))
    const { stdout } = await runCli(['status', '--json'], { home })
    assert.equal(JSON.parse(stdout).sessions[0].state, 'off')
  })

  test('never prints control characters of an id', async (t) => {
    const home = temporaryHome(t)
    await hookEach([event({ session_id: '\u001b[31mred\u202e' })], { home })
    const { stdout } = await runCli(['status'], { home })
    assert.match(stdout, /\n�\[31mred�/)
  })
})

describe('spikectl reset', () => {
  test('is signed, with who did it and whether from a terminal', async (t) => {
    const home = temporaryHome(t, LOW)
    countCalls(
      home,
      times(12, () => 's1'),
      LOW,
    )
    const { exitCode, stdout } = await runCli(['reset', 's1'], { home })
    assert.deepEqual([exitCode, stdout], [0, 'reset s1: its next call is counted from 0\n'])
    const last =
      readFileSync(join(home, 'audit/audit-000001.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? ''
    const line = JSON.parse(last)
    assert.deepEqual([line.event, line.session, line.tty, typeof line.by], ['reset', 's1', false, 'string'])
    const status = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual(
      [status.sessions[0].count, status.sessions[0].state, status.sessions[0].denied],
      [0, 'allow', 3],
    )
  })

  test('--all clears every session, or those of one tenant', async (t) => {
    const home = temporaryHome(t)
    await hookEach([event()], { home, env: { SPIKECTL_TENANT: 'one' } })
    await hookEach([event()], { home, env: { SPIKECTL_TENANT: 'two' } })
    await runCli(['reset', '--all', '--tenant', 'one'], { home })
    const { sessions } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    const counts = sessions.map(({ tenant, count }: { tenant: string; count: number }) => [tenant, count])
    assert.deepEqual(
      new Map(counts),
      new Map([
        ['one', 0],
        ['two', 1],
      ]),
    )
  })

  test("refuses in an agent's own shell", async (t) => {
    const home = await blockedHome(t)
    for (const env of [{ AI_AGENT: 'claude-code_2-1-330_agent', CLAUDECODE: '1' }, { CLAUDECODE: '1' }]) {
      const { exitCode, stderr } = await runCli(['reset', 's1'], { home, env })
      assert.equal(exitCode, 2)
      assert.match(stderr, /refuses to run in an agent's own shell/)
    }
    const allowed = await runCli(['reset', 's1'], { home, env: { AI_AGENT: 'x_harness', CLAUDECODE: '1' } })
    assert.equal(allowed.exitCode, 0)
  })

  test('of an empty name is wrong usage, and resets nobody', async (t) => {
    const home = await blockedHome(t)
    const { exitCode, stderr } = await runCli(['reset', ''], { home })
    assert.equal(exitCode, 2)
    assert.match(stderr, /expected a session id, got an empty one/)
  })

  test('tells two tenants with the same session id apart', async (t) => {
    const home = temporaryHome(t)
    await hookEach([event()], { home, env: { SPIKECTL_TENANT: 'one' } })
    await hookEach([event()], { home })
    assert.match((await runCli(['reset', 's1'], { home })).stderr, /s1 \(tenant one\)/)
    const ended = [
      await runCli(['reset', '--tenant', 'one', 's1'], { home }),
      await runCli(['reset', '--tenant', '', 's1'], { home }),
    ]
    assert.deepEqual(
      ended.map(({ exitCode, stdout }) => [exitCode, stdout.split(':')[0]]),
      [
        [0, 'reset s1 (tenant one)'],
        [0, 'reset s1'],
      ],
    )
  })

  test('without a session is wrong usage', async (t) => {
    const { exitCode, stderr } = await runCli(['reset'], { home: temporaryHome(t) })
    assert.equal(exitCode, 2)
    assert.match(stderr, /^error: expected either session ids or --all\nhint: /)
  })
})

describe('spikectl config', () => {
  test('sets, gets and unsets, and writes "$schema" first', async (t) => {
    const home = temporaryHome(t)
    const set = await runCli(['config', 'set', 'rate.blockPerMin', '300'], { home })
    assert.deepEqual([set.exitCode, set.stdout], [0, 'rate.blockPerMin = 300\n'])
    assert.match(
      readFileSync(join(home, 'config.json'), 'utf8'),
      /^\{\n {2}"\$schema": "\.\/config\.schema\.json",/,
    )
    assert.ok(existsSync(join(home, 'config.schema.json')))
    assert.equal((await runCli(['config', 'get', 'rate.blockPerMin'], { home })).stdout, '300\n')
    await runCli(['config', 'unset', 'rate.blockPerMin'], { home })
    assert.equal((await runCli(['config', 'get', 'rate.blockPerMin'], { home })).stdout, '500\n')
    assert.equal((await runCli(['config', 'path'], { home })).stdout, `${join(home, 'config.json')}\n`)
  })

  for (const [args, says] of [
    [
      ['set', 'rate.blockPerMin', 'many'],
      /rate\.blockPerMin is "many", expected a whole number from 0 to 1000000\nhint: Run: spikectl config set rate\.blockPerMin 500/,
    ],
    [
      ['set', 'rate.blockPerMinute', '5'],
      /rate\.blockPerMinute is no setting, expected one of .*rate\.warnPerMin/,
    ],
    [['set', 'rate.warnPerMin', '501'], /rate\.warnPerMin is 501, expected at most the block limit 10/],
    [['set', 'onError', 'explode'], /onError is "explode", expected "allow" or "block"/],
    [['get', 'nothing'], /nothing is no setting, expected one of repeat, .*mode/],
    [
      ['set', 'tools.Bash(npm *).blockPerMin', '3'],
      /expected the name of a tool, or the beginning of one and \*/,
    ],
    [
      ['set', 'spawn.tools', 'Agent'],
      /spawn\.tools is "Agent", expected a list of names\nhint: Run: .+ '\["Agent","Task","Workflow"\]'/,
    ],
  ] as const) {
    test(`${args.join(' ')} is refused, with a line to paste, and changes nothing`, async (t) => {
      const home = temporaryHome(t, LOW)
      const { exitCode, stderr } = await runCli(['config', ...args], { home })
      assert.equal(exitCode, 2)
      assert.match(stderr, says)
      assert.deepEqual(JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')), LOW)
    })
  }

  test('sets the limits of one tool, and leaves nothing behind when they are unset', async (t) => {
    const home = temporaryHome(t)
    const name = 'tools.mcp__github__*.blockPerMin'
    assert.equal((await runCli(['config', 'set', name, '3'], { home })).exitCode, 0)
    assert.equal((await runCli(['config', 'get', name], { home })).stdout, '3\n')
    await runCli(['config', 'unset', name], { home })
    assert.deepEqual(JSON.parse(readFileSync(join(home, 'config.json'), 'utf8')), {
      $schema: './config.schema.json',
    })
  })

  test('never overwrites a broken file, and mends one with the line it names', async (t) => {
    const home = temporaryHome(t)
    writeFileSync(join(home, 'config.json'), '{"rate": {')
    const { exitCode, stderr } = await runCli(['config', 'set', 'rate.blockPerMin', '3'], { home })
    assert.equal(exitCode, 2)
    assert.match(stderr, /is not JSON .+\nhint: Mend it, or run: mv /)
    assert.equal(readFileSync(join(home, 'config.json'), 'utf8'), '{"rate": {')
    writeFileSync(join(home, 'config.json'), '{"rat": 1, "rate": {"blockPerMin": 7}}')
    assert.equal((await runCli(['config', 'unset', 'rat'], { home })).exitCode, 0)
    assert.equal((await runCli(['config', 'get', 'rate.blockPerMin'], { home })).stdout, '7\n')
  })

  test('prints a JSON Schema with every setting', async (t) => {
    const schema = JSON.parse((await runCli(['config', 'schema'], { home: temporaryHome(t) })).stdout)
    assert.deepEqual(Object.keys(schema.properties), ['$schema', ...Object.keys(SETTINGS)])
    assert.equal(schema.additionalProperties, false)
  })

  test("refuses changes in an agent's own shell", async (t) => {
    const home = temporaryHome(t)
    const { exitCode } = await runCli(['config', 'set', 'onError', 'allow'], {
      home,
      env: { CLAUDECODE: '1' },
    })
    assert.equal(exitCode, 2)
    assert.equal(existsSync(join(home, 'config.json')), false)
  })
})

/** One call was warned of, three were blocked. */
async function warnedAndBlockedHome(t: TestContext): Promise<string> {
  const home = temporaryHome(t, {
    rate: { warnPerMin: 1, blockPerMin: 0 },
    tools: { Grep: { blockPerMin: 1 } },
  })
  await hookEach(
    ['Bash', 'Grep', 'Grep', 'Grep'].map((tool_name) => event({ tool_name })),
    { home },
  )
  return home
}

describe('spikectl log and metrics', () => {
  test('log shows one line a warning, block and reset', async (t) => {
    const home = await warnedAndBlockedHome(t)
    await runCli(['reset', 's1'], { home })
    const { stdout } = await runCli(['log'], { home })
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/)[1])
    assert.deepEqual(events, ['warn', 'block', 'block', 'block', 'reset'])
    const raw = await runCli(['log', '--json'], { home })
    assert.equal(raw.stdout, readFileSync(join(home, 'log.jsonl'), 'utf8'))
  })

  test('log shows one session alone', async (t) => {
    const home = await blockedHome(t)
    await runCli(['reset', 's1'], { home })
    const mine = (await runCli(['log', 's1'], { home })).stdout
    assert.match(mine, /reset/)
    const other = await runCli(['log', 'other'], { home })
    assert.deepEqual([other.exitCode, other.stdout], [1, ''])
    assert.match(other.stderr, /the log has no line of a session other/)
  })

  test('log rolls at 5 MiB and keeps one old file', async (t) => {
    const home = temporaryHome(t, { rate: { warnPerMin: 1, blockPerMin: 0 } })
    writeFileSync(join(home, 'log.jsonl'), `${'x'.repeat(99)}\n`.repeat(52_429))
    await hookEach([event()], { home })
    assert.ok(statSync(join(home, 'log.jsonl.1')).size > 5 * 1024 * 1024)
    assert.equal(existsSync(join(home, 'log.jsonl')), false)
    await hookEach([event({ session_id: 'another' })], { home })
    assert.equal(readFileSync(join(home, 'log.jsonl'), 'utf8').split('\n').length, 2)
  })

  test('metrics are in the text format of Prometheus', async (t) => {
    const { stdout } = await runCli(['metrics'], { home: await warnedAndBlockedHome(t) })
    assert.match(stdout, /# TYPE spikectl_tool_spike_warn_total counter\nspikectl_tool_spike_warn_total 1\n/)
    assert.match(
      stdout,
      /# TYPE spikectl_tool_spike_blocked_total counter\nspikectl_tool_spike_blocked_total 3\n/,
    )
    for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+ \d+)$/)
  })
})

describe('spikectl', () => {
  test('demo counts and signs exactly in few lines, also while four processes keep the machine busy', async (t) => {
    const busy = times(4, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
    t.after(() => {
      for (const each of busy) each.kill('SIGKILL')
    })
    const home = temporaryHome(t)
    const env = { CLAUDECODE: '1', TMPDIR: temporaryHome(t) }
    const { exitCode, stdout, stderr } = await runCli(['demo'], { home, env })
    assert.deepEqual([exitCode, stderr], [0, ''])
    assert.match(stdout, /: 3 ran, 1 with a warning, 1 was blocked:\n/)
    assert.match(stdout, /: 5 ran, 3 were blocked, then its turn was ended:\n/)
    const lines = stdout.trimEnd().split('\n')
    assert.ok(lines.length <= 15)
    assert.match(lines.at(-1) ?? '', /^audit [0-9a-f]{8}: 6 lines in 1 file, ends where audit\.db says: ok$/)
    assert.doesNotMatch(stdout, /not signed|spikectl (status|reset|log|audit)/) // they would look for what is gone
    assert.deepEqual([readdirSync(home), readdirSync(env.TMPDIR)], [[], []])
  })

  test('exits with 0 for help and version, and with 2 for wrong usage and a suggestion', async (t) => {
    const home = temporaryHome(t)
    assert.equal((await runCli(['--help'], { home })).exitCode, 0)
    assert.match((await runCli(['--version'], { home })).stdout, /^\d+\.\d+\.\d+\n$/)
    const { exitCode, stderr } = await runCli(['stats'], { home })
    assert.equal(exitCode, 2)
    assert.match(stderr, /unknown command 'stats'\n\(Did you mean status\?\)/)
  })
})
