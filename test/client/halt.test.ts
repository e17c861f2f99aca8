/** A model that does not stop by itself, in the real client: its turn is ended, and a person lets it go on. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { times } from '../support/processes.ts'
import { eventually } from './support/eventually.ts'
import type { Message, Scenario, ToolCall } from './support/messages-api.ts'
import { answersTo, prompt } from './support/prompt.ts'
import { loggedIn, signedIn, statusOf } from './support/records.ts'
import { agent, bash } from './support/tool-calls.ts'
import { guarded, type Workplace } from './support/workplace.ts'

const NOTE = { files: { 'note.txt': 'the same as ever\n' } }

/** A model that would go on for long. */
function repeating(call: ToolCall): ToolCall[][] {
  return times(40, () => [call])
}

/** One that does so while an agent of its own is in the background, which says this after the halt. */
function repeatingBeside(said: Message, place: Workplace): Scenario {
  const afterHalt = async () => {
    await eventually('a halt', () => loggedIn(place).includes('halt'))
    return said
  }
  return {
    main: [[agent('look around', 'background')], ...repeating(bash('cat note.txt'))],
    'look around': [afterHalt, 'There is nothing.'],
  }
}

describe('a model that goes on and on in the real client', () => {
  test('with one call is blocked after five equal results, and after three blocks its turn ends', async (t) => {
    const place = await guarded(t, NOTE)
    const { exitCode, result, asked } = await prompt(place, { main: repeating(bash('cat note.txt')) })
    assert.equal(asked.length, 8)
    const blocks = asked.flatMap(({ results }) => results).map(({ isError }) => isError)
    assert.deepEqual(blocks, [...times(5, () => false), ...times(2, () => true)])
    assert.match(
      asked[6]?.results[0]?.text ?? '',
      /: loop_detected: this call has given the same result 5 times /,
    )
    assert.deepEqual([exitCode, result.terminal_reason, result.result], [0, 'hook_stopped', ''])
    const { sessions, totals } = await statusOf(place)
    assert.deepEqual([sessions[0].state, sessions[0].denied, totals.halted], ['halt', 3, 1])
    assert.deepEqual(loggedIn(place), ['warn', 'block', 'block', 'block', 'halt', 'resumed'])
    assert.deepEqual(await signedIn(place), ['genesis', 'block', 'block', 'block', 'halt', 'resumed'])
  })

  test('with a tool that the client does not know is ended, although no hook was asked about it', async (t) => {
    const place = await guarded(t)
    const outcome = await prompt(place, { main: repeating({ name: 'Grep', input: { pattern: 'x' } }) })
    assert.equal(outcome.asked.length, 5)
    assert.match(outcome.asked[1]?.results[0]?.text ?? '', /No such tool available: Grep/)
    assert.deepEqual(answersTo('PreToolUse', outcome), [])
    assert.deepEqual([outcome.exitCode, outcome.result.terminal_reason], [0, 'hook_stopped'])
    assert.equal((await statusOf(place)).totals.halted, 1)
    assert.deepEqual(await signedIn(place), ['genesis', 'halt'])
  })

  test('is not asked again when its agent in the background ends after the turn', async (t) => {
    const place = await guarded(t, NOTE)
    const outcome = await prompt(place, repeatingBeside('There is nothing.', place))
    assert.deepEqual(outcome.asked.map(({ by }) => by).sort(), ['look around', ...times(9, () => 'main')])
    assert.equal(outcome.results[0]?.terminal_reason, 'hook_stopped')
    const [first, notice] = answersTo('UserPromptSubmit', outcome)
    assert.deepEqual([first?.exit_code, notice?.exit_code], [0, 2])
    assert.match(notice?.stderr ?? '', /^halted: this session has ended its turn \(loop_detected: /)
    assert.equal((await statusOf(place)).sessions[0].state, 'halt')
    assert.deepEqual(await signedIn(place), ['genesis', 'block', 'block', 'block', 'halt', 'resumed'])
  })

  test('takes its agents in the background with it', async (t) => {
    const place = await guarded(t, NOTE)
    const { asked } = await prompt(place, repeatingBeside([bash('touch marker')], place))
    assert.deepEqual(asked.map(({ by }) => by).sort(), ['look around', ...times(9, () => 'main')])
    assert.equal(existsSync(join(place.project, 'marker')), false)
    assert.deepEqual(await signedIn(place), ['genesis', 'block', 'block', 'block', 'halt', 'halt', 'resumed'])
  })

  for (const how of ['--resume', '--continue']) {
    test(`goes on with ${how} when a person has written a prompt`, async (t) => {
      const place = await guarded(t, NOTE)
      const call = bash('cat note.txt')
      const { result } = await prompt(place, { main: repeating(call) })
      const { session_id: session } = result
      const args = how === '--resume' ? [how, session] : [how]
      const outcome = await prompt(
        place,
        { main: [[call], 'I have read it.'] },
        { text: 'Read it again.', args },
      )
      assert.match(outcome.asked[0]?.text ?? '', /Read it again\./)
      assert.deepEqual(outcome.asked[1]?.results, [{ text: 'the same as ever', isError: false }])
      assert.deepEqual(
        [outcome.result.session_id, outcome.result.terminal_reason, outcome.result.result],
        [session, 'completed', 'I have read it.'],
      )
      const { sessions, totals } = await statusOf(place)
      assert.deepEqual([sessions.length, sessions[0].state, totals.halted], [1, 'allow', 1])
    })
  }
})
