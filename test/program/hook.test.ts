import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openSqlite } from '../../src/system/sqlite.ts'
import { ALL_OFF } from '../support/policies.ts'
import { event, HOOK, hookEach, run, runCli, runHook, temporaryHome, times } from '../support/processes.ts'
import { countCalls } from '../support/stores.ts'

const LOW = { rate: { warnPerMin: 5, blockPerMin: 10 } }

/** With these limits a session is halted by one message that calls Grep. */
const HALTING = { tools: { Grep: { blockPerMin: 1 } }, halt: { afterDeniedRounds: 1 } }

function halting(): string[] {
  const made = { tool_name: 'Grep', tool_input: {}, tool_use_id: 'grep' }
  return [event(made), event({ hook_event_name: 'PostToolBatch', tool_calls: [made] })]
}

describe('the hook, as a process', () => {
  // The one test of the hook that depends on the real 60 seconds.
  test('is silent, warns once, then blocks with exit code 2 and a reason', async (t) => {
    const home = temporaryHome(t, LOW)
    const ended = await hookEach(
      times(12, () => event()),
      { home },
    )
    assert.deepEqual(
      ended.map(({ exitCode }) => exitCode),
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2],
    )
    for (const [index, { stdout, stderr, exitCode }] of ended.entries()) {
      assert.equal(stdout !== '', index === 4, `stdout of call ${index + 1}`)
      assert.equal(stderr !== '', exitCode === 2, `stderr of call ${index + 1}`)
    }
    const warning = JSON.parse(ended[4]?.stdout ?? '')
    assert.deepEqual(Object.keys(warning), ['systemMessage', 'hookSpecificOutput'])
    assert.equal(warning.hookSpecificOutput.hookEventName, 'PreToolUse')
    assert.equal(warning.hookSpecificOutput.permissionDecision, undefined)
    assert.match(
      ended[9]?.stderr ?? '',
      /^rate_limited: 10 tool calls in the last 60 s in this session \(limit 10\/min\)\. A place is free in \d+ s\./,
    )
    assert.match(
      ended[9]?.stderr ?? '',
      /spikectl status s1, spikectl reset s1\n\[audit [0-9a-f]{8}#1 [0-9a-f]{4}…\]\n$/,
    )
  })

  test('goes on after a reset', async (t) => {
    const home = temporaryHome(t, HALTING)
    const before = await hookEach([...halting(), event()], { home })
    const reset = await runCli(['reset', 's1'], { home })
    const after = await hookEach([event()], { home })
    assert.deepEqual(
      [before, reset, after].flat().map(({ exitCode }) => exitCode),
      [2, 0, 2, 0, 0],
    )
  })

  test('with every rule off is a no-op that opens no database', async (t) => {
    const home = temporaryHome(t, ALL_OFF)
    const [call, broken] = await hookEach([event(), 'not json'], { home })
    assert.deepEqual([call?.exitCode, call?.stdout, call?.stderr, broken?.exitCode], [0, '', '', 0])
    assert.deepEqual(readdirSync(home), ['config.json'])
  })

  test('keeps the same session id in two tenants apart', async (t) => {
    const home = temporaryHome(t, HALTING)
    const as = (tenant: string) => ({ home, env: { SPIKECTL_TENANT: tenant } })
    const one = await hookEach([...halting(), event()], as('one'))
    const two = await hookEach([event()], as('two'))
    assert.deepEqual(
      [...one, ...two].map(({ exitCode }) => exitCode),
      [2, 0, 2, 0],
    )
  })

  test('blocks calls without a tenant where the policy demands one', async (t) => {
    const home = temporaryHome(t, { tenant: { strict: true } })
    const without = await runHook({ home, input: event() })
    const named = await runHook({ home, input: event(), env: { SPIKECTL_TENANT: 'acme' } })
    assert.equal(without.exitCode, 2)
    assert.match(without.stderr, /^missing_tenant: /)
    assert.equal(named.exitCode, 0)
  })

  test('counts a call that is registered twice, and so asked about twice at once, only once', async (t) => {
    const home = temporaryHome(t, {
      rate: { warnPerMin: 1, blockPerMin: 0 },
      tools: { Grep: { blockPerMin: 1 } },
    })
    for (const tool_name of ['Bash', 'Bash', 'Bash', 'Grep', 'Grep']) {
      const input = event({ tool_name })
      const [first, second] = await Promise.all([runHook({ home, input }), runHook({ home, input })])
      assert.deepEqual(
        [first.exitCode, second.exitCode, first.stdout],
        tool_name === 'Bash' ? [0, 0, second.stdout] : [2, 2, ''],
      )
    }
    const { sessions, totals } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    const [{ tools, denied }] = sessions
    assert.deepEqual([tools, denied, totals.calls, totals.warned], [{ Bash: 3 }, 2, 5, 3])
    const audit = readFileSync(join(home, 'audit/audit-000001.jsonl'), 'utf8').trimEnd().split('\n')
    assert.equal(audit.length, 3, 'genesis and one line for each of the two blocked calls')
  })

  test('takes an id that comes again after its result for a new call', async (t) => {
    const home = temporaryHome(t)
    const input = event({ tool_use_id: 'reused' })
    const batch = event({
      hook_event_name: 'PostToolBatch',
      tool_calls: [{ tool_use_id: 'reused', tool_name: 'Bash' }],
    })
    await hookEach([input, batch, input], { home })
    const { sessions } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual(sessions[0].tools, { Bash: 2 })
  })

  test('drops the rings of a session that ends, and keeps its summary', async (t) => {
    const home = temporaryHome(t)
    countCalls(home, ['s1', 's1'], {})
    await hookEach([event({ hook_event_name: 'SessionEnd', reason: 'other' })], { home })
    const { sessions } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual([sessions[0].count, sessions[0].peak, sessions[0].tools], [0, 2, { Bash: 2 }])
  })

  test('passes events it does not know in silence, and creates nothing for those that count nothing', async (t) => {
    const home = temporaryHome(t)
    const names = ['Notification', 'SomethingNew', 'SessionEnd', 'Stop']
    const ended = await hookEach(
      names.map((name) => event({ hook_event_name: name })),
      { home },
    )
    for (const { exitCode, stdout, stderr } of ended)
      assert.deepEqual([exitCode, stdout, stderr], [0, '', ''])
    assert.deepEqual(readdirSync(home), [])
  })

  test('makes its folders 0700 and its files 0600', async (t) => {
    const home = join(temporaryHome(t), 'not', 'there', 'yet')
    mkdirSync(join(home, '..'), { recursive: true })
    writeFileSync(join(home, '..', 'settings'), '')
    await runHook({ home, input: event(), cwd: '/' })
    await runCli(['config', 'set', 'rate.blockPerMin', '1'], { home, cwd: '/' })
    await runHook({ home, input: event(), cwd: '/' })
    const modes = readdirSync(home, { recursive: true, withFileTypes: true }).map((entry) => {
      const mode = lstatSync(join(entry.parentPath, entry.name)).mode & 0o777
      return [entry.name, mode, entry.isDirectory() ? 0o700 : 0o600] as const
    })
    assert.equal(lstatSync(home).mode & 0o777, 0o700)
    assert.ok(modes.length > 8)
    for (const [name, mode, expected] of modes) assert.equal(mode.toString(8), expected.toString(8), name)
  })

  test('counts subagents with their session and tells them apart', async (t) => {
    const home = temporaryHome(t)
    await hookEach(
      [
        event(),
        event({ agent_id: 'a1', agent_type: 'Explore' }),
        event({ agent_id: 'a1', agent_type: 'Explore' }),
      ],
      { home },
    )
    const { sessions } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual(sessions[0].tools, { Bash: 3 })
    assert.deepEqual(sessions[0].agents, [
      { agent: 'a1', type: 'Explore', count: 2 },
      { agent: 'main', type: '', count: 1 },
    ])
  })

  test('never stores what a tool was called with', async (t) => {
    const home = temporaryHome(t, {
      rate: { warnPerMin: 1, blockPerMin: 0 },
      tools: { Grep: { blockPerMin: 1 } },
    })
    const secret = 'hunter2-in-the-input'
    const ended = await hookEach(
      ['Bash', 'Grep'].map((tool_name) => event({ tool_name, tool_input: { command: secret } })),
      { home },
    )
    assert.deepEqual(
      [ended[0]?.stdout !== '', ended[1]?.exitCode],
      [true, 2],
      'one is warned of, one blocked',
    )
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    for (const entry of files) {
      assert.equal(readFileSync(join(entry.parentPath, entry.name)).includes(secret), false, entry.name)
    }
  })
})

