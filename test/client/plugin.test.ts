/** spikectl as a plugin of the real client. */

import assert from 'node:assert/strict'
import { delimiter, dirname } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { times } from '../support/processes.ts'
import { clientProgram } from './support/download.ts'
import { copyOfPackage, ROOT } from './support/package.ts'
import { answersTo, prompt } from './support/prompt.ts'
import { statusOf } from './support/records.ts'
import { bash } from './support/tool-calls.ts'
import { type Furnishing, type Workplace, workplace } from './support/workplace.ts'

/** A workplace in which the client has installed the plugin from a folder. */
async function plugged(t: TestContext, furnishing: Furnishing = {}): Promise<Workplace> {
  const env = { PATH: `${dirname(clientProgram())}${delimiter}${process.env.PATH}` }
  const place = workplace(t, { env, ...furnishing })
  for (const args of [
    ['plugin', 'marketplace', 'add', copyOfPackage(t)],
    ['plugin', 'install', 'spikectl@spikectl'],
  ]) {
    const { exitCode, stdout, stderr } = await place.claude(...args)
    assert.equal(exitCode, 0, stdout + stderr)
  }
  return place
}

describe('the plugin', () => {
  test('is one to the client, at its strictest', async (t) => {
    const { exitCode, stdout } = await workplace(t).claude('plugin', 'validate', ROOT, '--strict')
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /hooks: ConfigChange .*\n.*commands: spikectl:status/)
  })

  test('is installed from a folder, and blocks', async (t) => {
    const place = await plugged(t, { settings: { rate: { warnPerMin: 0, blockPerMin: 2 } } })
    const { asked } = await prompt(place, { main: [[bash('pwd')], [bash('date')], 'Done.'] })
    assert.equal(asked[1]?.results[0]?.isError, false)
    assert.match(asked[2]?.results[0]?.text ?? '', /rate_limited: 2 tool calls .*\(limit 2\/min\)/)
    assert.match(asked[2]?.results[0]?.text ?? '', /spikectl@spikectl plugin/)
  })

  test('counts ten calls as ten beside the hooks in the settings, and doctor says that there are two', async (t) => {
    const place = await plugged(t)
    assert.equal((await place.spikectl('install')).exitCode, 0)
    const outcome = await prompt(place, {
      main: [...times(5, (i) => [bash(`echo ${i}`), bash(`echo ${i} again`)]), 'Done.'],
    })
    assert.equal(answersTo('PreToolUse', outcome).length, 20)
    assert.equal((await statusOf(place)).totals.calls, 10)
    const { exitCode, stdout } = await place.spikectl('doctor')
    assert.equal(exitCode, 1, stdout)
    assert.match(stdout, /the hooks are in .*settings\.json and the plugin spikectl@spikectl\n/)
  })

  test('alone is all that doctor asks for', async (t) => {
    const { exitCode, stdout } = await (await plugged(t)).spikectl('doctor')
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /ok +client +Claude Code 2\.1\.330\n/)
    assert.match(stdout, /ok +block +the hook in the plugin spikectl@spikectl blocked call 3/)
  })

  test('shows the status to a person who asks for it with its command', async (t) => {
    const place = await plugged(t)
    const { asked } = await prompt(
      place,
      { main: ['You are within your limits.'] },
      { text: '/spikectl:status' },
    )
    assert.match(
      asked[0]?.text ?? '',
      /This is what `spikectl status` says now:\s+No session in the last hour\./,
    )
  })
})
