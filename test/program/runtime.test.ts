import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CLI,
  type Ended,
  event,
  HOOK,
  hookEach,
  OLD_NODE,
  run,
  runHook,
  temporaryHome,
} from '../support/processes.ts'
import { given } from '../support/statusline.ts'

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))

describe('an old Node', () => {
  test('is told in one line what to do, and no call is lost in silence', async (t) => {
    const home = temporaryHome(t)
    await runHook({ home, input: event() })
    const allowed = await run([...OLD_NODE, HOOK], { home, input: event() })
    assert.deepEqual([allowed.exitCode, allowed.stdout], [1, ''])
    assert.match(allowed.stderr, /^spikectl: Node 20\.20\.2 is too old, expected 22\.14\.0 or newer\. .+\n$/)
    writeFileSync(join(home, 'config.json'), '{"onError":"block"}')
    assert.equal((await run([...OLD_NODE, HOOK], { home, input: event() })).exitCode, 2)
    assert.equal(readFileSync(join(home, 'log.jsonl'), 'utf8').match(/is too old/g)?.length, 2)
    const cli = await run([...OLD_NODE, CLI, 'status'], { home })
    assert.equal(cli.exitCode, 2)
    assert.match(cli.stderr, /^error: Node 20\.20\.2 is too old, .+\n$/)
    const line = await run([...OLD_NODE, CLI, 'statusline', '--no-color'], { home, input: given() })
    assert.deepEqual(
      [line.exitCode, line.stdout],
      [0, 'spikectl: Node 20.20.2 is too old, expected 22.14.0 or newer\n'],
    )
  })
})

/** Chunks that are loaded only when there is a need. */
const COLD = {
  hook: [
    ...['answer', 'copilot', 'failed', 'forged', 'loosened', 'nested', 'parse', 'quota', 'resumed'],
    ...['recorder', 'session', 'settings-change', 'spent', 'sqlite-store', 'uncounted', 'usage', 'wording'],
  ],
  statusline: ['parse', 'wrapped'],
} as const

/** What a program makes Node load of its own, on stderr. */
function loadedBy(program: string, args: readonly string[], home: string, input: string): Promise<Ended> {
  const watched = `
    const { writeSync } = require('node:fs')
    const known = new Set(process.moduleLoadList)
    const exit = process.exit
    process.exit = (code) => {
      writeSync(2, process.moduleLoadList.filter((name) => !known.has(name)).join())
      exit.call(process, code)
    }
    require(${JSON.stringify(program)})`
  return run(['-e', watched, program, ...args], { home, input })
}

