/** A provider that refuses the real client at a limit: what would go on with it is halted, until a person writes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './support/eventually.ts'
import { answersTo, prompt } from './support/prompt.ts'
import { loggedIn, signedIn, statusOf } from './support/records.ts'
import { openScreen } from './support/screen.ts'
import { bash } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

/** It would try ten times else, with longer and longer pauses. */
const ONCE = { env: { CLAUDE_CODE_MAX_RETRIES: '0' } }

/** In the background, until the hook has recorded a halt. */
const UNTIL_HALTED = {
  name: 'Bash',
  input: {
    command: `until grep -q '"halt"' "$SPIKECTL_HOME/log.jsonl"; do sleep 0.2; done`,
    description: 'a step',
    run_in_background: true,
  },
}

test('print mode asks no more when a background task of a session that was refused has ended', async (t) => {
  const place = await guarded(t, ONCE)
  const outcome = await prompt(place, { main: [[UNTIL_HALTED], { http_error: 429 }, [bash('pwd')]] })
  assert.equal(outcome.asked.length, 2)
  assert.equal(outcome.results[0]?.terminal_reason, 'api_error')
  const [person, notification] = answersTo('UserPromptSubmit', outcome)
  assert.deepEqual([person?.exit_code, notification?.exit_code], [0, 2])
  assert.match(notification?.stderr ?? '', /^halted: .*quota_reached/)
  assert.equal((await statusOf(place)).sessions[0].state, 'halt')
})

test('a session that was refused is halted, and goes on with the next prompt', async (t) => {
  const place = await guarded(t, ONCE)
  const screen = await openScreen(t, place, {
    main: [[bash('ls')], { http_error: 429 }, [bash('pwd')], 'It is done.'],
  })
  await screen.until('bypass permissions on')
  screen.say('look around')
  await eventually('a halt', () => loggedIn(place).includes('halt'))
  const { sessions } = await statusOf(place)
  assert.deepEqual(
    [sessions[0].state, sessions[0].latch.rule, sessions[0].latch.of],
    ['halt', 'quota', 'refusal'],
  )
  screen.say('go on')
  await screen.until('It is done.')
  assert.equal((await statusOf(place)).sessions[0].state, 'allow')
  assert.deepEqual(await signedIn(place), ['genesis', 'halt', 'resumed'])
})
