/** Tokens in the real client: what its transcripts say is counted, and the turn ends at the limit. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { shellWord } from '../../src/system/text.ts'
import { times } from '../support/processes.ts'
import { clientProgram } from './support/download.ts'
import { prompt } from './support/prompt.ts'
import { signedIn, statusOf } from './support/records.ts'
import { openQuestion } from './support/screen.ts'
import { agent, bash, workflow } from './support/tool-calls.ts'
import { guarded, type Workplace } from './support/workplace.ts'

/** What each message of the model here says that it has used: one token in, one out. */
const PER_MESSAGE = 2

const budget = (haltTokens: number) => ({ settings: { budget: { prompt: { warnTokens: 0, haltTokens } } } })

/** A model that takes so many steps, a call each, and then says that it is done. */
function taking(steps: number) {
  return { main: [...times(steps, (step) => [bash(`echo step ${step}`)]), 'All steps are done.'] }
}

async function latchIn(place: Workplace): Promise<unknown[]> {
  const { rule, count, of } = (await statusOf(place)).sessions[0].latch
  return [rule, count, of]
}

describe('a budget in tokens', () => {
  test('ends the turn in print mode after the round that reaches it', async (t) => {
    const place = await guarded(t, budget(5 * PER_MESSAGE))
    const { asked, result } = await prompt(place, taking(20))
    assert.deepEqual([asked.length, result.terminal_reason], [5, 'hook_stopped'])
    assert.deepEqual(await latchIn(place), ['budget', 10, 'prompt tokens'])
    assert.deepEqual(await signedIn(place), ['genesis', 'halt', 'resumed'])
  })

  test('has what subagents and the agents of a workflow used', async (t) => {
    const place = await guarded(t, budget(1000))
    const steps = [[bash('echo 1')], [bash('echo 2')], 'Done.'] as const
    const { asked } = await prompt(place, {
      main: [[agent('SUBTASK one', 'foreground')], [workflow('PART', 2)], 'All done.'],
      'SUBTASK one': steps,
      PART: steps,
    })
    const { tokens, unread } = (await statusOf(place)).sessions[0]
    const all = asked.length * PER_MESSAGE
    assert.deepEqual([tokens, unread], [{ prompt: all, session: all, day: all }, 0])
  })

  test('has what a client used that the agent has started', async (t) => {
    const place = await guarded(t, budget(1000))
    const nested = `${shellWord(clientProgram())} -p 'NESTED go' --permission-mode bypassPermissions`
    const { asked } = await prompt(place, {
      main: [[bash(nested)], 'Done.'],
      'NESTED go': [[bash('echo in')], 'In.'],
    })
    const { sessions } = await statusOf(place)
    const [root] = sessions.filter(({ parent }: { parent: string | null }) => parent === null)
    const all = 4 * PER_MESSAGE
    const requests = asked.map(({ by, text }) => `${by}: ${text.slice(0, 80)}`).join('\n')
    assert.deepEqual([root.tokens.session, root.tokens.day], [all, all], requests)
  })

  for (const [how, args, expected] of [
    ['a resumed session', [], { session: 8, prompt: 4 }],
    ['a fork', ['--fork-session'], { session: 4, prompt: 4 }],
  ] as const) {
    test(`counts nothing twice in ${how}`, async (t) => {
      const place = await guarded(t, budget(1000))
      const first = await prompt(place, taking(1))
      const { session_id: session } = first.result
      const second = await prompt(place, taking(1), { args: ['--resume', session, ...args] })
      const { sessions } = await statusOf(place)
      const last = sessions.find((one: { session: string }) => one.session === second.result.session_id)
      assert.deepEqual(last.tokens, { ...expected, day: 8 })
    })
  }

  test('asks the person at the terminal at the next call, and yes is good for as much again', async (t) => {
    const place = await guarded(t, budget(3 * PER_MESSAGE))
    const { screen, question } = await openQuestion(t, place, taking(4))
    assert.match(
      question,
      /spikectl asks: 6 tokens since a person last wrote \(budget_exceeded: limit 6 tokens\)\./,
    )
    screen.say('1')
    await screen.until('All steps are done.')
    const { state, latch, tools } = (await statusOf(place)).sessions[0]
    assert.deepEqual([state, latch, tools], ['allow', undefined, { Bash: 4 }])
  })
})
