/** One session in one line: each state as real hook processes have left it, and whatever can be wrong. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Settings } from '../../src/guard/policy.ts'
import { openSqlite } from '../../src/system/sqlite.ts'
import { ALL_OFF } from '../support/policies.ts'
import {
  blockedHome,
  CLI,
  event,
  LOW,
  run,
  runCli,
  runHook,
  temporaryHome,
  times,
} from '../support/processes.ts'
import { draw, given, line } from '../support/statusline.ts'
import { countCalls, toVersionBefore } from '../support/stores.ts'

/** With these limits a session is halted by the first round of one call. */
const HALTING = { tools: { Bash: { blockPerMin: 1 } }, halt: { afterDeniedRounds: 1 } }

const DIM = '\u001b[2mspikectl 0/500\u001b[0m\n'

/** A round of one call, which is blocked. */
async function blockedRound(home: string, members: object = {}): Promise<void> {
  const made = { tool_name: 'Bash', tool_input: { command: 'ls' }, tool_use_id: 't1' }
  assert.equal((await runHook({ home, input: event({ ...made, ...members }) })).exitCode, 2)
  const batch = { hook_event_name: 'PostToolBatch', tool_calls: [made] }
  await runHook({ home, input: event({ ...batch, ...members }) })
}

function called(t: TestContext, calls: number, settings: Settings = LOW): string {
  const home = temporaryHome(t, settings)
  countCalls(
    home,
    times(calls, () => 's1'),
    settings,
  )
  return home
}