describe('the bundle', () => {
  for (const [name, parts] of Object.entries(COLD)) {
    test(`of the ${name} asks for node:* alone, and for its other parts only when there is a need`, () => {
      const text = readFileSync(join(DIST, `${name}.js`), 'utf8')
      const required = [...text.matchAll(/require\((["'`])([^"'`]+)\1\)/g)].map((match) => match[2] ?? '')
      const own = required.filter((file) => file.startsWith('./'))
      const foreign = required.filter((file) => !file.startsWith('./') && !isBuiltin(file))
      assert.deepEqual(foreign, [])
      assert.deepEqual(new Set(own), new Set(parts.map((part) => `./${name}-${part}.js`)))
      for (const file of own)
        assert.match(
          text,
          new RegExp(`Promise\\.resolve\\(\\)\\.then\\(\\(?[^)]*\\)?=>[^)]*require\\(.${file}`),
        )
    })

    test(`of the ${name} is under 82 kB, and holds no tweetnacl, commander or chalk`, () => {
      const text = readFileSync(join(DIST, `${name}.js`), 'utf8')
      assert.ok(text.length < 82_000)
      assert.equal(/crypto_sign|commander|chalk/.test(text), false)
    })
  }

  for (const [name, program, args, input] of [
    ['hook', HOOK, [], event()],
    ['statusline', CLI, ['statusline'], given()],
  ] as const) {
    test(`of the ${name} makes Node load nothing more of its own where all is well`, async (t) => {
      const home = temporaryHome(t)
      await runHook({ home, input: event() })
      const { exitCode, stderr } = await loadedBy(program, args, home, input)
      assert.equal(exitCode, 0)
      assert.doesNotMatch(stderr, /crypto|perf|tty|net|stream|zlib|worker|inspector/)
    })
  }

  test('of the command line asks for node:* and its own parts alone', () => {
    for (const name of readdirSync(DIST).filter((file) => /^cli[-.]/.test(file))) {
      const text = readFileSync(join(DIST, name), 'utf8')
      const required = [...text.matchAll(/require\((["'`])([^"'`]+)\1\)/g)].map((match) => match[2] ?? '')
      const foreign = required.filter((file) => !isBuiltin(file) && !/^\.\/cli(-[\w-]+)?\.js$/.test(file))
      assert.deepEqual(foreign, [], name)
    }
  })
})

/** What of dist/, and of Node, a command has loaded in the end. */
async function loadedByCommand(args: readonly string[], home: string) {
  const atExit = `
    const { createRequire } = process.getBuiltinModule('node:module')
    const before = new Set(process.moduleLoadList)
    process.on('exit', () => {
      const files = Object.keys(createRequire(process.execPath).cache)
      const builtin = process.moduleLoadList.filter((name) => !before.has(name))
      process.getBuiltinModule('node:fs').writeSync(2, '\\n' + JSON.stringify({ files, builtin }))
    })`
  const watch = `data:text/javascript,${encodeURIComponent(atExit)}`
  const { exitCode, stderr } = await run(['--import', watch, CLI, ...args], { home })
  assert.equal(exitCode, 0, stderr)
  const { files, builtin }: { files: string[]; builtin: string[] } = JSON.parse(
    stderr.split('\n').at(-1) ?? '',
  )
  const own = files.filter((file) => file.startsWith(DIST)).map((file) => file.slice(DIST.length))
  return {
    parts: own.map((file) => file.replace(/^cli-|\.js$/g, '')),
    builtin: builtin.map((name) => name.replace('NativeModule ', '')),
  }
}

describe('the command line', () => {
  test('loads nothing to say its version', async (t) => {
    for (const args of [['--version'], ['-V']])
      assert.deepEqual((await loadedByCommand(args, temporaryHome(t))).parts, ['cli'])
  })

  test('says its version with other options beside it too', async (t) => {
    const { stdout } = await run([CLI, '--no-color', '--version'], { home: temporaryHome(t) })
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  const PARTS = ['chalk', 'commander', 'config-schema', 'jsonc-parser', 'sqlite', 'tweetnacl']
  const BUILTIN = ['child_process', 'crypto', 'perf_hooks', 'zlib']
  for (const { args, parts, builtin } of [
    { args: ['status'], parts: ['sqlite'], builtin: [] },
    { args: ['config'], parts: [], builtin: [] },
    { args: ['config', 'get', 'rate.blockPerMin'], parts: [], builtin: [] },
    { args: ['config', 'path'], parts: [], builtin: [] },
    { args: ['audit', 'verify'], parts: ['sqlite'], builtin: ['crypto'] },
    { args: ['config', 'schema'], parts: ['config-schema'], builtin: [] },
  ]) {
    test(`loads for ${args.join(' ')} what that needs and no more`, async (t) => {
      const home = temporaryHome(t, { rate: { blockPerMin: 2 } })
      await hookEach([event(), event()], { home })
      rmSync(join(home, 'config.json'))
      const loaded = await loadedByCommand(args, home)
      for (const name of PARTS) assert.ok(existsSync(join(DIST, `cli-${name}.js`)), name)
      assert.deepEqual(
        PARTS.filter((name) => loaded.parts.includes(name)),
        ['chalk', 'commander', ...parts],
      )
      assert.deepEqual(
        BUILTIN.filter((name) => loaded.builtin.includes(name)),
        builtin,
      )
    })
  }
})

function isBuiltin(name: string): boolean {
  return builtinModules.includes(name.replace(/^node:/, ''))
}
