/** An agent edits the settings while its session runs: each way to get rid of the hooks, with the real client. */

import assert from 'node:assert/strict'
import { delimiter, dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { times } from '../support/processes.ts'
import { clientProgram } from './support/download.ts'
import { eventually } from './support/eventually.ts'
import type { ToolCall } from './support/messages-api.ts'
import { prompt } from './support/prompt.ts'
import { loggedIn, signedIn, statusOf } from './support/records.ts'
import { bash, write } from './support/tool-calls.ts'
import { guarded, type Workplace } from './support/workplace.ts'

const LOST = /does not hold the hooks of spikectl as they were installed/
const SETTINGS = '.claude/settings.local.json'

const WAYS: readonly (readonly [string, (place: Workplace) => ToolCall, RegExp])[] = [
  ['empties the file by its shell', () => bash(`echo '{}' > ${SETTINGS}`), LOST],
  ['empties it with the Write tool', ({ project }) => write(join(project, SETTINGS), '{}'), LOST],
  ['narrows a matcher', () => bash(`sed -i '0,/"[*]"/s//"Read"/' ${SETTINGS}`), LOST],
  ['breaks the file', () => bash(`echo '{"hooks": {' > ${SETTINGS}`), /is no JSON/],
  ['removes the file', () => bash(`rm ${SETTINGS}`), /is gone/],
  ['moves the folder away', () => bash('mv .claude .claude2'), /is gone/],
  [
    'switches all hooks off in the project',
    () => bash(`sed -i '0,/{/s//{"disableAllHooks":true,/' ${SETTINGS}`),
    /sets disableAllHooks/,
  ],
  [
    'switches all hooks off for the user',
    () => bash(`mkdir -p ~/.claude && echo '{"disableAllHooks":true}' > ~/.claude/settings.json`),
    /\/\.claude\/settings\.json sets disableAllHooks/,
  ],
  [
    'leads Node to other code',
    () => bash(`echo '{"env":{"NODE_OPTIONS":"--require ./x.js"}}' > .claude/settings.json`),
    /sets NODE_OPTIONS/,
  ],
  [
    'copies the hooks to where the client looks first, with no time to answer',
    () =>
      bash(`mkdir -p .claude; sed 's/"timeout": 10/"timeout": 0.001/' ~/.claude/settings.json > ${SETTINGS}`),
    /has timeout 0\.001/,
  ],
  [
    'copies them so that nobody waits for their answer',
    () =>
      bash(
        `mkdir -p .claude; sed 's/"timeout": 10/"timeout": 10, "async": true/' ~/.claude/settings.json > ${SETTINGS}`,
      ),
    /has async true/,
  ],
  [
    'has the hooks taken for an agent',
    () => bash(`echo '{"env":{"AI_AGENT":"x_agent"}}' > .claude/settings.json`),
    /sets AI_AGENT/,
  ],
  [
    'leads the hooks to another home',
    () => bash(`echo '{"env":{"SPIKECTL_HOME":"/tmp"}}' > .claude/settings.json`),
    /sets SPIKECTL_HOME/,
  ],
]

/** The fourth call is blocked, if the hooks still do that. */
const LIMIT = { settings: { rate: { warnPerMin: 0, blockPerMin: 4 } } }

/** In the person's own settings, or in those that the agent has beside it and the client looks at first. */
function installed(t: TestContext, problem: RegExp): Promise<Workplace> {
  return /timeout|async/.test(problem.source) ? guarded(t, LIMIT) : guarded(t, LIMIT, '--scope', 'local')
}

describe('an agent of the real client', () => {
  for (const [name, edit, problem] of WAYS) {
    test(`${name}, and its session keeps the hooks`, async (t) => {
      const place = await installed(t, problem)
      const { asked, result } = await prompt(place, {
        main: [
          [edit(place)],
          async () => {
            await eventually('the change is blocked', () => loggedIn(place).includes('guard_changed'))
            return [bash('pwd')]
          },
          [bash('date')],
          [bash('id')],
          'Done.',
        ],
      })
      assert.equal(result.result, 'Done.')
      assert.match(asked[4]?.results[0]?.text ?? '', /rate_limited: 4 tool calls/)
      const { sessions } = await statusOf(place)
      assert.match(`${sessions[0].guardChange.file} ${sessions[0].guardChange.problem}`, problem)
      assert.deepEqual(
        new Set(await signedIn(place)),
        new Set(['genesis', 'guard_changed', 'block', 'resumed']),
      )
    })
  }

  test('has the client drop the file by a type that it alone knows not to take, which doctor asks it', async (t) => {
    const env = { PATH: `${dirname(clientProgram())}${delimiter}${process.env.PATH}` }
    const place = await guarded(t, { env }, '--scope', 'local')
    const { result } = await prompt(place, {
      main: [[bash(`sed -i '0,/{/s//{"model":5,/' ${SETTINGS}`)], 'Done.'],
    })
    assert.equal(result.result, 'Done.')
    assert.deepEqual(loggedIn(place), [])
    const { exitCode, stdout } = await place.spikectl('doctor')
    assert.equal(exitCode, 2)
    assert.match(stdout, /settings\.local\.json › model: Expected string, but received number\n/)
  })

  test('does not get a blocked change in by a harmless one to another file', async (t) => {
    const place = await guarded(t, {}, '--scope', 'local')
    const blocks = () => loggedIn(place).filter((event) => event === 'guard_changed').length
    await prompt(place, {
      main: [
        [bash(`echo '{}' > ${SETTINGS}`)],
        async () => {
          await eventually('the first change is blocked', () => blocks() === 1)
          return [bash(`echo '{"env":{"DEBUG":"1"}}' > .claude/settings.json`)]
        },
        async () => {
          await eventually('the second change is blocked', () => blocks() === 2)
          return [bash('pwd')]
        },
        [bash('date')],
        'Done.',
      ],
    })
    assert.equal((await statusOf(place)).totals.calls, 4)
  })

  test('loses the hooks when a person uninstalls them, and nothing stands in the way', async (t) => {
    const place = await guarded(t, {}, '--scope', 'local')
    // More than fit into the second or so after which the client looks at its settings: each waits for two hooks.
    const rounds = 60
    await prompt(place, {
      main: [
        async () => {
          assert.equal((await place.spikectl('uninstall', '--scope', 'local')).exitCode, 0)
          return [bash('echo 0')]
        },
        ...times(rounds, (i) => [bash(`echo ${i + 1}`)]),
        'Done.',
      ],
    })
    const { totals } = await statusOf(place)
    assert.ok(totals.calls < rounds, `${totals.calls} calls were counted`)
    assert.deepEqual(loggedIn(place), [])
  })
})
