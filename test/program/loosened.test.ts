/** A session meets looser settings than at its last event: told of, wherever they come from. */

import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { DEFAULT_POLICY } from '../../src/guard/policy.ts'
import { namedSettings } from '../../src/settings/names.ts'
import { signed } from '../support/halted.ts'
import { ALL_OFF } from '../support/policies.ts'
import { event, hookEach, runCli, runHook, temporaryHome } from '../support/processes.ts'
import { line } from '../support/statusline.ts'

const SILENT = { exitCode: 0, signal: null, stdout: '', stderr: '' }

/** A home in which session s1 has made one call under these settings. */
async function begun(t: TestContext, settings?: object): Promise<string> {
  const home = temporaryHome(t, settings)
  await hookEach([event()], { home })
  return home
}

function settle(home: string, settings: object | string): void {
  const text = typeof settings === 'string' ? settings : JSON.stringify(settings)
  writeFileSync(join(home, 'config.json'), text)
}

/** The signed lines as [setting, from, to, where]. */
async function loosened(home: string): Promise<unknown[][]> {
  const lines = await signed(home, 'limits_loosened')
  return lines.map(({ setting, from, to, where }) => [setting, from, to, where])
}

describe('settings that become looser while a session runs', () => {
  test('are signed by the next event, logged, counted, and shown for the rest of the session', async (t) => {
    const home = await begun(t)
    settle(home, { mode: 'shadow' })
    assert.deepEqual(await hookEach([event(), event()], { home }), [SILENT, SILENT])
    const [signature, ...others] = await signed(home, 'limits_loosened')
    assert.deepEqual(others, [])
    const { session, setting, from, to, where, tty, by } = signature ?? {}
    assert.deepEqual(
      [session, setting, from, to, where, tty, typeof by],
      ['s1', 'mode', '"enforce"', '"shadow"', 'config.json', false, 'string'],
    )
    assert.match((await runCli(['log'], { home })).stdout, /limits loosened: mode from "enforce" to "shadow"/)
    assert.match((await runCli(['metrics'], { home })).stdout, /\nspikectl_limits_loosened_total 1\n/)
    assert.equal(await line({ home }), 'spikectl shadow 3/500, limits loosened (mode): spikectl log\n')
    settle(home, {})
    await hookEach([event()], { home })
    assert.equal(await line({ home }), 'spikectl 4/500, limits loosened (mode): spikectl log\n')
    assert.match(
      (await runCli(['status'], { home })).stdout,
      /\ns1: limits were loosened while it ran, .+: mode;/,
    )
    assert.equal((await loosened(home)).length, 1, 'what is tightened is no news')
    assert.equal((await runCli(['audit', 'verify'], { home })).exitCode, 0)
  })

  test('are told of once by hooks that meet them at once, and apart for each session', async (t) => {
    const home = await begun(t)
    await hookEach([event({ session_id: 's2' })], { home })
    settle(home, { rate: { blockPerMin: 600 } })
    await Promise.all([0, 1, 2, 3].map(() => runHook({ home, input: event() })))
    await hookEach([event({ session_id: 's2' }), event({ session_id: 'new' })], { home })
    assert.deepEqual(
      (await signed(home, 'limits_loosened')).map(({ session }) => session),
      ['s1', 's2'],
    )
  })

  test('with every rule off are the last that is told of', async (t) => {
    const home = await begun(t)
    settle(home, ALL_OFF)
    assert.deepEqual(await hookEach([event(), event()], { home }), [SILENT, SILENT])
    const acting = namedSettings(DEFAULT_POLICY)
      .filter(({ path: [rule = ''] }) => Object.hasOwn(ALL_OFF, rule))
      .filter(({ setting: { off }, value }) => off !== undefined && value !== off)
    assert.deepEqual(
      (await loosened(home)).map(([setting]) => setting).sort(),
      acting.map(({ name }) => name).sort(),
    )
  })

  test('because config.json is broken are those that the built-in ones do not have', async (t) => {
    const home = await begun(t, { rate: { blockPerMin: 50 } })
    settle(home, '{')
    await hookEach([event()], { home })
    assert.deepEqual(await loosened(home), [
      ['rate.warnPerMin', '50', '100', 'config.json'],
      ['rate.blockPerMin', '50', '500', 'config.json'],
    ])
  })

  test('because the project has lost its own file come from the project', async (t) => {
    const home = temporaryHome(t)
    const project = join(home, 'project')
    const file = join(project, '.claude/spikectl.json')
    mkdirSync(join(project, '.claude'), { recursive: true })
    writeFileSync(file, '{"rate":{"blockPerMin":50,"warnPerMin":40}}')
    await hookEach([event({ cwd: project })], { home })
    rmSync(file)
    await hookEach([event({ cwd: project })], { home })
    assert.deepEqual(await loosened(home), [
      ['rate.warnPerMin', '40', '100', 'project'],
      ['rate.blockPerMin', '50', '500', 'project'],
    ])
  })

  test('because the environment names another config.json come from the environment', async (t) => {
    const home = temporaryHome(t)
    const places = (config: string) => {
      mkdirSync(join(home, config, 'spikectl'), { recursive: true })
      return { SPIKECTL_HOME: '', XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, config) }
    }
    await hookEach([event()], { home, env: places('one') })
    const env = places('other')
    writeFileSync(join(home, 'other/spikectl/config.json'), '{"repeat":{"block":false}}')
    await hookEach([event()], { home, env })
    const { stdout } = await runCli(['audit', 'show', '--json'], { home, env })
    const { setting, where } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    assert.deepEqual([setting, where], ['repeat.block', 'environment'])
  })

  test('with spikectl config are signed there, and by each session that meets them', async (t) => {
    const home = await begun(t)
    await runCli(['config', 'set', 'rate.blockPerMin', '501'], { home })
    await hookEach([event()], { home })
    const lines = await signed(home, 'limits_loosened')
    assert.deepEqual(
      lines.map(({ session = '-', where }) => [session, where]),
      [
        ['-', 'config.json'],
        ['s1', 'config.json'],
      ],
    )
  })
})
