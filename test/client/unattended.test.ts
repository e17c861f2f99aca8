/** A turn of the real client that another hook keeps going, with nobody there: it is ended at the limit. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { times } from '../support/processes.ts'
import { prompt } from './support/prompt.ts'
import { signedIn, statusOf } from './support/records.ts'
import { bash } from './support/tool-calls.ts'
import { guarded, type Workplace, workplace } from './support/workplace.ts'

const GO_ON = `echo '{"decision":"block","reason":"Go on, please."}'`

/** A project with a Stop hook of somebody else that always says go on. */
const DRIVEN = {
  '.claude/settings.json': JSON.stringify({
    hooks: { Stop: [{ hooks: [{ type: 'command', command: GO_ON }] }] },
  }),
}

function driven(t: TestContext, limits: object): Promise<Workplace> {
  return guarded(t, { settings: { unattended: { warnTurns: 0, ...limits } }, files: DRIVEN })
}

/** A model that works for so many laps, with one call a lap, and then has nothing more to say. */
function working(laps: number, command: (lap: number) => string) {
  return { main: times(laps, (lap) => [[bash(command(lap))], `Lap ${lap} is done.`]).flat() }
}

const differing = (lap: number) => `echo ${lap}`

async function latchIn(place: Workplace): Promise<unknown[]> {
  const { rule, count, of } = (await statusOf(place)).sessions[0].latch
  return [rule, count, of]
}

describe('a Stop hook of somebody else that always says go on', () => {
  test('keeps the client going, without spikectl, as long as the model works', async (t) => {
    const { asked } = await prompt(workplace(t, { files: DRIVEN }), working(8, differing))
    assert.ok(asked.length > 16, `${asked.length} requests`)
  })

  test('is ended at the limit, with one differing call a lap', async (t) => {
    const place = await driven(t, { haltTurns: 4, haltStalledTurns: 0 })
    const { asked, exitCode, result } = await prompt(place, working(20, differing))
    // Two for the person's own turn, two for each of three laps, and the call with which the fourth begins.
    assert.equal(asked.length, 9)
    assert.match(asked[2]?.text ?? '', /Go on, please\./)
    assert.deepEqual([exitCode, result.terminal_reason], [0, 'hook_stopped'])
    assert.deepEqual(await latchIn(place), ['unattended', 4, 'turns'])
    const { state, tools } = (await statusOf(place)).sessions[0]
    assert.deepEqual([state, tools], ['halt', { Bash: 4 }])
    assert.deepEqual(await signedIn(place), ['genesis', 'halt', 'resumed'])
  })

  test('is ended at the limit with no call at all, by the hook of the same event', async (t) => {
    const place = await driven(t, { haltTurns: 3, haltStalledTurns: 0 })
    const { asked, exitCode, result } = await prompt(place, { main: times(20, (lap) => `Word ${lap}.`) })
    assert.deepEqual([asked.length, exitCode, result.terminal_reason], [4, 0, 'stop_hook_prevented'])
    assert.deepEqual(await latchIn(place), ['unattended', 3, 'turns'])
  })

  test('is ended earlier when its laps bring nothing new', async (t) => {
    const place = await driven(t, { haltTurns: 20, haltStalledTurns: 2 })
    const { asked, result } = await prompt(
      place,
      working(20, () => 'echo same'),
    )
    // The person's own turn, and two laps with the call and result that it had already.
    assert.deepEqual([asked.length, result.terminal_reason], [6, 'stop_hook_prevented'])
    assert.deepEqual(await latchIn(place), ['unattended', 2, 'stalled turns'])
  })
})
