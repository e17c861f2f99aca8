/** A workflow of the real client that starts more and more agents, and what each of them costs after the limit. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prompt } from './support/prompt.ts'
import { statusOf } from './support/records.ts'
import { bash, workflow } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

const [AGENTS, LIMIT] = [12, 5]

test('a workflow that fans out is halted at the limit, and each further agent costs one request', async (t) => {
  const place = await guarded(t, { settings: { agents: { warnAt: 0, blockAt: LIMIT } } })
  const { asked } = await prompt(place, {
    main: [[workflow('look at part', AGENTS)], 'It is on its way.'],
    'look at part': [[bash('pwd')], 'This part is done.'],
  })
  const byAgents = asked.flatMap(({ agentId }) => agentId ?? [])
  const agents = [...new Set(byAgents)]
  assert.equal(agents.length, AGENTS)
  const requests = agents.map((id) => byAgents.filter((each) => each === id).length)
  assert.deepEqual(
    requests.slice(LIMIT - 1).filter((count) => count !== 1),
    [],
    `${requests}`,
  )
  assert.ok(asked.length - byAgents.length <= 2, 'the main agent is not asked what to do with what they said')
  const { state, agentsSeen, latch } = (await statusOf(place)).sessions[0]
  assert.deepEqual([state, agentsSeen, latch.rule, latch.limit], ['halt', AGENTS, 'agents', LIMIT])
})
