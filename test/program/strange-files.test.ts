/** What stands in place of a file of ours and is none: it is refused by name, and hangs nothing. */

import assert from 'node:assert/strict'
import { chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import {
  giveAway,
  makeDevice,
  makeFolderAt,
  makeLink,
  makePipe,
  rootOnly,
  STRANGER,
} from '../support/places.ts'
import { blockedHome, event, LOW, runCli, runHook, temporaryHome } from '../support/processes.ts'
import { line } from '../support/statusline.ts'

/** Far more than any of it takes on a slow machine: only what hangs is ended by it. */
const HANGS = { timeout: 300_000 }

/** What SQLite opens: the database itself, and what it looks for beside it. */
const OPENED = ['', '-journal', '-wal', '-shm']

const STRANGE = [
  ['a named pipe', makePipe, OPENED, {}, /is no regular file/],
  ['a folder', makeFolderAt, ['-journal'], {}, /is no regular file/],
  ['a link', makeLink, ['-journal'], {}, /is a symbolic link/],
  ['a device', makeDevice, ['', '-journal'], rootOnly, /is no regular file/],
  ['a file of another user', giveAway, ['', '-journal'], rootOnly, /belongs to another user \(12345\)/],
] as const

describe('the hook', HANGS, () => {
  const failing = async (t: TestContext, name: string, make: (file: string) => void, says: RegExp) => {
    const home = temporaryHome(t)
    await runHook({ home, input: event() })
    make(join(home, name))
    const { exitCode, stdout, stderr } = await runHook({ home, input: event() })
    assert.deepEqual([exitCode, stdout], [1, ''])
    assert.match(stderr, says)
    assert.ok(stderr.includes(join(home, name)), stderr)
  }
  const unsigned = async (t: TestContext, name: string, make: (file: string) => void, says: RegExp) => {
    const home = temporaryHome(t, { rate: { blockPerMin: 1 } })
    await runHook({ home, input: event() })
    make(join(home, name))
    const { exitCode, stderr } = await runHook({ home, input: event() })
    assert.equal(exitCode, 2)
    assert.match(stderr, /^rate_limited: .+\n.+\n\[audit not signed: see spikectl log\]\n$/)
    const log = readFileSync(join(home, 'log.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? ''
    assert.match(log, says)
    assert.ok(log.includes(join(home, name)), log)
  }
  for (const [what, make, endings, options, says] of STRANGE) {
    for (const ending of endings) {
      test(`says so where ${what} stands in place of state.db${ending}`, options, (t) =>
        failing(t, `state.db${ending}`, make, says),
      )
      test(`refuses unsigned where ${what} stands in place of audit.db${ending}`, options, (t) =>
        unsigned(t, `audit.db${ending}`, make, says),
      )
    }
  }
})

describe('a named pipe in place of a journal', HANGS, () => {
  test('of state.db leaves status what a copy shows, with a warning', async (t) => {
    const home = await blockedHome(t)
    makePipe(join(home, 'state.db-journal'))
    const { exitCode, stdout, stderr } = await runCli(['status', '--json'], { home })
    const { sessions, totals } = JSON.parse(stdout)
    assert.deepEqual([exitCode, sessions[0].denied, totals.blocked], [0, 3, 3])
    assert.match(
      stderr,
      /^warning: .+state\.db-journal is no regular file; this is a copy, .+ Run: ls -ld .+\n$/,
    )
  })

  test('of state.db is said by the status line', async (t) => {
    const home = await blockedHome(t)
    makePipe(join(home, 'state.db-journal'))
    assert.match(await line({ home }), /^spikectl: .+state\.db-journal is no regular file\n$/)
  })

  for (const [name, check] of [
    ['state.db-journal', 'database'],
    ['audit.db-journal', 'log'],
  ] as const) {
    test(`is a failure to doctor: ${name}`, async (t) => {
      const home = await blockedHome(t)
      makePipe(join(home, name))
      const { exitCode, stdout } = await runCli(['doctor', '--json'], { home })
      const found = JSON.parse(stdout).findings.find((each: { check: string }) => each.check === check)
      assert.deepEqual([exitCode, found.level], [2, 'failure'])
      assert.match(found.what, new RegExp(`${name} is no regular file`))
    })
  }
})

describe('a device in place of a database', rootOnly, () => {
  for (const [name, check] of [
    ['state.db', 'database'],
    ['audit.db', 'log'],
  ] as const) {
    test(`is never an empty one that is sound: ${name}`, async (t) => {
      const home = await blockedHome(t)
      makeDevice(join(home, name))
      const { stdout } = await runCli(['doctor', '--json'], { home })
      const found = JSON.parse(stdout).findings.find((each: { check: string }) => each.check === check)
      assert.deepEqual([found.level, found.what], ['failure', `${join(home, name)} is no regular file`])
    })
  }
})

describe('a home of another user', rootOnly, () => {
  test('is refused: nothing in it is believed, and nothing is written there', async (t) => {
    const home = temporaryHome(t, { mode: 'shadow', ...LOW })
    chownSync(home, STRANGER, STRANGER)
    const { exitCode, stdout, stderr } = await runHook({ home, input: event(), cwd: '/' })
    assert.deepEqual([exitCode, stdout], [1, ''])
    assert.ok(stderr.includes(`${home} belongs to another user (12345). Expected it to be yours.`), stderr)
    assert.deepEqual(readdirSync(home), ['config.json'])
    for (const command of ['status', 'reset --all']) {
      writeFileSync(join(home, 'state.db'), '')
      const ended = await runCli(command.split(' '), { home, cwd: '/' })
      assert.equal(ended.exitCode, 2, command)
      assert.match(ended.stderr, /belongs to another user/)
    }
  })

  test('where every rule is off does not switch them off', async (t) => {
    const home = temporaryHome(t, {
      rate: { warnPerMin: 0, blockPerMin: 0 },
      repeat: { warn: false, block: false },
    })
    chownSync(home, STRANGER, STRANGER)
    assert.equal((await runHook({ home, input: event(), cwd: '/' })).exitCode, 1)
  })
})

describe('a user in whose folder root has run once', rootOnly, () => {
  for (const name of ['state.db', 'state.db-journal', 'state.db-key']) {
    test(`is told the name of the file that root has left: ${name}`, async (t) => {
      const home = temporaryHome(t)
      await runHook({ home, input: event() })
      for (const each of readdirSync(home)) if (each !== name) chownSync(join(home, each), STRANGER, STRANGER)
      chownSync(home, STRANGER, STRANGER)
      assert.ok(existsSync(join(home, name)))
      const { exitCode, stderr } = await runHook({ home, input: event(), uid: STRANGER })
      assert.equal(exitCode, 1)
      assert.ok(stderr.includes(`${join(home, name)} belongs to root. spikectl ran as root here.`), stderr)
      assert.ok(stderr.includes(`Run: sudo chown "$(id -un)" ${join(home, name)}\n`), stderr)
    })
  }

  test('is told the name of a log file that they may not open', async (t) => {
    const home = await blockedHome(t)
    const name = join(home, 'audit/audit-000001.jsonl')
    const all = readdirSync(home, { recursive: true, encoding: 'utf8' }).map((each) => join(home, each))
    for (const each of [home, ...all]) if (each !== name) chownSync(each, STRANGER, STRANGER)
    const { exitCode } = await runHook({ home, input: event(), uid: STRANGER })
    assert.equal(exitCode, 2)
    const log = readFileSync(join(home, 'log.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? ''
    assert.ok(log.includes(`${name} cannot be used (EACCES).`), log)
    assert.match(log, /Run: ls -ld \S+audit \S+audit-000001\.jsonl/)
  })
})
