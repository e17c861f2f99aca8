/** Calls of the real client: let run in silence, warned of, blocked. */

import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { HOOK, temporaryHome, times } from '../support/processes.ts'
import { answersTo, type Outcome, prompt } from './support/prompt.ts'
import { loggedIn, signedIn, statusOf } from './support/records.ts'
import { bash, read, write } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

/** A PATH on which there is a `spikectl-hook`, as npm would put it there. */
function pathWithHook(t: TestContext): string {
  const bin = temporaryHome(t)
  const script = `#!/bin/sh\nexec '${process.execPath}' '${HOOK}'\n`
  writeFileSync(join(bin, 'spikectl-hook'), script, { mode: 0o755 })
  return [bin, process.env.PATH].join(delimiter)
}

/** How many hooks of PreToolUse were running at the same time. */
function mostAtOnce({ events }: Outcome): number {
  let running = 0
  let most = 0
  for (const { hook_event, subtype } of events) {
    if (hook_event !== 'PreToolUse') continue
    if (subtype === 'hook_started') running += 1
    if (subtype === 'hook_response') running -= 1
    most = Math.max(most, running)
  }
  return most
}

describe('a call of the real client', () => {
  test('runs in silence, and its session is in status', async (t) => {
    const place = await guarded(t, { files: { 'a.txt': 'first\n' } })
    const outcome = await prompt(place, {
      main: [
        [bash('echo second > b.txt')],
        [bash('cat b.txt'), read(join(place.project, 'a.txt'))],
        [write(join(place.project, 'c.txt'), 'third\n')],
        'All is done.',
      ],
    })
    assert.deepEqual(
      [outcome.exitCode, outcome.result.terminal_reason, outcome.result.result],
      [0, 'completed', 'All is done.'],
    )
    assert.deepEqual(
      outcome.asked.map(({ results }) => results.map(({ isError }) => isError)),
      [[], [false], [false, false], [false]],
    )
    const said = ['UserPromptSubmit', 'PreToolUse', 'PostToolBatch'].flatMap((event) =>
      answersTo(event, outcome),
    )
    assert.deepEqual(
      said.map(({ exit_code, stdout, stderr }) => [exit_code, stdout, stderr]),
      times(1 + 4 + 3, () => [0, '', '']),
    )
    const { sessions, totals } = await statusOf(place)
    assert.deepEqual(
      sessions.map(({ session, state, tools }: Record<string, unknown>) => [session, state, tools]),
      [[outcome.result.session_id, 'allow', { Bash: 2, Read: 1, Write: 1 }]],
    )
    assert.deepEqual([totals.calls, totals.errors, loggedIn(place)], [4, 0, []])
  })

  test('is warned of in words that the model reads beside the result, once', async (t) => {
    const place = await guarded(t, { settings: { rate: { warnPerMin: 3, blockPerMin: 50 } } })
    const steps = times(5, (step) => [bash(`echo ${step}`)])
    const { asked, result } = await prompt(place, { main: [...steps, 'Done.'] })
    assert.equal(result.result, 'Done.')
    const spoken = asked.map(({ text }) => /additional context: (.+)/.exec(text)?.[1])
    assert.match(
      spoken[3] ?? '',
      /^3 tool calls in the last 60 s in this session \(warning at 3\/min\)\. At 50 /,
    )
    assert.deepEqual(
      spoken.map((words) => words !== undefined),
      [false, false, false, true, false, false],
    )
    assert.deepEqual(
      asked.flatMap(({ results }) => results),
      times(5, (step) => ({ text: String(step), isError: false })),
    )
    assert.deepEqual([(await statusOf(place)).totals.warned, loggedIn(place)], [3, ['warn']])
  })

  test('over the limit does not run, and the model reads why', async (t) => {
    const place = await guarded(t, { settings: { rate: { warnPerMin: 0, blockPerMin: 3 } } })
    const { asked, result, exitCode } = await prompt(place, {
      main: [[bash('touch one')], [bash('touch two')], [bash('touch three')], 'I was stopped.'],
    })
    assert.deepEqual(
      ['one', 'two', 'three'].map((name) => existsSync(join(place.project, name))),
      [true, true, false],
    )
    const [block] = asked[3]?.results ?? []
    assert.equal(block?.isError, true)
    assert.match(
      block.text,
      /: rate_limited: 3 tool calls in the last 60 s in this session \(limit 3\/min\)\. A place is free /,
    )
    assert.deepEqual([exitCode, result.result, result.terminal_reason], [0, 'I was stopped.', 'completed'])
    assert.deepEqual(await signedIn(place), ['genesis', 'block', 'resumed'])
    assert.deepEqual(loggedIn(place), ['block', 'resumed'])
    const { sessions } = await statusOf(place)
    assert.deepEqual([sessions[0].tools, sessions[0].denied], [{ Bash: 2 }, 1])
  })

  test('is counted once, however many others are in the same message', async (t) => {
    const place = await guarded(t, { files: Object.fromEntries(times(8, (i) => [`${i}.txt`, `${i}\n`])) })
    const calls = times(8, (i) => (i % 2 ? bash(`cat ${i}.txt`) : read(join(place.project, `${i}.txt`))))
    const outcome = await prompt(place, { main: [calls, 'Read.'] })
    assert.deepEqual(
      outcome.asked[1]?.results.map(({ isError }) => isError),
      times(8, () => false),
    )
    const { sessions, totals } = await statusOf(place)
    assert.deepEqual([totals.calls, sessions[0].peak, sessions[0].tools], [8, 8, { Read: 4, Bash: 4 }])
    assert.ok(mostAtOnce(outcome) > 1, 'the client ran one hook after the other: this test says nothing')
  })

  test('is counted once when the hooks are in the settings of the person and of the project', async (t) => {
    const place = await guarded(t, { env: { PATH: pathWithHook(t) } })
    assert.equal((await place.spikectl('install', '--scope', 'project')).exitCode, 0)
    const steps = times(10, (step) => [bash(`echo ${step}`)])
    const outcome = await prompt(place, { main: [...steps, 'Done.'] })
    assert.equal(answersTo('PreToolUse', outcome).length, 20)
    const { sessions, totals } = await statusOf(place)
    assert.deepEqual([totals.calls, sessions[0].tools, loggedIn(place)], [10, { Bash: 10 }, []])
  })
})