describe('a project file', () => {
  const own = { rate: { warnPerMin: 3, blockPerMin: 5 }, tools: { Grep: { blockPerMin: 1 } } }
  const withProject = (home: string, text: string): { home: string; env: Record<string, string> } => {
    mkdirSync(join(home, 'project/.claude'), { recursive: true })
    writeFileSync(join(home, 'project/.claude/spikectl.json'), text)
    return { home, env: { CLAUDE_PROJECT_DIR: join(home, 'project') } }
  }

  test('tightens', async (t) => {
    const options = withProject(temporaryHome(t, own), '{"rate":{"blockPerMin":1}}')
    const elsewhere = await runHook({ home: options.home, input: event() })
    const here = await runHook({ ...options, input: event() })
    assert.deepEqual([elsewhere.exitCode, here.exitCode], [0, 2])
  })

  test('is found under the cwd of the event where the client names no project', async (t) => {
    const { home } = withProject(temporaryHome(t, own), '{"rate":{"blockPerMin":1}}')
    const { exitCode } = await runHook({ home, input: event({ cwd: join(home, 'project') }) })
    assert.equal(exitCode, 2)
  })

  for (const [name, text] of [
    ['is broken', '{"rate":'],
    ['has an unknown key', '{"rate":{"blockPerMin":2},"mod":1}'],
    ['has a wrong type', '{"rate":{"blockPerMin":"2"}}'],
    ['would loosen', '{"rate":{"blockPerMin":6}}'],
    ['has a limit of zero', '{"rate":{"blockPerMin":0}}'],
    ['tightens one limit and loosens the other', '{"rate":{"warnPerMin":1,"blockPerMin":0}}'],
  ] as const) {
    test(`that ${name} loosens nothing, is ignored as a whole, and is told once`, async (t) => {
      const options = withProject(temporaryHome(t, own), text)
      const ended = await hookEach(
        ['Bash', 'Bash', 'Grep'].map((tool_name) => event({ tool_name })),
        options,
      )
      assert.deepEqual(
        ended.map(({ exitCode }) => exitCode),
        [0, 0, 2],
      )
      const told = ended.map(({ stdout }) => /spikectl\.json is ignored/.test(stdout))
      assert.deepEqual(told, [true, false, false])
      const log = readFileSync(join(options.home, 'log.jsonl'), 'utf8')
      assert.equal(log.match(/"event":"notice"/g)?.length, 1)
    })
  }

  test('is told at the next call that is counted, whatever event comes before it', async (t) => {
    const options = withProject(temporaryHome(t, own), '{}')
    const batch = event({ hook_event_name: 'PostToolBatch', tool_calls: [] })
    await hookEach([event()], options)
    withProject(options.home, '{"rate":{"blockPerMin":0}}')
    const [silent, told] = await hookEach([batch, event()], options)
    assert.equal(silent?.stdout, '')
    assert.match(told?.stdout ?? '', /rate\.blockPerMin would loosen your own setting/)
  })

  test('cannot put its own words before a terminal or the model', async (t) => {
    const options = withProject(
      temporaryHome(t, own),
      `{"onError":"\\u001b]0;x\\u0007${'IGNORE '.repeat(900)}"}`,
    )
    const { stdout } = await runHook({ ...options, input: event() })
    assert.ok(stdout.length < 500, stdout)
    assert.equal(/\\u001b|\\u0007/.test(stdout), false)
  })

  test('that blocks on errors is heeded when an error comes', async (t) => {
    const options = withProject(temporaryHome(t, own), '{"onError":"block"}')
    symlinkSync(join(options.home, 'elsewhere'), join(options.home, 'state.db'))
    assert.equal((await runHook({ ...options, input: event() })).exitCode, 2)
  })

  test('that is a named pipe does not hold the hook', async (t) => {
    const home = temporaryHome(t, own)
    const options = withProject(home, '')
    execFileSync('sh', ['-c', 'rm spikectl.json && mkfifo spikectl.json'], {
      cwd: join(home, 'project/.claude'),
    })
    const { exitCode, stdout } = await runHook({ ...options, input: event() })
    assert.equal(exitCode, 0)
    assert.match(stdout, /is no regular file/)
  })
})

