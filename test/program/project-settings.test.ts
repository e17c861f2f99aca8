/** Settings that a project carries: config and doctor say what is in force, and which file says so. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Finding } from '../../src/commands/doctor/finding.ts'
import { runCli, temporaryHome } from '../support/processes.ts'

/** A person whose own block limit is 300, in a project that carries these settings. */
function inProject(t: TestContext, settings: object) {
  const home = temporaryHome(t, { rate: { blockPerMin: 300 } })
  const project = join(home, 'app')
  const file = join(project, '.claude/spikectl.json')
  mkdirSync(join(project, '.claude'), { recursive: true })
  writeFileSync(file, JSON.stringify(settings))
  const spikectl = (...args: string[]) => runCli(args, { home, cwd: project })
  return { home, project, file, own: join(home, 'config.json'), spikectl }
}

const TIGHTER = { rate: { blockPerMin: 50 }, halt: { afterDeniedRounds: 2 } }

describe('in a project with tighter limits', () => {
  test('config get prints the value in force, and on stderr which file it is from', async (t) => {
    const { file, own, spikectl } = inProject(t, TIGHTER)
    for (const [name, value, from] of [
      ['rate.blockPerMin', '50', `${file}; elsewhere it is 300`],
      ['rate.warnPerMin', '50', `${file}; elsewhere it is 100`],
      ['halt.afterDeniedRounds', '2', `${file}; elsewhere it is 3`],
      ['spawn.blockPerMin', '60', 'the defaults'],
    ]) {
      const { exitCode, stdout, stderr } = await spikectl('config', 'get', name ?? '')
      assert.deepEqual([exitCode, stdout, stderr], [0, `${value}\n`, `${name} is ${value} by ${from}\n`])
    }
    writeFileSync(file, '{}')
    assert.equal(
      (await spikectl('config', 'get', 'rate.blockPerMin')).stderr,
      `rate.blockPerMin is 300 by ${own}\n`,
    )
  })

  test('config prints all that is in force as JSON, and on stderr what is no default', async (t) => {
    const { file, spikectl } = inProject(t, TIGHTER)
    const { stdout, stderr } = await spikectl('config')
    const { rate, halt } = JSON.parse(stdout)
    assert.deepEqual([rate, halt], [{ warnPerMin: 50, blockPerMin: 50 }, { afterDeniedRounds: 2 }])
    assert.deepEqual(stderr.trimEnd().split('\n'), [
      `rate.warnPerMin is 50 by ${file}; elsewhere it is 100`,
      `rate.blockPerMin is 50 by ${file}; elsewhere it is 300`,
      `halt.afterDeniedRounds is 2 by ${file}; elsewhere it is 3`,
    ])
    assert.deepEqual(JSON.parse((await spikectl('config', 'get', 'halt')).stdout), { afterDeniedRounds: 2 })
  })

  test('config set and unset change the own setting, and say that the project is stricter', async (t) => {
    const { file, spikectl } = inProject(t, TIGHTER)
    const set = await spikectl('config', 'set', 'rate.blockPerMin', '400')
    assert.deepEqual(
      [set.stdout, set.stderr],
      ['rate.blockPerMin = 400\n', `in this project it is 50, by ${file}\n`],
    )
    assert.match((await spikectl('config', 'get', 'rate.blockPerMin')).stderr, /elsewhere it is 400\n$/)
    const unset = await spikectl('config', 'unset', 'rate.blockPerMin')
    assert.equal(unset.stderr, `in this project it is 50, by ${file}\n`)
    assert.equal((await spikectl('config', 'set', 'onError', 'allow')).stderr, '')
  })

  test('doctor shows the limits in force, and what the project tightens', async (t) => {
    const { file, spikectl } = inProject(t, TIGHTER)
    const { findings } = JSON.parse((await spikectl('doctor', '--json')).stdout)
    assert.deepEqual(
      findings
        .filter(({ check }: Finding) => check === 'config')
        .map(({ level, what }: Finding) => [level, what]),
      [
        ['ok', 'warns at 50 and blocks at 50 calls a minute'],
        [
          'ok',
          `${file} tightens them: rate.warnPerMin is 50 in place of 100, rate.blockPerMin is 50 in place of 300, halt.afterDeniedRounds is 2 in place of 3`,
        ],
      ],
    )
  })

  test('the project is the one that CLAUDE_PROJECT_DIR names, as for the hook', async (t) => {
    const { home, project } = inProject(t, TIGHTER)
    const env = { CLAUDE_PROJECT_DIR: project }
    assert.equal((await runCli(['config', 'get', 'rate.blockPerMin'], { home, env })).stdout, '50\n')
    assert.equal((await runCli(['config', 'get', 'rate.blockPerMin'], { home })).stdout, '300\n')
  })
})

test('a project that loosens is ignored: config says so, and shows the own value', async (t) => {
  const { file, own, spikectl } = inProject(t, { rate: { blockPerMin: 900 } })
  const { stdout, stderr } = await spikectl('config', 'get', 'rate.blockPerMin')
  assert.equal(stdout, '300\n')
  assert.equal(
    stderr,
    `warning: ${file} is ignored: rate.blockPerMin would loosen your own setting\nrate.blockPerMin is 300 by ${own}\n`,
  )
})
