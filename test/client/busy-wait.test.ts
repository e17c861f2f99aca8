/** An agent in the real client that asks again and again whether something is done yet, and reads how to wait for it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { times } from '../support/processes.ts'
import { prompt } from './support/prompt.ts'
import { bash } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

test('a poll in quick rounds is blocked with the way out, although its output differs each time', async (t) => {
  const place = await guarded(t)
  const polls = times(17, () => [bash('date +%s%N')])
  const { asked, result } = await prompt(place, { main: [...polls, 'I wait for the notification.'] })
  const results = asked.flatMap(({ results }) => results)
  assert.deepEqual(
    results.map(({ isError }) => isError),
    [...times(15, () => false), true, true],
  )
  assert.match(
    results[15]?.text ?? '',
    /: loop_detected: this call was made 15 times, the last 15 within \d+ s: a busy wait\..*\nWait inside one command instead: until /,
  )
  // It counts towards a halt only from the tenth round, so the agent can go the way out.
  assert.deepEqual([result.terminal_reason, result.result], ['completed', 'I wait for the notification.'])
})
