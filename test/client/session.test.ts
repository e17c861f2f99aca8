/** A session of the real client: who is counted in it, and what is left of it when it has ended. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { times } from '../support/processes.ts'
import { prompt } from './support/prompt.ts'
import { loggedIn, statusOf } from './support/records.ts'
import { agent, bash } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

describe('a session of the real client', () => {
  test('counts the calls of its subagents, each under the id that the client gave it', async (t) => {
    const place = await guarded(t)
    const { asked, result } = await prompt(place, {
      main: [[agent('count the files', 'foreground')], [bash('pwd')], [bash('date')], 'Done.'],
      'count the files': [[bash('ls | wc -l')], [bash('ls -A | wc -l')], 'There are none.'],
    })
    assert.deepEqual(
      asked.map(({ by }) => by),
      ['main', ...times(3, () => 'count the files'), ...times(3, () => 'main')],
    )
    assert.match(asked[4]?.results[0]?.text ?? '', /^ *There are none\.$/m)
    assert.equal(result.result, 'Done.')
    const { sessions, totals } = await statusOf(place)
    assert.deepEqual(
      [sessions.length, sessions[0].session, sessions[0].tools, totals.calls],
      [1, result.session_id, { Bash: 4, Agent: 1 }, 5],
    )
    assert.deepEqual(sessions[0].agents, [
      { agent: 'main', type: '', count: 3 },
      { agent: asked[1]?.agentId, type: 'general-purpose', count: 2 },
    ])
    assert.deepEqual(loggedIn(place), [])
  })

  test('leaves its summary when it has ended, and no count of its last minute', async (t) => {
    const place = await guarded(t)
    let meanwhile: Awaited<ReturnType<typeof statusOf>>
    const { exitCode } = await prompt(place, {
      main: [
        [bash('echo 1'), bash('echo 2'), bash('echo 3')],
        async () => {
          meanwhile = await statusOf(place)
          return 'Done.'
        },
      ],
    })
    assert.equal(exitCode, 0)
    const { sessions, totals } = await statusOf(place)
    const [before, after] = [meanwhile.sessions[0], sessions[0]]
    assert.deepEqual([before.count, before.tools], [3, { Bash: 3 }])
    assert.deepEqual([after.count, after.peak, after.tools, totals.calls], [0, 3, { Bash: 3 }, 3])
  })
})