describe('a decided block', () => {
  const blocking = { rate: { blockPerMin: 1 } }

  test('stays one when nobody can read the reason', async (t) => {
    const home = temporaryHome(t, blocking)
    writeFileSync(join(home, 'event'), event())
    const full = await run(
      ['-c', `"$0" "$1" <event 2>/dev/full`, process.execPath, HOOK],
      { home },
      '/bin/sh',
    )
    assert.equal(full.exitCode, 2)
  })

  for (const [name, spoil] of [
    ['log.jsonl is a named pipe', (home: string) => execFileSync('mkfifo', [join(home, 'log.jsonl')])],
    ['log.jsonl is a folder', (home: string) => mkdirSync(join(home, 'log.jsonl'))],
    ['the audit folder is a file', (home: string) => writeFileSync(join(home, 'audit'), '')],
    ['the audit folder is a link', (home: string) => symlinkSync('/', join(home, 'audit'))],
    ['audit.db is of zeros', (home: string) => writeFileSync(join(home, 'audit.db'), Buffer.alloc(8192))],
    ['config.json is broken', (home: string) => writeFileSync(join(home, 'config.json'), '{')],
  ] as const) {
    test(`stays one when ${name}`, { timeout: 20_000 }, async (t) => {
      const home = temporaryHome(t)
      spoil(home)
      const project = join(home, 'project/.claude')
      mkdirSync(project, { recursive: true })
      writeFileSync(join(project, 'spikectl.json'), JSON.stringify(blocking))
      const { exitCode, stdout, stderr } = await runHook({
        home,
        input: event({ cwd: join(home, 'project') }),
      })
      assert.deepEqual([exitCode, stdout], [2, ''])
      assert.match(stderr, /^rate_limited: /)
    })
  }
})