describe('the status line', () => {
  test('is dim and shows count and limit as long as all is well', async (t) => {
    const home = called(t, 2, {})
    assert.deepEqual(await draw({ home }), {
      exitCode: 0,
      signal: null,
      stdout: '\u001b[2mspikectl 2/500\u001b[0m\n',
      stderr: '',
    })
    assert.equal(await line({ home, input: given({ session_id: 'not seen' }) }), 'spikectl 0/500\n')
  })

  test('is yellow where the next call would be warned', async (t) => {
    const home = called(t, 5)
    assert.equal((await draw({ home })).stdout, '\u001b[33mspikectl 5/10 warn\u001b[0m\n')
  })

  test('is red where the next call would be blocked, and says until when', async (t) => {
    const home = called(t, 9)
    const [session] = JSON.parse((await runCli(['status', '--json'], { home })).stdout).sessions
    const { stdout } = await draw({ home })
    const [, time] = / until (\d\d:\d\d:\d\d)/.exec(stdout) ?? []
    assert.equal(stdout, `\u001b[31mspikectl 9/10 blocked until ${time}\u001b[0m\n`)
    const wait = (Date.parse(`${new Date().toDateString()} ${time}`) - Date.now() + 86_400_000) % 86_400_000
    assert.ok(Math.abs(wait - session.retryAfterMs) < 10_000, `${time} is in ${wait} ms`)
  })

  test('names no time where no call can ever pass', async (t) => {
    const home = temporaryHome(t, { rate: { blockPerMin: 1 } })
    assert.equal(await line({ home }), 'spikectl 0/1 blocked\n')
  })

  test('is bold and red for a session that is halted, until a person has written a prompt', async (t) => {
    const home = temporaryHome(t, HALTING)
    await blockedRound(home)
    assert.equal(
      (await draw({ home })).stdout,
      '\u001b[1;31mspikectl halted until your next prompt\u001b[0m\n',
    )
    await runHook({ home, input: event({ hook_event_name: 'UserPromptSubmit', prompt: 'go on' }) })
    assert.equal(await line({ home }), 'spikectl 0/500, 1 blocked\n')
  })

  test('counts the agents that are halted while others go on', async (t) => {
    const home = temporaryHome(t, HALTING)
    for (const agent_id of ['a1', 'a2']) await blockedRound(home, { agent_id })
    assert.equal(await line({ home }), 'spikectl 0/500, 2 blocked, 2 agents halted\n')
    await runHook({ home, input: event({ hook_event_name: 'UserPromptSubmit', prompt: 'go on' }) })
    assert.equal(await line({ home }), 'spikectl 0/500, 2 blocked\n')
  })

  test('says so in shadow mode, and of what shadow mode would have done nothing, then or later', async (t) => {
    const home = temporaryHome(t, { ...HALTING, mode: 'shadow' })
    const made = { tool_use_id: 't1', tool_input: { command: 'ls' } }
    await runHook({ home, input: event(made) })
    const batch = { hook_event_name: 'PostToolBatch', tool_calls: [{ tool_name: 'Bash', ...made }] }
    await runHook({ home, input: event(batch) })
    assert.equal((await draw({ home })).stdout, '\u001b[2mspikectl shadow 0/500\u001b[0m\n')
    writeFileSync(join(home, 'config.json'), JSON.stringify(HALTING))
    assert.equal(await line({ home }), 'spikectl 0/500\n')
  })

  test('shows the count alone where the rate has no limit', async (t) => {
    const home = called(t, 3, { rate: { warnPerMin: 0, blockPerMin: 0 } })
    assert.equal(await line({ home }), 'spikectl 3\n')
  })

  test('says that all rules are off, and does not even open state.db then', async (t) => {
    const home = temporaryHome(t, ALL_OFF)
    writeFileSync(join(home, 'state.db'), 'no database')
    assert.equal((await draw({ home })).stdout, '\u001b[2mspikectl off\u001b[0m\n')
  })

  test('finds the session of its own tenant, and says when the policy demands one', async (t) => {
    const home = temporaryHome(t, { tenant: { strict: true } })
    const env = { SPIKECTL_TENANT: 'acme' }
    countCalls(home, ['s1', 's1'], {}, { tenant: 'acme' })
    assert.equal(await line({ home, env }), 'spikectl 2/500\n')
    assert.equal(await line({ home, env: { SPIKECTL_TENANT: 'other' } }), 'spikectl 0/500\n')
    assert.equal(
      (await draw({ home })).stdout,
      '\u001b[31mspikectl: no tenant is named, calls are blocked\u001b[0m\n',
    )
  })

  test('counts for the user where no session is named, as the hook does', async (t) => {
    const home = temporaryHome(t)
    const env = { SPIKECTL_USER: 'zoe' }
    await runHook({ home, env, input: event({ session_id: '' }) })
    assert.equal(await line({ home, env, input: given({ session_id: null }) }), 'spikectl 1/500\n')
  })

  test("has the limits of the session's project, and says when they are ignored", async (t) => {
    const home = called(t, 1)
    const project = join(home, 'project')
    mkdirSync(join(project, '.claude'), { recursive: true })
    const settings = join(project, '.claude/spikectl.json')
    writeFileSync(settings, '{"rate":{"blockPerMin":7}}')
    const workspace = { current_dir: '/', project_dir: project }
    assert.equal(await line({ home, input: given({ workspace }) }), 'spikectl 1/7\n')
    assert.equal(await line({ home, input: given({ workspace: undefined, cwd: project }) }), 'spikectl 1/7\n')
    writeFileSync(settings, '{"rate":{"blockPerMin":11}}')
    const ignored = await draw({ home, input: given({ workspace }) }, '--no-color')
    assert.equal(ignored.stdout, 'spikectl 1/10, spikectl.json is ignored\n')
    assert.match(ignored.stderr, /^spikectl: .+ rate\.blockPerMin would loosen your own setting\n$/)
  })

  test('has no colour where NO_COLOR or --no-color asks for none, and else always', async (t) => {
    const home = temporaryHome(t)
    assert.equal((await draw({ home, env: { NO_COLOR: '1' } })).stdout, 'spikectl 0/500\n')
    assert.equal((await draw({ home }, '--no-color')).stdout, 'spikectl 0/500\n')
    assert.equal((await draw({ home, env: { NO_COLOR: '', TERM: 'dumb' } })).stdout, DIM)
  })

  test('is the same by the way of the whole command line, which also knows its help and its mistakes', async (t) => {
    const home = called(t, 1)
    const input = given()
    const plain = await run([CLI, '--no-color', 'statusline'], { home, input })
    assert.deepEqual([plain.exitCode, plain.stdout, plain.stderr], [0, 'spikectl 1/10\n', ''])
    assert.match((await runCli(['statusline', '--help'], { home })).stdout, /--wrap <command>/)
    assert.match((await runCli(['--help'], { home })).stdout, /^ {2}statusline \[options\] /m)
    const mistakes = await Promise.all(
      [['--colour'], ['now'], ['--wrap'], ['--wrap', '']].map((args) => draw({ home }, ...args)),
    )
    assert.deepEqual(
      mistakes.map(({ exitCode, stdout }) => [exitCode, stdout]),
      times(4, () => [2, '']),
    )
    assert.match(mistakes[0]?.stderr ?? '', /unknown option '--colour'/)
    assert.match(mistakes[3]?.stderr ?? '', /^error: --wrap is empty, expected a command\nhint: /)
  })
})

