/** The first two minutes with a clone: npm ci, npx spikectl. */

import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { event, OLD_NODE, type Options, run, temporaryHome } from '../support/processes.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** This Node, claiming before npm to be an older one. */
const OLDER_FOR_NPM = `--import=data:text/javascript,Object.defineProperty(process,'version',{value:'v20.20.2'})`
describe('a clone', () => {
  test('lets npm 10 compile nothing: its lockfile says that better-sqlite3 brings its binary', () => {
    const lock: { packages: Record<string, { gypfile?: boolean }> } = JSON.parse(
      readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    )
    assert.equal(
      lock.packages['node_modules/better-sqlite3']?.gypfile,
      false,
      'npm has rewritten package-lock.json: add "gypfile": false to its entry of better-sqlite3 again',
    )
  })

  test('is built without a word', async (t) => {
    const clone = temporaryHome(t)
    for (const name of ['package.json', 'rolldown.config.ts', 'scripts'])
      cpSync(join(ROOT, name), join(clone, name), { recursive: true })
    for (const name of ['src', 'node_modules', 'completions'])
      symlinkSync(join(ROOT, name), join(clone, name))
    const build = await run([join(ROOT, 'scripts/build.mjs')], { home: clone })
    assert.deepEqual([build.exitCode, build.stdout, build.stderr], [0, '', ''])
    for (const name of ['hook', 'statusline', 'cli']) assert.ok(existsSync(join(clone, `dist/${name}.js`)))
  })

  test('lets npx say nothing of an older Node: the clone brings its own', async (t) => {
    const env = { NODE_OPTIONS: OLDER_FOR_NPM, npm_config_update_notifier: 'false' }
    const { exitCode, stdout, stderr } = await run(
      ['--no-install', 'spikectl', '--version'],
      { home: temporaryHome(t), cwd: ROOT, env },
      'npx',
    )
    assert.deepEqual([exitCode, stderr], [0, ''])
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })
})

/** What a checkout has after `npm ci --ignore-scripts`; without its configuration, an installation that lost dist/. */
function notBuilt(t: TestContext, { isCheckout = true } = {}): string {
  const root = join(realpathSync(temporaryHome(t)), "it's here")
  mkdirSync(root)
  cpSync(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true })
  if (isCheckout) writeFileSync(join(root, 'rolldown.config.ts'), '')
  return root
}

function runIn(root: string, program: string, args: readonly string[], options: Partial<Options> = {}) {
  return run([...args, join(root, 'bin', program)], { home: root, ...options })
}

describe('a checkout whose scripts npm did not run', () => {
  test('says in one line that nothing was built, and what to run', async (t) => {
    const root = notBuilt(t)
    const { exitCode, stdout, stderr } = await run([join(root, 'bin/spikectl.js'), 'demo'], { home: root })
    assert.deepEqual([exitCode, stdout], [2, ''])
    assert.equal(
      stderr,
      'error: nothing was built, because npm ran no scripts (ignore-scripts). Run: npm run build\n',
    )
  })

  test('names a line that also works from another folder', async (t) => {
    const root = notBuilt(t)
    const { stderr } = await runIn(root, 'spikectl.js', [], { cwd: '/' })
    const line = / Run: (.+)\n$/.exec(stderr)?.[1] ?? ''
    writeFileSync(join(root, 'package.json'), '{"scripts":{"build":"echo built in $PWD"}}')
    const { stdout } = await run(['-c', line], { home: root, cwd: '/' }, '/bin/sh')
    assert.match(stdout, new RegExp(`^built in ${root}$`, 'm'))
  })

  test('tells an old Node how to get the one of the checkout, and not to run what was just run', async (t) => {
    const root = notBuilt(t)
    const { exitCode, stderr } = await runIn(root, 'spikectl.js', OLD_NODE)
    assert.equal(exitCode, 2)
    assert.match(
      stderr,
      /^error: nothing was built, .+, and Node 20\.20\.2 is too old\. Run: npm ci --ignore-scripts=false; .+\n$/,
    )
  })

  test('has a hook that lets each call run and says why in one line', async (t) => {
    const root = notBuilt(t)
    const hook = await runIn(root, 'spikectl-hook.js', [], { cwd: '/', input: event() })
    assert.deepEqual([hook.exitCode, hook.stdout], [1, ''])
    assert.match(hook.stderr, /^spikectl: nothing was built, .+ Run: cd '.+' && npm run build\n$/)
  })

  test('has a status line that says it', async (t) => {
    const root = notBuilt(t)
    const line = await run([join(root, 'bin/spikectl.js'), 'statusline'], { home: root, input: '{}' })
    assert.deepEqual([line.exitCode, line.stdout], [0, 'spikectl: not built\n'])
    assert.match(line.stderr, /^error: nothing was built, .+\n$/)
  })
})

test('an installation that has lost its dist folder is told apart from a checkout', async (t) => {
  const root = notBuilt(t, { isCheckout: false })
  const { exitCode, stderr } = await runIn(root, 'spikectl.js', [])
  assert.equal(exitCode, 2)
  assert.match(stderr, /^error: .+ has no dist folder, so this installation is not complete\. .+\n$/)
})
