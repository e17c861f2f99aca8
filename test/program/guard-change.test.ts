/** The hook keeps itself in a running session: which changes of the settings it blocks, and which it lets through. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { ALL_OFF } from '../support/policies.ts'
import { CLI, type Ended, run, runCli, runHook, temporaryHome } from '../support/processes.ts'

/** A person with our hooks in their settings, and a project. */
async function installed(t: TestContext, scope: 'user' | 'project' | 'local', config: object = {}) {
  const home = temporaryHome(t)
  const project = join(home, 'app')
  const state = join(home, 'spikectl')
  for (const folder of [join(project, '.claude'), join(home, '.claude'), state])
    mkdirSync(folder, { recursive: true })
  writeFileSync(join(state, 'config.json'), JSON.stringify(config))
  const env = { SPIKECTL_HOME: state }
  const files = {
    user: join(home, '.claude/settings.json'),
    project: join(project, '.claude/settings.json'),
    local: join(project, '.claude/settings.local.json'),
  }
  writeFileSync(files[scope], '{\n  "model": "opus"\n}\n')
  const spikectl = (...args: string[]): Promise<Ended> => runCli(args, { home, cwd: project, env })
  const { exitCode, stderr } = await spikectl('install', '--scope', scope)
  assert.equal(exitCode, 0, stderr)
  const changed = (more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    runHook({
      home,
      cwd: project,
      env: { ...env, CLAUDE_PROJECT_DIR: project, ...more },
      input: JSON.stringify({
        session_id: 's1',
        hook_event_name: 'ConfigChange',
        cwd: project,
        source: 'project_settings',
        file_path: files.project,
      }),
    })
  const edit = (file: string, change: (text: string) => string) =>
    writeFileSync(file, change(readFileSync(file, 'utf8')))
  const lines = (file: string): Record<string, unknown>[] =>
    readFileSync(join(state, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  return { home, state, project, files, spikectl, changed, edit, lines, own: files[scope] }
}

type Installed = Awaited<ReturnType<typeof installed>>

const SIGNED_MEMBERS = [
  ...['at', 'cwd', 'event', 'file', 'key', 'log', 'prev', 'problem', 'seq', 'session', 'tenant', 'v', 'sig'],
]

const LOST = /does not hold the hooks of spikectl as they were installed/

const REFUSED: readonly (readonly [string, (person: Installed) => void, RegExp])[] = [
  ['all hooks taken out', ({ own }) => writeFileSync(own, '{}'), LOST],
  [
    'one of them taken out',
    ({ own, edit }) => edit(own, (text) => text.replace('"PostToolBatch"', '"PostToolBitch"')),
    LOST,
  ],
  [
    'a matcher that matches less',
    ({ own, edit }) => edit(own, (text) => text.replace('"*"', '"Read"')),
    LOST,
  ],
  [
    'a condition',
    ({ own, edit }) => edit(own, (text) => text.replace('"timeout"', '"if": "Bash(x *)", "timeout"')),
    LOST,
  ],
  [
    'a shorter timeout',
    ({ own, edit }) => edit(own, (text) => text.replace('"timeout": 10', '"timeout": 0.001')),
    LOST,
  ],
  [
    'another program',
    ({ own, edit }) => edit(own, (text) => text.replace('exec spikectl-hook', 'true spikectl-hook')),
    LOST,
  ],
  ['a file that is no JSON', ({ own }) => writeFileSync(own, '{"hooks": {'), /is no JSON, so that/],
  [
    'a comment, which the client does not know',
    ({ own, edit }) => edit(own, (text) => `// mine\n${text}`),
    /is no JSON, so that/,
  ],
  [
    'a byte order mark that is not at the beginning',
    ({ own, edit }) => edit(own, (text) => text.replace('{', '{\ufeff')),
    /is no JSON/,
  ],
  [
    'more than the client reads',
    ({ own, edit }) => edit(own, (text) => text + ' '.repeat(2_100_000)),
    /is no JSON/,
  ],
  [
    'a copy of our hooks elsewhere that gives them no time',
    copied('"timeout": 10', '"timeout": 0.001'),
    /local\.json holds a hook of spikectl for PreToolUse that has timeout 0\.001/,
  ],
  [
    'a copy of our hooks elsewhere that nobody waits for',
    copied('"timeout": 10', '"timeout": 10, "async": true'),
    /that has async true/,
  ],
  ['a copy of our hooks elsewhere for some tools', copied('"*"', '"Read"'), /that has matcher "Read"/],
  [
    'a record that is damaged',
    ({ state }) => writeFileSync(join(state, 'installed.json'), 'null'),
    /settings that cannot be looked at: .*installed\.json is damaged/,
  ],
  [
    'settings so deep that they cannot be read',
    ({ own, edit }) =>
      edit(own, (text) =>
        text.replace('"timeout": 10', `"timeout": 10, "x": ${'['.repeat(20_000)}${']'.repeat(20_000)}`),
      ),
    /settings that cannot be looked at: Maximum call stack/,
  ],
  [
    'a path of its own for all in the project',
    ({ files }) => writeFileSync(files.local, '{"env":{"PATH":"/tmp"}}'),
    /sets PATH in its env/,
  ],
  [
    'an agent of every shell',
    ({ files }) => writeFileSync(files.local, '{"env":{"AI_AGENT":"x_agent"}}'),
    /sets AI_AGENT in its env/,
  ],
  ['a file that is gone', ({ own }) => rmSync(own), /is gone, and the hooks of spikectl with it/],
  ['a folder in its place', turnIntoFolder, /is no JSON/],
  [
    'disableAllHooks in the local settings',
    ({ files }) => writeFileSync(files.local, '{"disableAllHooks":true}'),
    /settings\.local\.json sets disableAllHooks, so that no hook runs/,
  ],
  [
    'NODE_OPTIONS for all in the project',
    ({ files }) => writeFileSync(files.local, '{"env":{"NODE_OPTIONS":"--require ./x.js"}}'),
    /sets NODE_OPTIONS in its env, which reaches the hooks/,
  ],
  [
    'another home for spikectl',
    ({ files }) => writeFileSync(files.local, '{"env":{"SPIKECTL_HOME":"/tmp/x"}}'),
    /sets SPIKECTL_HOME in its env/,
  ],
]

const LET_THROUGH: readonly (readonly [string, (person: Installed) => void])[] = [
  ['another setting', ({ own, edit }) => edit(own, (text) => text.replace('opus', 'sonnet'))],
  [
    'a hook of somebody else',
    ({ own, edit }) =>
      edit(own, (text) =>
        text.replace('"PreToolUse": [', '"PreToolUse": [{"hooks":[{"type":"command","command":"true"}]},'),
      ),
  ],
  [
    'a member of a type that only the client knows not to take',
    ({ own, edit }) => edit(own, (text) => text.replace('"opus"', '5')),
  ],
  ['another order and no indentation', ({ own, edit }) => edit(own, reordered)],
  ['a byte order mark', ({ own, edit }) => edit(own, (text) => `\ufeff${text}`)],
  ['a broken file that never held our hooks', ({ files }) => writeFileSync(files.local, '{')],
  [
    'env that does not concern us',
    ({ files }) => writeFileSync(files.local, '{"env":{"DEBUG":"1","NODE_ENV":"test"}}'),
  ],
  ['a whole copy of our hooks elsewhere', copied('', '')],
  [
    'disableAllHooks that a scope above takes back',
    ({ files, edit }) => {
      writeFileSync(files.local, '{"disableAllHooks":false}')
      edit(files.project, (text) => text.replace('{', '{"disableAllHooks":true,'))
    },
  ],
]

/** The hooks of the project, changed so, in the local settings too. */
function copied(from: string, to: string): (person: Installed) => void {
  return ({ own, files }) => writeFileSync(files.local, readFileSync(own, 'utf8').replace(from, to))
}

function turnIntoFolder({ own }: Installed): void {
  rmSync(own)
  mkdirSync(own)
}

/** Members in another order, at each level. */
function reordered(text: string): string {
  const reverse = (_: string, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).reverse())
      : value
  return JSON.stringify(JSON.parse(text), reverse)
}

describe('a change of the settings', () => {
  for (const [name, change, says] of REFUSED) {
    test(`is blocked: ${name}`, async (t) => {
      const person = await installed(t, 'project')
      change(person)
      const { exitCode, stdout, stderr } = await person.changed()
      assert.equal(exitCode, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /^guard_changed: /)
      assert.match(stderr, says)
      assert.match(stderr, /The file stays as it is now, and new sessions will read it so\./)
    })
  }

  for (const [name, change] of LET_THROUGH) {
    test(`goes through: ${name}`, async (t) => {
      const person = await installed(t, 'project')
      change(person)
      assert.deepEqual(await person.changed(), { exitCode: 0, signal: null, stdout: '', stderr: '' })
    })
  }

  test('is blocked in the user scope and in the local scope too', async (t) => {
    for (const scope of ['user', 'local'] as const) {
      const { own, changed } = await installed(t, scope)
      writeFileSync(own, '{}')
      assert.equal((await changed()).exitCode, 2, scope)
    }
  })

  test("may set spikectl's environment in the user's own settings", async (t) => {
    const { own, edit, changed } = await installed(t, 'user')
    edit(own, (text) => text.replace('{', '{"env":{"SPIKECTL_TENANT":"acme"},'))
    assert.equal((await changed()).exitCode, 0)
  })

  test('is blocked in the settings of the repository, for a session in a folder of it or in a worktree', async (t) => {
    const { home, project, files, changed } = await installed(t, 'local')
    const inFolder = join(project, 'packages/a')
    const worktree = join(home, 'worktree')
    for (const folder of [inFolder, worktree, join(project, '.git/worktrees/one')])
      mkdirSync(folder, { recursive: true })
    writeFileSync(join(worktree, '.git'), `gitdir: ../app/.git/worktrees/one\n`)
    for (const folder of [inFolder, worktree])
      assert.equal((await changed({ CLAUDE_PROJECT_DIR: folder })).exitCode, 0)
    writeFileSync(files.local, '{}')
    for (const folder of [inFolder, worktree])
      assert.equal((await changed({ CLAUDE_PROJECT_DIR: folder })).exitCode, 2)
  })

  test('goes through where it only repeats what the hook was started with', async (t) => {
    const { files, changed } = await installed(t, 'project')
    const NODE_OPTIONS = '--max-old-space-size=4096'
    writeFileSync(files.local, JSON.stringify({ env: { NODE_OPTIONS, DEBUG: '1' } }))
    assert.equal((await changed({ NODE_OPTIONS })).exitCode, 0)
    assert.equal((await changed()).exitCode, 2)
  })

  test('that sets AI_AGENT for everything takes no event from us', async (t) => {
    const { files, changed } = await installed(t, 'project')
    const AI_AGENT = 'x_agent'
    writeFileSync(files.local, JSON.stringify({ env: { AI_AGENT } }))
    writeFileSync(files.project, '{}')
    assert.equal((await changed({ AI_AGENT })).exitCode, 2)
  })

  test('is blocked when the folder of the settings is moved away, or a link to them is cut', async (t) => {
    const moved = await installed(t, 'project')
    renameSync(join(moved.project, '.claude'), join(moved.project, '.claude2'))
    assert.equal((await moved.changed()).exitCode, 2)
    const linked = await installed(t, 'user')
    renameSync(join(linked.home, '.claude'), join(linked.home, 'dotfiles'))
    symlinkSync(join(linked.home, 'dotfiles'), join(linked.home, '.claude'))
    assert.equal((await linked.changed()).exitCode, 0)
    rmSync(join(linked.home, '.claude'))
    assert.equal((await linked.changed()).exitCode, 2)
  })

  test('that was blocked stays blocked while it lies on disk, whatever is changed next', async (t) => {
    const { own, files, changed } = await installed(t, 'project')
    const before = readFileSync(own)
    writeFileSync(own, '{}')
    await changed()
    writeFileSync(files.local, '{"env":{"DEBUG":"1"}}')
    assert.equal((await changed()).exitCode, 2)
    writeFileSync(own, before)
    assert.equal((await changed()).exitCode, 0)
  })

  test('is signed, logged, and shown by status until it is mended', async (t) => {
    const { home, state, own, changed, lines, spikectl } = await installed(t, 'project')
    const before = readFileSync(own)
    writeFileSync(own, '{}')
    const { stderr } = await changed()
    assert.match(stderr, /\[audit [0-9a-f]{8}#1 /)
    const signed = lines('audit/audit-000001.jsonl').at(-1)
    assert.deepEqual([signed?.event, signed?.file, signed?.session], ['guard_changed', own, 's1'])
    assert.deepEqual(Object.keys(signed ?? {}), SIGNED_MEMBERS)
    assert.equal(lines('log.jsonl').at(-1)?.event, 'guard_changed')
    assert.match(
      (await spikectl('status')).stdout,
      /s1 keeps its hooks since .*, but new sessions will not: .*settings\.json does not hold/,
    )
    assert.equal(JSON.parse((await spikectl('status', '--json')).stdout).sessions[0].guardChange.file, own)
    const line = await run([CLI, 'statusline'], {
      home,
      env: { SPIKECTL_HOME: state },
      input: '{"session_id":"s1"}',
    })
    assert.match(line.stdout, /spikectl 0\/500.*hooks changed in the settings: spikectl doctor/)
    assert.match((await spikectl('audit', 'show')).stdout, /guard_changed.*does not hold the hooks/)
    assert.equal((await spikectl('audit', 'verify')).exitCode, 0)
    writeFileSync(own, before)
    await changed()
    assert.doesNotMatch((await spikectl('status', '--all')).stdout, /keeps its hooks/)
  })

  test('is blocked twice but signed once where the hook is registered twice', async (t) => {
    const { own, changed, lines } = await installed(t, 'project')
    writeFileSync(own, '{}')
    const both = await Promise.all([changed(), changed()])
    assert.deepEqual(
      both.map(({ exitCode }) => exitCode),
      [2, 2],
    )
    assert.equal(lines('audit/audit-000001.jsonl').filter(({ event }) => event === 'guard_changed').length, 1)
  })

  test('is only logged in shadow mode, and nothing at all is done with every rule off', async (t) => {
    const shadow = await installed(t, 'project', { mode: 'shadow' })
    writeFileSync(shadow.own, '{}')
    assert.equal((await shadow.changed()).exitCode, 0)
    assert.match(String(shadow.lines('log.jsonl').at(-1)?.message), /would have blocked a change/)
    assert.doesNotMatch((await shadow.spikectl('status', '--all')).stdout, /keeps its hooks/)
    const none = await installed(t, 'project', ALL_OFF)
    writeFileSync(none.own, '{}')
    assert.equal((await none.changed()).exitCode, 0)
  })

  test("that an agent's own shell tells of is ignored", async (t) => {
    const { own, changed, lines } = await installed(t, 'project')
    writeFileSync(own, '{}')
    assert.equal((await changed({ AI_AGENT: 'claude-code_2-1-330_agent' })).exitCode, 0)
    assert.match(String(lines('log.jsonl').at(-1)?.message), /ignored: ConfigChange came from an agent/)
  })

  test('by uninstall goes through, and by another install too', async (t) => {
    const { spikectl, changed } = await installed(t, 'project')
    assert.equal((await spikectl('install', '--scope', 'project', '--fail-closed')).exitCode, 0)
    assert.equal((await changed()).exitCode, 0)
    assert.equal((await spikectl('uninstall', '--scope', 'project')).exitCode, 0)
    assert.equal((await changed()).exitCode, 0)
  })
})
