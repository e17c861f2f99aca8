import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CLI, event, HOOK, run, runHook, temporaryHome } from '../support/processes.ts'

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))

/** This Node, claiming to be one that cannot load the SQLite binary. */
const OLD_NODE = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2',napi:'9'}})`,
]

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
  })
})

describe('the bundle', () => {
  const hook = readFileSync(join(DIST, 'hook.js'), 'utf8')

  test('of the hook asks for node:* alone, and for its other parts only when there is a need', () => {
    const required = [...hook.matchAll(/require\((["'`])([^"'`]+)\1\)/g)].map((match) => match[2] ?? '')
    const own = required.filter((name) => name.startsWith('./'))
    const foreign = required.filter((name) => !name.startsWith('./') && !isBuiltin(name))
    assert.deepEqual(foreign, [])
    assert.deepEqual(
      new Set(own),
      new Set(
        ['answer', 'failed', 'loosening', 'settings', 'settings-change'].map((name) => `./hook-${name}.js`),
      ),
    )
    for (const name of own)
      assert.match(
        hook,
        new RegExp(`Promise\\.resolve\\(\\)\\.then\\(\\(?[^)]*\\)?=>[^)]*require\\(.${name}`),
      )
  })

  test('of the hook makes Node load nothing more of its own for a call that is allowed', async (t) => {
    const home = temporaryHome(t)
    await runHook({ home, input: event() })
    const watched = `
      const { writeSync } = require('node:fs')
      const known = new Set(process.moduleLoadList)
      const exit = process.exit
      process.exit = (code) => {
        writeSync(2, process.moduleLoadList.filter((name) => !known.has(name)).join())
        exit.call(process, code)
      }
      require(${JSON.stringify(HOOK)})`
    const { exitCode, stderr } = await run(['-e', watched], { home, input: event() })
    assert.equal(exitCode, 0)
    assert.doesNotMatch(stderr, /crypto|perf|tty|net|stream|zlib|worker|inspector/)
  })

  test('of the hook is under 60 kB', () => {
    assert.ok(statSync(join(DIST, 'hook.js')).size < 60_000)
  })

  test('of the hook holds no tweetnacl, commander or chalk', () => {
    assert.equal(/crypto_sign|commander|chalk/.test(hook), false)
  })

  test('of the command line leaves its packages where npm puts them', () => {
    const cli = readdirSync(DIST).filter((name) => name.endsWith('.mjs'))
    const text = cli.map((name) => readFileSync(join(DIST, name), 'utf8')).join('\n')
    for (const name of ['commander', 'chalk', 'tweetnacl']) assert.match(text, new RegExp(`from "${name}"`))
  })
})

function isBuiltin(name: string): boolean {
  return builtinModules.includes(name.replace(/^node:/, ''))
}
