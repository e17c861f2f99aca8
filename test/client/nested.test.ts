/** Clients that an agent of the real client starts from its shell are agents of the outermost session, and end with it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { shellWord } from '../../src/system/text.ts'
import { clientProgram } from './support/download.ts'
import { prompt } from './support/prompt.ts'
import { statusOf } from './support/records.ts'
import { bash } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

/** A command that gives another client this prompt. */
function claude(text: string): string {
  return `${shellWord(clientProgram())} -p ${shellWord(text)} --permission-mode bypassPermissions`
}

describe('a client that an agent has started', () => {
  test('counts as an agent of the outermost session, and so does one that it starts itself', async (t) => {
    const place = await guarded(t)
    const { result } = await prompt(place, {
      main: [[bash(claude('do half of it'))], 'All is done.'],
      'do half of it': [[bash(claude('do a quarter'))], 'Half is done.'],
      'do a quarter': [[bash('pwd')], 'A quarter is done.'],
    })
    assert.equal(result.result, 'All is done.')
    const [outermost, half, quarter] = (await statusOf(place)).sessions
    assert.deepEqual([outermost.parent, outermost.children, outermost.agentsSeen], [null, [half.session], 2])
    assert.deepEqual([half.parent, half.children], [outermost.session, [quarter.session]])
    assert.deepEqual([quarter.parent, quarter.children], [half.session, []])
    assert.deepEqual(outermost.tools, { Bash: 3 })
  })

  test('counts, beside others, towards the limit of agents, and after the halt none asks the model', async (t) => {
    const place = await guarded(t, { settings: { agents: { warnAt: 0, blockAt: 2 } } })
    const parts = ['do part one', 'do part two', 'do part three']
    const { asked, result } = await prompt(place, {
      main: [[bash(parts.map(claude).join('; '))], 'All is done.'],
      'do part one': [[bash('pwd')], 'Done.'],
      'do part two': ['Done.'],
      'do part three': ['Done.'],
    })
    assert.deepEqual(
      asked.map(({ by }) => by),
      ['main', 'do part one', 'do part one'],
    )
    assert.equal(result.terminal_reason, 'hook_stopped')
    const outermost = (await statusOf(place)).sessions.find(
      ({ parent }: { parent: unknown }) => parent === null,
    )
    const { state, agentsSeen, children, latch } = outermost
    assert.deepEqual([state, agentsSeen, children.length, latch.rule], ['halt', 3, 3, 'agents'])
  })

  test('counts with a session of a person that it goes on with, until a person goes on with that', async (t) => {
    const place = await guarded(t, { settings: { agents: { warnAt: 0, blockAt: 1 } } })
    const work = { 'an earlier task': [[bash('pwd')], 'It is done.'] }
    const text = 'an earlier task'
    const begun = await prompt(place, { main: [], ...work }, { text })
    const earlier = begun.result.session_id
    const nested = await prompt(place, {
      main: [[bash(`${claude('go on')} --resume ${earlier}`)], 'All is done.'],
      ...work,
    })
    assert.deepEqual(
      nested.asked.map(({ by }) => by),
      ['main'],
    )
    const outermost = nested.result.session_id
    const { sessions } = await statusOf(place)
    const lines = sessions.map((each: object) =>
      ['session', 'state', 'root'].map((key) => Reflect.get(each, key)),
    )
    assert.deepEqual(
      new Set(lines),
      new Set([
        [outermost, 'halt', null],
        [earlier, 'halt', outermost],
      ]),
    )

    const { asked } = await prompt(
      place,
      { main: [], ...work },
      { text: 'Now I go on.', args: ['--resume', earlier] },
    )
    assert.equal(asked[1]?.results[0]?.isError, false)
  })
})
