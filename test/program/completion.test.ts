import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { VALUES } from '../../src/commands/completion/values.ts'
import { offered, wordsOffered } from '../support/offered.ts'
import { runCli, temporaryHome } from '../support/processes.ts'

/** The entries of one part of a help text, without what follows their names. */
function listed(help: string, part: 'Options' | 'Commands'): string[] {
  const text = help.split(`\n${part}:\n`)[1]?.split('\n\n')[0] ?? ''
  return [...text.matchAll(/^ {2}(?:-\w, )?(\S+)/gm)].map((match) => match[1] ?? '')
}

/** The help of a command and of all commands in it. */
async function helpOf(home: string, path: readonly string[]): Promise<[readonly string[], string][]> {
  const { stdout } = await runCli([...path, '--help'], { home })
  const inner = listed(stdout, 'Commands').filter((name) => name !== 'help')
  const below = await Promise.all(inner.map((name) => helpOf(home, [...path, name])))
  return [[path, stdout], ...below.flat()]
}

describe('completion', () => {
  test('offers each command and option that the help lists, and no others', async (t) => {
    const home = temporaryHome(t)
    const helps = await helpOf(home, [])
    assert.ok(helps.length > 20)
    for (const [path, help] of helps) {
      const commands = listed(help, 'Commands')
      if (commands.length > 0) assert.deepEqual(await wordsOffered(home, ...path, ''), commands)
      assert.deepEqual(await wordsOffered(home, ...path, '-'), listed(help, 'Options'), path.join(' '))
    }
  })

  test('knows each value that a command or an option takes', async (t) => {
    const helps = await helpOf(temporaryHome(t), [])
    const usages = helps.map(([, help]) => help.replace(/\[(options|command)\]/g, ''))
    const values = usages.flatMap((help) => [...help.matchAll(/[<[]([a-z]+)(?:\.\.\.)?[>\]]/g)])
    assert.ok(values.length > 20)
    for (const [, name = ''] of values) assert.ok(name in VALUES, name)
  })

  for (const [words, expected] of [
    [
      ['install', '--scope', ''],
      ['user', 'project', 'local'],
    ],
    [
      ['install', '--scope=p'],
      ['user', 'project', 'local'],
    ],
    [
      ['install', '--scope', '=', 'p'],
      ['user', 'project', 'local'],
    ],
    [
      ['install', ''],
      ['--scope', '--fail-closed', '--dry-run', '--help'],
    ],
    [
      ['install', '--scope', 'user', '--dry-run', '-'],
      ['--fail-closed', '--help'],
    ],
    [
      ['--no-color', 'install', '--scope=user', '--dry-run', '-'],
      ['--fail-closed', '--help'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [
      ['config', 'help', ''],
      ['get', 'set', 'unset', 'path', 'schema', 'help'],
    ],
    [
      ['config', 'set', 'mode', ''],
      ['enforce', 'shadow'],
    ],
    [
      ['config', 'set', 'onError', ''],
      ['allow', 'block'],
    ],
    [
      ['config', 'set', 'repeat.warn', ''],
      ['true', 'false'],
    ],
    [['config', 'set', 'rate.blockPerMin', ''], []],
    [['config', 'set', 'nothing', ''], []],
    [['replay', '--block', ''], []],
    [['stats', ''], []],
    [['status', '--', '-'], []],
    [['install', '--spoce=u'], []],
  ] as const) {
    test(`of ${words.join(' ')} offers ${expected.join(', ') || 'nothing'}`, async (t) => {
      assert.deepEqual(await wordsOffered(temporaryHome(t), ...words), expected)
    })
  }

  for (const words of [
    ['audit', 'verify', ''],
    ['audit', 'show', '-f', 'a'],
    ['audit', 'verify', '--checkpoint', ''],
    ['audit', 'verify', '--checkpoint=a'],
    ['replay', 'one', 'two', ''],
    ['explain', '--json', ''],
  ]) {
    test(`of ${words.join(' ')} leaves files to the shell`, async (t) => {
      assert.equal(await offered(temporaryHome(t), ...words), 'files')
    })
  }

  test('offers settings with their meaning, and the limits of tools that are set', async (t) => {
    const home = temporaryHome(t, { tools: { 'mcp__github__*': { blockPerMin: 3 } }, mode: 'shadow' })
    for (const command of ['get', 'set', 'unset']) {
      const settings = await offered(home, 'config', command, '')
      assert.ok(typeof settings === 'object')
      assert.equal(settings['rate.blockPerMin'], 'Calls in 60 s of which the last is blocked. 0 = never.')
      assert.match(settings['tools.mcp__github__*.blockPerMin'] ?? '', /^Calls of this tool in 60 s/)
    }
    assert.deepEqual(await offered(home, 'config', 'set', 'mode', ''), {
      enforce: '',
      shadow: 'as it is now',
    })
  })
})

describe('spikectl completion', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    test(`${shell} prints the script`, async (t) => {
      const { exitCode, stdout } = await runCli(['completion', shell], { home: temporaryHome(t) })
      const script = new URL(`../../completions/spikectl.${shell}`, import.meta.url)
      assert.deepEqual([exitCode, stdout], [0, readFileSync(script, 'utf8')])
    })
  }

  for (const [args, login, says] of [
    [
      [],
      '/usr/bin/zsh',
      /^error: no shell is named, expected .+\nhint: .+ ~\/\.zshrc: eval "\$\(spikectl completion zsh\)"\n$/,
    ],
    [[], '/opt/fish', /hint: Put .+ ~\/\.config\/fish\/config\.fish: spikectl completion fish \| source\n$/],
    [
      ['tcsh'],
      '/bin/tcsh',
      /^error: tcsh is no shell that .+, expected bash, zsh or fish\nhint: .+ ~\/\.bashrc: eval/,
    ],
  ] as const) {
    test(`${args[0] ?? 'without a shell'} where ${login} is the login shell says what to put where`, async (t) => {
      const ended = await runCli(['completion', ...args], { home: temporaryHome(t), env: { SHELL: login } })
      assert.deepEqual([ended.exitCode, ended.stdout], [2, ''])
      assert.match(ended.stderr, says)
    })
  }
})
