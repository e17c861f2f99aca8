/** A schedule that an agent has set in the real client: the turn that it starts is no person's. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusOf } from './support/records.ts'
import { openScreen } from './support/screen.ts'
import { guarded } from './support/workplace.ts'

const CREATE = {
  name: 'CronCreate',
  input: { cron: '* * * * *', prompt: 'look at the build', recurring: true },
}

test('a prompt that a schedule writes counts as a turn of a machine, and is not halted', async (t) => {
  const place = await guarded(t, { settings: { unattended: { warnTurns: 0, haltTurns: 1 } } })
  const screen = await openScreen(t, place, {
    main: [
      [{ name: 'ToolSearch', input: { query: 'select:CronCreate' } }],
      [CREATE],
      'It is scheduled.',
      'The build is fine.',
    ],
  })
  await screen.until('bypass permissions on')
  screen.say('look at the build each minute')
  await screen.until('The build is fine.')
  const { sessions, totals } = await statusOf(place)
  assert.deepEqual([sessions[0].machineTurns, totals.halted], [1, 0])
})