describe('a state.db that cannot be used', () => {
  test('because another process holds its lock is waited for, but not for ever', async (t) => {
    const home = temporaryHome(t)
    await runHook({ home, input: event() })
    const holder = openSqlite(join(home, 'state.db'))
    t.after(() => holder.close())
    holder.exec('BEGIN IMMEDIATE')
    const allowed = await runHook({ home, input: event() })
    writeFileSync(join(home, 'config.json'), '{"onError":"block"}')
    const blocked = await runHook({ home, input: event() })
    assert.deepEqual([allowed.exitCode, blocked.exitCode], [1, 2])
    assert.match(allowed.stderr, /^spikectl: .+state\.db was locked for \d+ s by another process\. .+\n$/)
  })

  test('because nothing can be written there is an error in one line', { timeout: 20_000 }, async (t) => {
    const home = temporaryHome(t)
    writeFileSync(join(home, 'file'), '')
    for (const nowhere of ['/proc/nowhere', join(home, 'file'), join(home, 'file/below')]) {
      const { exitCode, stderr } = await runHook({ home: nowhere, input: event(), cwd: '/' })
      assert.equal(exitCode, 1, nowhere)
      assert.match(stderr, /^spikectl: .+ cannot be used \(E[A-Z]+\)\. Expected a folder .+\n$/)
    }
  })
})

