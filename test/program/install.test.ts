/** Our hooks in Claude Code's settings, and out again, with whatever else stands in them. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { CLI, type Ended, event, HOOK, run, temporaryHome, times } from '../support/processes.ts'

const EVENTS = [
  'PreToolUse',
  'PostToolBatch',
  'UserPromptSubmit',
  'Stop',
  'StopFailure',
  'SubagentStart',
  'SubagentStop',
  'SessionEnd',
  'ConfigChange',
]

/** A home of a user, with these settings if any are given. */
function person(t: TestContext, settings?: string | Buffer, name = 'home of Zoë "Z" O\'Neil') {
  const home = join(temporaryHome(t), name)
  const folder = join(home, '.claude')
  const file = join(folder, 'settings.json')
  mkdirSync(home, { recursive: true })
  if (settings !== undefined) {
    mkdirSync(folder)
    writeFileSync(file, settings)
  }
  const spikectl = (...args: string[]): Promise<Ended> =>
    run([CLI, ...args], { home, env: { SPIKECTL_HOME: join(home, 'spikectl') } })
  return {
    home,
    folder,
    file,
    spikectl,
    text: () => readFileSync(file, 'utf8'),
    hooks: () => JSON.parse(readFileSync(file, 'utf8').replace('\ufeff', '')).hooks,
  }
}

/** Settings with so many permission rules, on one line. */
function rulesOf(count: number): string {
  const allow = Array.from({ length: count }, (_, i) => `Bash(command-number-${i} with some words:*)`)
  return JSON.stringify({ permissions: { allow } })
}

const OTHERS = {
  'other hooks and tabs':
    '{\n\t"model": "opus",\n\t"hooks": {\n\t\t"PreToolUse": [{ "matcher": "Bash", "hooks": [{"type":"command","command":"guard.sh"}] }],\n\t\t"Stop": []\n\t},\n\t"env": {"A":"1"}\n}\n',
  CRLF: '{\r\n  "model": "opus",\r\n  "permissions": { "allow": [ "Bash(ls)" ] }\r\n}\r\n',
  'a byte order mark and no LF at the end': '\ufeff{"b": 1,   "a": [1,2]}',
  'four spaces': '{\n    "a" : {\n        "b": []\n    }\n}\n',
  nothing: '',
  '1 MB': `${rulesOf(20_000)}\n`,
}