describe('the status line reads', () => {
  test('and makes no file and no folder where nothing was counted yet', async (t) => {
    const home = temporaryHome(t)
    const state = join(home, 'not/there')
    assert.equal(await line({ home, env: { SPIKECTL_HOME: state } }), 'spikectl 0/500\n')
    assert.equal(await line({ home }), 'spikectl 0/500\n')
    assert.deepEqual(readdirSync(home), [])
  })

  test('and leaves every file as it is, but for what it alone is told', async (t) => {
    const home = await blockedHome(t)
    const before = filesIn(home)
    await draw({ home })
    assert.deepEqual(filesIn(home), before)
  })

  test('while another process holds the write lock; when that one commits, it waits, and says so in the end', async (t) => {
    const home = called(t, 1)
    const db = openSqlite(join(home, 'state.db'))
    t.after(() => db.close())
    db.exec('BEGIN IMMEDIATE; UPDATE session SET calls = 2')
    assert.equal(await line({ home }), 'spikectl 1/10\n')
    db.exec('COMMIT; BEGIN EXCLUSIVE')
    const locked = await draw({ home })
    assert.equal(locked.exitCode, 0)
    assert.equal(locked.stdout, '\u001b[33mspikectl: state.db is locked by another process\u001b[0m\n')
    assert.equal(locked.stderr, 'spikectl: state.db is locked by another process. Run: spikectl status\n')
    db.exec('COMMIT')
    assert.equal(await line({ home }), 'spikectl 1/10\n')
  })

  test('no file that a killed process has left half written: the next call mends it', async (t) => {
    const home = called(t, 1)
    const killed = `
      import { openSqlite, QUICK } from ${JSON.stringify(new URL('../../src/system/sqlite.ts', import.meta.url).href)}
      openSqlite('state.db').exec(QUICK + '; BEGIN IMMEDIATE; UPDATE session SET calls = 2')
      process.kill(process.pid, 'SIGKILL')`
    assert.equal((await run(['--input-type=module', '-e', killed], { home })).signal, 'SIGKILL')
    const before = filesIn(home)
    assert.equal(await line({ home }), 'spikectl: state.db is half written\n')
    assert.deepEqual(filesIn(home), before)
    await runHook({ home, input: event() })
    assert.equal(await line({ home }), 'spikectl 2/10\n')
  })

  test('what the version before has counted, and leaves bringing the file up to date to the hook', async (t) => {
    const home = called(t, 1)
    toVersionBefore(join(home, 'state.db'))
    const before = filesIn(home)
    assert.equal(await line({ home }), 'spikectl 1/10\n')
    assert.deepEqual(filesIn(home), before)
  })
})

