/** A home in which nothing can be counted: the hook fails at each call, and whoever looks is told so. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Finding } from '../../src/commands/doctor/finding.ts'
import { ALL_OFF } from '../support/policies.ts'
import { CLI, event, HOOK, runHook, temporaryHome } from '../support/processes.ts'
import { given } from '../support/statusline.ts'
import { runBound } from '../support/unwritable.ts'

/** Each makes a home unusable, of which `state` is what SPIKECTL_HOME names. */
const WAYS: readonly (readonly [string, (home: string, state: string) => unknown, RegExp])[] = [
  [
    'a folder that can only be read',
    (_, state) => {
      rmSync(state, { recursive: true })
      mkdirSync(state, { mode: 0o555 })
    },
    /state cannot be written \(EACCES\)/,
  ],
  [
    'a folder that cannot be entered',
    (_, state) => chmodSync(state, 0o600),
    /state cannot be written \(EACCES\)/,
  ],
  [
    'a missing folder in one that can only be read',
    (home, state) => {
      renameSync(state, `${state}-before`)
      chmodSync(home, 0o555)
    },
    /spikectl-test-\w+ cannot be written \(EACCES\)/,
  ],
  [
    'a file in place of the folder',
    (_, state) => {
      renameSync(state, `${state}-before`)
      writeFileSync(state, '')
    },
    /state is no folder/,
  ],
  [
    'a state.db that can only be read',
    (_, state) => chmodSync(join(state, 'state.db'), 0o400),
    /state\.db cannot be written \(EACCES\)/,
  ],
  [
    'a key of the hashes that cannot be read',
    (_, state) => chmodSync(join(state, 'state.db-key'), 0o200),
    /state\.db-key cannot be read \(EACCES\)/,
  ],
]

/** A home in which one call was counted, then spoilt. */
async function spoilt(t: TestContext, spoil: (home: string, state: string) => unknown) {
  let home = ''
  // Before it is removed: hooks of a test run in the order in which they were given.
  t.after(() => spawnSync('chmod', ['-R', 'u+rwX', home]))
  home = temporaryHome(t)
  const state = join(home, 'state')
  mkdirSync(state, { mode: 0o700 })
  const options = { home, env: { SPIKECTL_HOME: state }, cwd: '/' }
  assert.equal((await runHook({ ...options, input: event() })).exitCode, 0)
  spoil(home, state)
  return {
    hook: () => runBound([HOOK], { ...options, input: event() }),
    line: () => runBound([CLI, 'statusline', '--no-color'], { ...options, input: given() }),
    spikectl: (...args: string[]) => runBound([CLI, ...args], options),
  }
}

describe('where nothing can be counted', () => {
  for (const [name, spoil, why] of WAYS) {
    test(`because of ${name}, the status line and status say so, and doctor's remedy mends it`, async (t) => {
      const { hook, line, spikectl } = await spoilt(t, spoil)
      assert.equal((await hook()).exitCode, 1)

      const drawn = await line()
      assert.equal(drawn.stdout, 'spikectl: nothing can be counted here: spikectl doctor\n')
      assert.match(drawn.stderr, why)

      const { stdout } = await spikectl('status')
      assert.match(stdout, /^nothing can be counted here: .*\. Run: /)
      assert.match(stdout, why)
      assert.doesNotMatch(stdout, /No session/)

      const { findings } = JSON.parse((await spikectl('doctor', '--json')).stdout)
      const told: Finding[] = findings.filter(({ what }: Finding) => why.test(what))
      assert.deepEqual(
        told.map(({ check, level }) => [check, level]),
        [['files', 'failure']],
        JSON.stringify(findings, null, 1),
      )
      assert.equal(spawnSync('/bin/sh', ['-c', told[0]?.run ?? 'false']).status, 0)
      assert.deepEqual(await hook(), { exitCode: 0, signal: null, stdout: '', stderr: '' })
      assert.match((await line()).stdout, /^spikectl [12]\/500\n$/)
    })
  }

  test('what was counted before is still shown, below the line that says so, and JSON has it too', async (t) => {
    const { spikectl } = await spoilt(t, (_, state) => chmodSync(join(state, 'state.db'), 0o400))
    assert.match((await spikectl('status')).stdout, /^nothing can be counted here: .*\nSESSION .*\ns1 /)
    const { problem, sessions } = JSON.parse((await spikectl('status', '--json')).stdout)
    assert.match(problem, /^nothing can be counted here: .*state\.db cannot be written/)
    assert.equal(sessions.length, 1)
  })

  test('nothing is said of it where the folder can only be read, and all is there that is written to', async (t) => {
    const { hook, line, spikectl } = await spoilt(t, (_, state) => chmodSync(state, 0o555))
    assert.equal((await hook()).exitCode, 0)
    assert.equal((await line()).stdout, 'spikectl 2/500\n')
    assert.doesNotMatch((await spikectl('status')).stdout, /nothing can be counted/)
    const { findings } = JSON.parse((await spikectl('doctor', '--json')).stdout)
    const [found] = findings.filter(({ check }: Finding) => check === 'files')
    assert.match(
      `${found.level}: ${found.what}; ${found.why}`,
      /^failure: .*state cannot be written .*signed/,
    )
  })

  test('nothing is said of it where every rule is off, because the hook counts nothing then', async (t) => {
    const { hook, line, spikectl } = await spoilt(t, (_, state) => {
      writeFileSync(join(state, 'config.json'), JSON.stringify(ALL_OFF))
      chmodSync(state, 0o555)
    })
    assert.equal((await hook()).exitCode, 0)
    assert.equal((await line()).stdout, 'spikectl off\n')
    assert.doesNotMatch((await spikectl('status')).stdout, /nothing can be counted/)
  })
})