describe('bad input', () => {
  const rows: readonly (readonly [name: string, input: string | Buffer, says: RegExp])[] = [
    ['nothing', '', /is empty/],
    ['an array', '[]', /is no JSON object/],
    ['an empty object', '{}', /has no hook_event_name/],
    ['half a line', '{"session_id":"s1","hook_ev', /is not JSON/],
    ['a call without a tool', '{"session_id":5,"hook_event_name":"PreToolUse"}', /has no tool_name/],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), /is not UTF-8/],
    ['a NUL in an id', event({ session_id: 'a\0b' }), /NUL character in session_id/],
    ['an id over 256 bytes', event({ session_id: 'x'.repeat(257) }), /session_id over 256 bytes/],
    ['an id over 256 bytes in UTF-8', event({ tool_use_id: 'é'.repeat(129) }), /tool_use_id over 256 bytes/],
    ['a line of 20 MB', event({ tool_input: { text: 'x'.repeat(20_000_000) } }), /longer than 16 MiB/],
  ]
  for (const [name, input, says] of rows) {
    test(`${name} is an error in one line: exit 1, or 2 with onError "block"`, async (t) => {
      const home = temporaryHome(t)
      await runHook({ home, input: event() })
      const allowed = await runHook({ home, input })
      writeFileSync(join(home, 'config.json'), '{"onError":"block"}')
      const blocked = await runHook({ home, input })
      assert.deepEqual([allowed.exitCode, blocked.exitCode, allowed.stdout], [1, 2, ''])
      assert.match(allowed.stderr, /^spikectl: .+\n$/)
      assert.match(allowed.stderr, says)
      const status = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
      assert.deepEqual([status.sessions[0].count, status.totals.errors], [1, 2])
    })
  }

  test('on an event that is no call is exit 1 even with onError "block"', async (t) => {
    const home = temporaryHome(t, { onError: 'block' })
    const { exitCode } = await runHook({
      home,
      input: event({ hook_event_name: 'PostToolUse', tool_name: '' }),
    })
    assert.equal(exitCode, 1)
  })

  test('is no error on an event that we do not know', async (t) => {
    const input = event({ hook_event_name: 'SomethingNew', session_id: 'a\0b' })
    const { exitCode, stderr } = await runHook({ home: temporaryHome(t), input })
    assert.deepEqual([exitCode, stderr], [0, ''])
  })

  test('that is too long is exit 1 for an event that is no call, even with onError "block"', async (t) => {
    const home = temporaryHome(t, { onError: 'block' })
    const calls = [{ tool_use_id: 't', tool_response: 'x'.repeat(20_000_000) }]
    const input = event({ hook_event_name: 'PostToolBatch', tool_calls: calls })
    assert.equal((await runHook({ home, input })).exitCode, 1)
  })

  test('an input nested a hundred thousand deep is a call like any other', async (t) => {
    const home = temporaryHome(t, { tools: { Grep: { blockPerMin: 1 } } })
    const deep = (tool_name: string) =>
      event({ tool_name, tool_input: '@' }).replace('"@"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    const ended = await hookEach([deep('Bash'), deep('Grep')], { home })
    assert.deepEqual(
      ended.map(({ exitCode }) => exitCode),
      [0, 2],
    )
  })

  test('an input of 15 MB is a call like any other', async (t) => {
    const home = temporaryHome(t)
    const { exitCode, stderr } = await runHook({
      home,
      input: event({ tool_input: { text: 'x'.repeat(15_000_000) } }),
    })
    assert.deepEqual([exitCode, stderr], [0, ''])
  })

  test('a broken config.json leaves the built-in limits in force, and says how to mend it', async (t) => {
    const home = temporaryHome(t)
    for (const [text, says] of [
      ['{"rate":', /the built-in limits are in force, because .+ is not JSON .+ or run: mv /],
      [
        '{"rate":{"warnPerMin":"many"}}',
        /rate\.warnPerMin is "many", expected a whole number .+ Run: spikectl config set rate\.warnPerMin 100/,
      ],
      ['{"rat":{}}', /rat is no setting, .+ Run: spikectl config unset rat/],
      [
        '{"rate":{"warnPerMin":20,"blockPerMin":10}}',
        /rate\.warnPerMin is 20, expected at most the block limit 10/,
      ],
      ['[]', /something else than a JSON object/],
    ] as const) {
      writeFileSync(join(home, 'config.json'), text)
      const { exitCode, stderr } = await runHook({ home, input: event() })
      assert.equal(exitCode, 1, text)
      assert.match(stderr, says)
    }
    const { sessions } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    assert.deepEqual(sessions[0].tools, { Bash: 5 }, 'the calls are counted all the same')
  })

  test('a symlink in place of state.db is refused', async (t) => {
    const home = temporaryHome(t)
    writeFileSync(join(home, 'elsewhere'), '')
    symlinkSync(join(home, 'elsewhere'), join(home, 'state.db'))
    const { exitCode, stderr } = await runHook({ home, input: event() })
    assert.equal(exitCode, 1)
    assert.match(stderr, /state\.db is a symbolic link/)
    assert.equal(lstatSync(join(home, 'elsewhere')).size, 0)
    assert.equal(existsSync(join(home, 'audit')), false)
  })
})
