/** Every finding of `spikectl doctor`, provoked once. */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Finding, Level } from '../../src/commands/doctor/finding.ts'
import { blocked, findings, type Person, person, plugin, unsigned } from '../support/person.ts'
import { ALL_OFF } from '../support/policies.ts'
import { run, temporaryHome } from '../support/processes.ts'

const ROWS: readonly (readonly [string, (person: Person) => unknown, Level, string, RegExp])[] = [
  ['nothing counted yet', () => undefined, 'ok', 'database', /nothing was counted yet/],
  ['calls counted', ({ call }) => call(), 'ok', 'database', /state\.db is sound, 1 call counted/],
  [
    'a state.db that is none',
    ({ state }) => writeFileSync(join(state, 'state.db'), 'x'.repeat(5000), { mode: 0o600 }),
    'failure',
    'database',
    /state\.db is damaged/,
  ],
  ['a signed log', blocked, 'ok', 'log', /3 signed lines|2 signed lines/],
  [
    'a log with a byte changed',
    async (p) => {
      await blocked(p)
      corrupt(join(p.state, 'audit/audit-000001.jsonl'))
    },
    'failure',
    'log',
    /not as it was written/,
  ],
  [
    'a log that was cut',
    async (p) => {
      await blocked(p)
      cut(join(p.state, 'audit/audit-000001.jsonl'))
    },
    'failure',
    'log',
    /the log ends at line 0, but audit\.db knows line/,
  ],
  [
    'an audit.db that is none',
    async (p) => {
      await blocked(p)
      writeFileSync(join(p.state, 'audit.db'), 'x'.repeat(5000))
    },
    'warning',
    'log',
    /audit\.db is damaged/,
  ],
  ['a block that could not be signed', unsigned, 'warning', 'database', /^\d blocks? could not be signed/],
  [
    'a file that others can read',
    ({ state }) => writeFileSync(join(state, 'notes'), '', { mode: 0o644 }),
    'warning',
    'files',
    /notes is open to other users \(644\)/,
  ],
  [
    'a broken config.json',
    ({ state }) => writeFileSync(join(state, 'config.json'), '{', { mode: 0o600 }),
    'failure',
    'config',
    /config\.json is not JSON/,
  ],
  [
    'shadow mode',
    ({ spikectl }) => spikectl('config', 'set', 'mode', 'shadow'),
    'warning',
    'config',
    /mode is shadow/,
  ],
  [
    'every rule off',
    ({ state }) => writeFileSync(join(state, 'config.json'), JSON.stringify(ALL_OFF), { mode: 0o600 }),
    'warning',
    'config',
    /every rule is off/,
  ],
  [
    "a project's settings that loosen",
    ({ project }) => writeFileSync(join(project, '.claude/spikectl.json'), '{"rate":{"blockPerMin":900}}'),
    'warning',
    'config',
    /spikectl\.json is ignored/,
  ],
  ['the client at the version it was tried with', () => undefined, 'ok', 'client', /Claude Code 2\.1\.330/],
  ['no client', ({ bin }) => rmSync(join(bin, 'claude')), 'warning', 'client', /no claude on the PATH/],
  [
    'a client that says nothing',
    ({ claude }) => claude('exit 3'),
    'failure',
    'client',
    /claude --version fails: exit code 3/,
  ],
  [
    'a client that names no version',
    ({ claude }) => claude('echo hello'),
    'failure',
    'client',
    /names no version/,
  ],
  [
    'settings that the client does not apply',
    (p) => invalid(p, '{"model":5}', 'model: Expected string, but received number'),
    'failure',
    'settings',
    /settings\.local\.json › model: Expected string, but received number/,
  ],
  [
    'settings of which the client ignores a part',
    (p) => invalid(p, '{"hooks":{"X":[]}}', 'hooks.X: Unknown hook event "X" was ignored.'),
    'warning',
    'settings',
    /settings\.local\.json › hooks\.X: Unknown hook event "X" was ignored/,
  ],
  [
    'a client that does not say what it takes',
    ({ claude }) => claude('echo "2.1.330 (Claude Code)"'),
    'failure',
    'client',
    /claude doctor does not say whether it takes the settings/,
  ],
  [
    'hooks of another hand that are given no time',
    async ({ file, local, spikectl }) => {
      writeFileSync(local, readFileSync(file, 'utf8').replace('"timeout": 10', '"timeout": 0.001'))
      await spikectl('uninstall')
    },
    'failure',
    'settings',
    /the hook for PreToolUse has timeout 0\.001/,
  ],
  [
    'NODE_OPTIONS under which no hook starts',
    ({ edit }) => edit((text) => text.replace('{', '{"env":{"NODE_OPTIONS":"--require /none.js"},')),
    'failure',
    'block',
    /does not block: exit code 1, .*with the env that .*settings\.json sets/,
  ],
  [
    'an older client',
    ({ claude }) => claude('echo "2.1.200 (Claude Code)"'),
    'warning',
    'client',
    /2\.1\.200 is older than what spikectl relies on/,
  ],
  [
    'a client that is too old',
    ({ claude }) => claude('echo "1.0.30 (Claude Code)"'),
    'failure',
    'client',
    /1\.0\.30 is too old/,
  ],
  ['hooks in one place', () => undefined, 'ok', 'settings', /the hooks are in .*\.claude\/settings\.json$/],
  [
    'no hooks anywhere',
    ({ spikectl }) => spikectl('uninstall'),
    'failure',
    'settings',
    /no settings hold the hooks of spikectl/,
  ],
  [
    'hooks in two scopes',
    ({ spikectl }) => spikectl('install', '--scope', 'local'),
    'warning',
    'settings',
    /settings\.json and .*settings\.local\.json/,
  ],
  [
    'hooks in settings and in a plugin',
    (p) => plugin(p),
    'warning',
    'settings',
    /settings\.json and the plugin spikectl@here/,
  ],
  [
    'a plugin that does not block',
    async (p) => {
      await p.spikectl('uninstall')
      writeFileSync(join(plugin(p), 'hooks/spikectl-hook.sh'), '#!/bin/sh\nexit 0\n')
    },
    'failure',
    'block',
    /the hook in the plugin spikectl@here does not block: exit code 0/,
  ],
  [
    'a plugin that is switched off',
    (p) => plugin(p, false),
    'ok',
    'settings',
    /the hooks are in .*settings\.json$/,
  ],
  [
    'hooks that were changed',
    ({ edit }) => edit((text) => text.replace('"timeout": 10', '"timeout": 9')),
    'failure',
    'settings',
    /does not hold the hooks of spikectl as they were installed/,
  ],
  [
    'a settings file that is broken',
    ({ local }) => writeFileSync(local, '{\n"a" 1}'),
    'failure',
    'settings',
    /settings\.local\.json is not JSON: colon expected at line 2, column 5/,
  ],
  [
    'hooks of the wrong shape',
    ({ local }) => writeFileSync(local, '{"hooks":{"PreToolUse":{}}}'),
    'failure',
    'settings',
    /hooks\.PreToolUse is no list of hooks/,
  ],
  [
    'disableAllHooks',
    ({ local }) => writeFileSync(local, '{"disableAllHooks":true}'),
    'failure',
    'settings',
    /sets disableAllHooks, so that no hook runs/,
  ],
  [
    'NODE_OPTIONS in a project',
    ({ local }) => writeFileSync(local, '{"env":{"NODE_OPTIONS":"--no-warnings"}}'),
    'warning',
    'settings',
    /sets NODE_OPTIONS in its env/,
  ],
  [
    'hooks that were taken out',
    ({ file }) => writeFileSync(file, '{}'),
    'failure',
    'settings',
    /settings\.json does not hold the hooks of spikectl as they were installed/,
  ],
  [
    'settings with the hooks that are broken',
    ({ file }) => writeFileSync(file, '{'),
    'failure',
    'settings',
    /settings\.json is not JSON/,
  ],
  [
    'settings with the hooks that cannot be read',
    ({ file }) => {
      rmSync(file)
      mkdirSync(file)
    },
    'failure',
    'settings',
    /settings\.json is no regular file/,
  ],
  [
    'hooks that are given no time',
    ({ edit }) => edit((text) => text.replace('"timeout": 10', '"timeout": 1')),
    'failure',
    'settings',
    /the hook for PreToolUse has timeout 1/,
  ],
  [
    'a plugin whose folder is gone',
    (p) => rmSync(plugin(p), { recursive: true }),
    'failure',
    'plugin',
    /the plugin spikectl@here is enabled, but its folder is gone: nothing of it runs/,
  ],
  [
    'a broken matcher',
    ({ edit }) => edit((text) => text.replace('"*"', '"("')),
    'failure',
    'settings',
    /the hook for PreToolUse has matcher "\("/,
  ],
  [
    'a matcher of some tools',
    ({ edit }) => edit((text) => text.replace('"*"', '"Bash|Read"')),
    'warning',
    'settings',
    /has matcher "Bash\|Read"/,
  ],
  [
    'a condition',
    ({ edit }) => edit((text) => text.replace('"timeout": 10', '"timeout": 10, "if": "Bash(git *)"')),
    'warning',
    'settings',
    /has if "Bash\(git \*\)"/,
  ],
  [
    'an async hook',
    ({ edit }) => edit((text) => text.replace('"timeout": 10', '"timeout": 10, "async": true')),
    'failure',
    'settings',
    /the hook for PreToolUse has async true/,
  ],
  [
    'an event that is missing',
    ({ edit }) => edit((text) => text.replace('"PostToolBatch"', '"Other"')),
    'warning',
    'settings',
    /has no hook for PostToolBatch/,
  ],
  [
    'no hook for calls',
    ({ edit }) => edit((text) => text.replace('"PreToolUse"', '"Other"')),
    'failure',
    'settings',
    /has no hook for PreToolUse/,
  ],
  [
    'a program that is gone',
    ({ edit }) => edit((text) => text.replaceAll('bin/spikectl-hook.js', 'gone/spikectl-hook.js')),
    'failure',
    'settings',
    /gone\/spikectl-hook\.js, which is not there/,
  ],
  [
    'another copy',
    otherCopy,
    'warning',
    'settings',
    /starts another copy of spikectl, .*other copy\/spikectl-hook\.js/,
  ],
  [
    'a hook that cannot block',
    ({ edit }) => edit((text) => text.replaceAll(JSON.stringify(process.execPath), '"/bin/true"')),
    'failure',
    'block',
    /does not block: exit code 0/,
  ],
  [
    'a hook that blocks',
    () => undefined,
    'ok',
    'block',
    /blocked call 3 of a throw-away session with that limit/,
  ],
  [
    "a project's hooks without spikectl on the PATH",
    async ({ spikectl }) => {
      await spikectl('uninstall')
      await spikectl('install', '--scope', 'project')
    },
    'failure',
    'settings',
    /starts spikectl-hook, which is not there/,
  ],
  ['a hook in time', () => undefined, 'ok', 'latency', /a call waits \d+ ms for it \(median of 7\)/],
  ['a slow hook', slow, 'warning', 'latency', /a call waits \d{3,} ms/],
]