describe('the status line says what is wrong in the line, and exits with 0:', () => {
  for (const [name, input, says] of [
    ['stdin is empty', '', 'spikectl: stdin is empty\n'],
    ['stdin is not JSON', 'hello {', 'spikectl: stdin is not JSON\n'],
    ['stdin is no object', '[1]', 'spikectl: stdin is no JSON object\n'],
    ['stdin is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'spikectl: stdin is not UTF-8\n'],
    [
      'an id is too long',
      given({ session_id: 'x'.repeat(257) }),
      'spikectl: stdin has a session_id over 256 bytes\n',
    ],
  ] as const) {
    test(name, async (t) => {
      const { exitCode, stdout, stderr } = await draw({ home: temporaryHome(t), input }, '--no-color')
      assert.deepEqual([exitCode, stdout], [0, says])
      assert.match(
        stderr,
        /^spikectl: stdin .+\. Expected what Claude Code gives its status line, for example \{.+\n$/,
      )
    })
  }

  test('config.json is broken, and the built-in limits are in force', async (t) => {
    const home = temporaryHome(t)
    writeFileSync(join(home, 'config.json'), '{"rate":{"blockPerMin":"many"}}')
    const { exitCode, stdout, stderr } = await draw({ home }, '--no-color')
    assert.deepEqual([exitCode, stdout], [0, 'spikectl 0/500, config.json is broken\n'])
    assert.match(
      stderr,
      /^spikectl: .+ is "many", expected .+Run: spikectl config set rate\.blockPerMin 500\n$/,
    )
  })

  for (const [name, make, says] of [
    [
      'state.db is damaged',
      (file: string) => writeFileSync(file, 'x'.repeat(8192)),
      /^spikectl: state\.db is damaged\n$/,
    ],
    [
      'state.db is a link',
      (file: string) => symlinkSync('elsewhere', file),
      /^spikectl: .+ is a symbolic link, /,
    ],
    [
      'state.db is a folder',
      (file: string) => mkdirSync(file),
      /^spikectl: .+state\.db is no regular file\n$/,
    ],
    ['state.db is of a newer version', newer, /^spikectl: .+ was written by a newer version of spikectl\n$/],
  ] as const) {
    test(name, async (t) => {
      const home = temporaryHome(t)
      make(join(home, 'state.db'))
      const { exitCode, stdout } = await draw({ home }, '--no-color')
      assert.equal(exitCode, 0)
      assert.match(stdout, says)
    })
  }

  test('a name from the environment is too long', async (t) => {
    const env = { SPIKECTL_TENANT: 'x'.repeat(257) }
    assert.equal(
      await line({ home: temporaryHome(t), env }),
      'spikectl: SPIKECTL_TENANT is longer than 256 bytes\n',
    )
  })
})

describe('the status line by hand', () => {
  for (const [name, program, args] of [
    [
      'in a terminal',
      'python3',
      ['-c', 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'],
    ],
    ['with /dev/null on stdin', '/bin/sh', ['-c', '"$0" "$@" < /dev/null']],
  ] as const) {
    test(`${name} says how to use it, and waits for nothing`, (t) => {
      const home = temporaryHome(t)
      const env = { PATH: process.env.PATH, HOME: home, SPIKECTL_HOME: home }
      const ended = spawnSync(program, [...args, process.execPath, CLI, 'statusline'], {
        env,
        encoding: 'utf8',
      })
      assert.equal(ended.status, 2)
      assert.match(
        ended.stdout + ended.stderr,
        /error:.* spikectl statusline waits for .+\r?\n.*hint:.* "statusLine": \{/,
      )
      assert.equal(existsSync(join(home, 'state.db')), false)
    })
  }
})

function newer(file: string): void {
  const db = openSqlite(file)
  db.pragma('user_version = 99')
  db.close()
}

/** Names and bytes of all but the one that the line is there to write. */
function filesIn(home: string): [string, Buffer][] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'client-limits.json')
    .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name))])
}