describe('spikectl install', () => {
  test('makes the settings of a home that has none, and says what to expect', async (t) => {
    const { file, spikectl, hooks, folder } = person(t)
    const { exitCode, stdout } = await spikectl('install')
    assert.equal(exitCode, 0)
    assert.match(
      stdout,
      /hooks for PreToolUse, PostToolBatch, UserPromptSubmit, Stop, StopFailure, SubagentStart, SubagentStop, SessionEnd, ConfigChange\nA call through them runs\./,
    )
    assert.deepEqual(Object.keys(hooks()), EVENTS)
    const matchers = EVENTS.map((each) => hooks()[each][0].matcher)
    assert.deepEqual(matchers, ['*', ...Array(6).fill(undefined), '*', '*'])
    const [group] = hooks().PreToolUse
    assert.deepEqual(group.hooks[0].args, [HOOK])
    assert.deepEqual(
      [group.hooks[0].type, group.hooks[0].timeout, group.hooks[0].onFailure],
      ['command', 10, undefined],
    )
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal((await spikectl('uninstall')).exitCode, 0)
    assert.deepEqual(readdirSync(folder), [])
  })

  for (const [name, text] of Object.entries(OTHERS)) {
    test(`keeps settings with ${name} as they are, and uninstall gives them back byte for byte`, async (t) => {
      const { spikectl, text: now, hooks, file } = person(t, text)
      assert.equal((await spikectl('install')).exitCode, 0)
      for (const each of EVENTS) assert.match(JSON.stringify(hooks()[each]), /spikectl-hook\.js/)
      if (text.includes('guard.sh')) assert.equal(hooks().PreToolUse[0].hooks[0].command, 'guard.sh')
      if (text.includes('\r\n')) assert.doesNotMatch(now(), /[^\r]\n/)
      if (text) assert.equal(readFileSync(`${file}.before-spikectl`, 'utf8'), text)
      await spikectl('install')
      assert.equal((await spikectl('uninstall')).exitCode, 0)
      assert.equal(now(), text)
      assert.equal(existsSync(`${file}.before-spikectl`), false)
    })
  }

  test('twice is the same as once', async (t) => {
    const { spikectl, text } = person(t, OTHERS['other hooks and tabs'])
    await spikectl('install')
    const once = text()
    assert.match((await spikectl('install')).stdout, /has our hooks already/)
    assert.equal(text(), once)
  })

  test('replaces entries of an earlier version in place of adding to them', async (t) => {
    const old = {
      PreToolUse: [
        {
          matcher: '*',
          hooks: [
            { type: 'command', command: 'spikectl-hook' },
            { type: 'command', command: 'mine' },
          ],
        },
      ],
    }
    const { spikectl, hooks } = person(t, JSON.stringify({ hooks: old }))
    await spikectl('install')
    assert.equal(JSON.stringify(hooks()).match(/spikectl-hook/g)?.length, EVENTS.length)
    assert.match(JSON.stringify(hooks().PreToolUse), /"mine"/)
  })

  test('leaves what the user has changed since, when it is uninstalled', async (t) => {
    const { spikectl, file, text } = person(t, '{\n  "a": 1\n}\n')
    await spikectl('install')
    writeFileSync(file, text().replace('"a": 1', '"a": 2'))
    await spikectl('uninstall')
    assert.deepEqual(JSON.parse(text()), { a: 2 })
  })

  test('--fail-closed refuses calls whose hook cannot run, and no prompts', async (t) => {
    const { spikectl, hooks } = person(t)
    await spikectl('install', '--fail-closed')
    assert.equal(hooks().PreToolUse[0].hooks[0].onFailure, 'block')
    assert.equal(hooks().UserPromptSubmit[0].hooks[0].onFailure, undefined)
  })

  test('--dry-run shows the settings and changes nothing', async (t) => {
    const { spikectl, file } = person(t)
    const { stdout } = await spikectl('install', '--dry-run')
    assert.deepEqual(Object.keys(JSON.parse(stdout).hooks), EVENTS)
    assert.equal(existsSync(file), false)
  })

  for (const [name, text, says] of [
    ['a broken file', '{\n  "a": 1,\n  "b" 2\n}', /is not JSON: colon expected at line 3, column 7\nhint: /],
    ['a comment', '{\n  // mine\n}', /is not JSON: invalid comment token at line 2, column 3/],
    ['more than the client reads', rulesOf(50_000), /is larger than 2097152 bytes/],
    ['hooks that are there twice', '{"hooks":{},"hooks":{"Stop":[]}}', /has hooks twice/],
    ['hooks of another shape', '{"hooks":null}', /hooks is no object/],
    ['a list', '[]', /holds something else than a JSON object/],
    ['hooks of the wrong shape', '{"hooks":{"PreToolUse":{}}}', /hooks\.PreToolUse is no list of hooks/],
  ] as const) {
    test(`refuses ${name}, and changes nothing`, async (t) => {
      const { spikectl, text: now } = person(t, text)
      const { exitCode, stderr } = await spikectl('install')
      assert.equal(exitCode, 2)
      assert.match(stderr, says)
      assert.equal(now(), text)
    })
  }

  test('refuses a file that is not UTF-8, which could not be given back', async (t) => {
    const bytes = Buffer.from('{"language":"caf\xe9"}', 'latin1')
    const { spikectl, file } = person(t, bytes)
    const { exitCode, stderr } = await spikectl('install')
    assert.equal(exitCode, 2)
    assert.match(stderr, /is not UTF-8/)
    assert.deepEqual(readFileSync(file), bytes)
  })

  test('loses no record where many are made at once', async (t) => {
    const { home } = person(t)
    const env = { SPIKECTL_HOME: join(home, 'spikectl') }
    const projects = times(8, (i) => join(home, `project-${i}`))
    for (const project of projects) mkdirSync(project)
    const install = (cwd: string) => run([CLI, 'install', '--scope', 'local'], { home, cwd, env })
    const ended = await Promise.all(projects.map(install))
    assert.deepEqual(
      ended.map(({ exitCode }) => exitCode),
      times(8, () => 0),
    )
    const known = JSON.parse(readFileSync(join(home, 'spikectl/installed.json'), 'utf8'))
    assert.equal(Object.keys(known).length, 8)
  })

  test('leaves the rights of a file as they were, and lets all read a new one of a project', async (t) => {
    const { spikectl, file, home } = person(t, '{}', 'home')
    chmodSync(file, 0o644)
    for (const command of ['install', 'uninstall']) {
      await spikectl(command)
      assert.equal(statSync(file).mode & 0o777, 0o644, command)
    }
    const project = join(home, 'project')
    mkdirSync(project)
    await run([CLI, 'install', '--scope', 'project'], { home, cwd: project })
    assert.equal(statSync(join(project, '.claude/settings.json')).mode & 0o777, 0o644)
  })

  test('says what else keeps the hooks from running, and where others of ours are', async (t) => {
    const { spikectl } = person(t, '{"disableAllHooks":true}', 'home')
    assert.match((await spikectl('install')).stderr, /warning: .*settings\.json sets disableAllHooks/)
    await spikectl('install', '--scope', 'local')
    assert.match(
      (await spikectl('uninstall')).stdout,
      /settings\.local\.json still has some: spikectl uninstall --scope local/,
    )
  })

  test('keeps the copy from before the first install', async (t) => {
    const { spikectl, file } = person(t, '{"a":1}')
    await spikectl('install')
    await spikectl('install', '--fail-closed')
    assert.equal(readFileSync(`${file}.before-spikectl`, 'utf8'), '{"a":1}')
  })

  test('is for an agent to run once, and then only for a person', async (t) => {
    const { home, spikectl } = person(t)
    const env = { AI_AGENT: 'claude-code_2-1-330_agent', SPIKECTL_HOME: join(home, 'spikectl') }
    assert.equal((await run([CLI, 'install'], { home, env })).exitCode, 0)
    assert.match(
      (await run([CLI, 'install'], { home, env })).stderr,
      /install refuses to run in an agent's own shell/,
    )
    assert.equal((await spikectl('install')).exitCode, 0)
  })

  test('refuses a file that is read-only', async (t) => {
    const { spikectl, file, text } = person(t, '{}')
    chmodSync(file, 0o444)
    const { exitCode, stderr } = await spikectl('install')
    assert.equal(exitCode, 2)
    assert.match(stderr, /is read-only\nhint: If you want it changed: chmod u\+w /)
    assert.equal(text(), '{}')
  })

  test('refuses a file of another user', async (t) => {
    const { spikectl, file, folder } = person(t)
    mkdirSync(folder)
    if (process.getuid?.() === 0) {
      writeFileSync(file, '{}')
      chownSync(file, 1, 1)
    } else {
      symlinkSync('/etc/hosts', file)
    }
    const { exitCode, stderr } = await spikectl('install')
    assert.equal(exitCode, 2)
    assert.match(stderr, /belongs to another user\nhint: Expected your own\. Run: ls -l /)
  })

  test('follows a link to the settings, and leaves it one', async (t) => {
    const { home, file, folder, spikectl } = person(t)
    mkdirSync(folder)
    writeFileSync(join(home, 'dotfiles.json'), '{}')
    symlinkSync(join(home, 'dotfiles.json'), file)
    await spikectl('install')
    assert.equal(lstatSync(file).isSymbolicLink(), true)
    assert.match(readFileSync(join(home, 'dotfiles.json'), 'utf8'), /spikectl-hook/)
  })

  test('in a project disturbs nobody who has no spikectl, and lets exit code 2 through for who has', async (t) => {
    const { home, spikectl } = person(t, undefined, 'project')
    assert.equal((await spikectl('install', '--scope', 'project')).exitCode, 0)
    const settings = JSON.parse(readFileSync(join(home, '.claude/settings.json'), 'utf8'))
    const { command, args } = settings.hooks.PreToolUse[0].hooks[0]
    assert.equal(command, 'command -v spikectl-hook >/dev/null 2>&1 || exit 0; exec spikectl-hook')
    assert.equal(args, undefined)
    const bin = join(home, 'bin')
    mkdirSync(bin)
    const through = (PATH: string) =>
      spawnSync('/bin/sh', ['-c', command], { env: { PATH, SPIKECTL_HOME: home }, input: event() }).status
    assert.equal(through('/usr/bin:/bin'), 0)
    writeFileSync(join(bin, 'spikectl-hook'), `#!/bin/sh\nexec '${process.execPath}' '${HOOK}'\n`, {
      mode: 0o755,
    })
    writeFileSync(join(home, 'config.json'), '{"rate":{"blockPerMin":1}}')
    assert.equal(through(`${bin}:/usr/bin:/bin`), 2)
  })

  test('takes the scopes that there are; an agent cannot uninstall', async (t) => {
    const { home, spikectl } = person(t, undefined, 'home')
    assert.equal((await spikectl('install', '--scope', 'local')).exitCode, 0)
    assert.ok(existsSync(join(home, '.claude/settings.local.json')))
    assert.match((await spikectl('install', '--scope', 'world')).stderr, /expected user, project or local/)
    const env = { AI_AGENT: 'claude-code_2-1-330_agent', SPIKECTL_HOME: home }
    assert.equal((await run([CLI, 'uninstall'], { home, env })).exitCode, 2)
  })
})