function corrupt(file: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace('"block"', '"blick"'))
}

/** A client that finds this in the local settings, as 2.1.330 says it. */
function invalid({ local, claude }: Person, text: string, problem: string): void {
  writeFileSync(local, text)
  claude(`test "$1" = --version && exec echo '2.1.330 (Claude Code)'
    echo 'Claude Code doctor'
    test -e '${local}' && printf '\\nInvalid settings\\n%s\\n' '- ${local} › ${problem}' '  Suggested fix: none'
    printf '\\nRemote Control\\n- Not signed in to claude.ai\\n'`)
}

/** Leaves the first line alone. */
function cut(file: string): void {
  writeFileSync(file, `${readFileSync(file, 'utf8').split('\n')[0]}\n`)
}

function otherCopy({ home, edit }: Person): void {
  mkdirSync(join(home, 'other copy'))
  const copy = join(home, 'other copy/spikectl-hook.js')
  edit((text) => {
    const own = /"([^"]*spikectl-hook\.js)"/.exec(text)?.[1] ?? ''
    writeFileSync(copy, `require(${JSON.stringify(own)})\n`)
    return text.replaceAll(own, copy)
  })
}

function slow({ bin, edit }: Person): void {
  const program = join(bin, 'slow-node')
  writeFileSync(program, `#!/bin/sh\n/bin/sleep 1\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 })
  edit((text) => text.replaceAll(JSON.stringify(process.execPath), JSON.stringify(program)))
}

/** Every file of a folder, by its name. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  const names = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return Object.fromEntries(names.map((name) => [name, readFileSync(name, 'base64')]))
}

/** What the client or npm would do is not tried. */
const OTHERS_MEND = /\bclaude |^npm /

describe('spikectl doctor', () => {
  for (const [name, provoke, level, check, what] of ROWS) {
    test(`finds ${name}: ${level}${level === 'ok' ? '' : ', once, with a line that mends it'}`, async (t) => {
      const p = await person(t)
      await provoke(p)
      const { exitCode, found } = await findings(p)
      const isMeant = (each: Finding) => each.check === check && each.level === level && what.test(each.what)
      const match = found.find(isMeant)
      assert.ok(match, JSON.stringify(found, null, 1))
      for (const each of found)
        assert.deepEqual([each.why === '', each.run === ''], Array(2).fill(each.level === 'ok'))
      const problems = found.filter((each) => each.level !== 'ok')
      assert.equal(
        exitCode,
        problems.some((each) => each.level === 'failure') ? 2 : problems.length > 0 ? 1 : 0,
      )
      if (level === 'ok') return
      assert.deepEqual(problems, [match])
      if (OTHERS_MEND.test(match.run)) return
      const mended = await p.shell(match.run)
      assert.equal(mended.exitCode, 0, mended.stderr)
      assert.equal((await findings(p)).found.some(isMeant), false, match.run)
    })
  }

  test('ends with 0 where all is well, and says all in words', async (t) => {
    const { exitCode, stdout } = await (await person(t)).spikectl('doctor')
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /^ok {6} node {6}Node /)
    assert.match(stdout, /\n9 ok, 0 warnings, 0 failures\n$/)
  })

  test('says why it matters and what to run', async (t) => {
    const p = await person(t)
    await p.spikectl('uninstall')
    const { exitCode, stdout } = await p.spikectl('doctor')
    assert.equal(exitCode, 2)
    assert.match(
      stdout,
      /failure {2}settings {2}no settings hold .*\n +why: nothing is guarded\n +run: spikectl install\n/,
    )
  })

  test('changes nothing, in a home with a log and a damaged state.db', async (t) => {
    const p = await person(t)
    await blocked(p)
    const file = join(p.state, 'state.db')
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.fill('x', 4096 + 900, 4096 + 3900))
    const before = contents(p.state)
    const { found } = await findings(p)
    assert.ok(
      found.some(({ check, level }) => check === 'database' && level === 'failure'),
      JSON.stringify(found),
    )
    assert.deepEqual(contents(p.state), before)
    rmSync(p.state, { recursive: true })
    await p.spikectl('doctor')
    assert.throws(() => readFileSync(p.state), /ENOENT/)
  })

  test('tells of a check that fails, and goes on', async (t) => {
    const p = await person(t)
    plugin(p, true)
    rmSync(join(p.home, 'a "plugin"/hooks/hooks.json'))
    writeFileSync(join(p.state, 'installed.json'), 'null')
    const { exitCode, found } = await findings(p)
    assert.equal(exitCode, 2)
    const failures = found.filter(({ level }) => level === 'failure').map(({ what }) => what)
    assert.match(failures.join('\n'), /installed\.json is damaged.*\n.*hooks\.json/)
    assert.ok(found.some(({ check, level }) => check === 'block' && level === 'ok'))
  })

  test('cannot use a home that is no folder', async (t) => {
    const home = temporaryHome(t)
    const file = join(home, 'file')
    writeFileSync(file, '')
    chmodSync(file, 0o600)
    const { exitCode, stdout } = await run(
      [join(import.meta.dirname, '../../bin/spikectl.js'), 'doctor', '--json'],
      { home, env: { SPIKECTL_HOME: file } },
    )
    assert.equal(exitCode, 2)
    assert.match(stdout, /file is no folder/)
  })
})
