/** What would end the turn in the real client is asked first where a person is there; where nobody is, it ends. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { times } from '../support/processes.ts'
import { prompt } from './support/prompt.ts'
import { statusOf } from './support/records.ts'
import { openQuestion } from './support/screen.ts'
import { bash } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

const LIMITED = { settings: { unattended: { warnCalls: 0, haltCalls: 3 } } }

/** A model that takes so many steps, a call each. */
function taking(steps: number) {
  return { main: [...times(steps, (step) => [bash(`echo step ${step}`)]), 'All steps are done.'] }
}

describe('at a limit that ends the turn', () => {
  test('nobody is asked in print mode, and the turn ends', async (t) => {
    const place = await guarded(t, LIMITED)
    const { asked, result } = await prompt(place, taking(4))
    assert.deepEqual([asked.length, result.terminal_reason], [3, 'hook_stopped'])
    const { state, latch, tools } = (await statusOf(place)).sessions[0]
    assert.deepEqual([state, latch.rule, latch.of, tools], ['halt', 'unattended', 'calls', { Bash: 2 }])
  })

  test('a person at the terminal is asked once, and yes lets as much again run', async (t) => {
    const place = await guarded(t, LIMITED)
    const { screen, question } = await openQuestion(t, place, taking(4))
    assert.match(
      question,
      /spikectl asks: 3 tool calls since a person last wrote \(unattended_limit: limit 3\)\. Yes lets as many again;/,
    )
    screen.say('1')
    await screen.until('All steps are done.')
    const { state, latch, tools } = (await statusOf(place)).sessions[0]
    assert.deepEqual([state, latch, tools], ['allow', undefined, { Bash: 4 }])
  })
})
