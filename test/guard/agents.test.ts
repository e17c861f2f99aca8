/** Agents since a person last wrote, whoever has started them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { agentsIn } from '../../src/guard/rules/agents.ts'
import { times } from '../support/processes.ts'
import { MAIN, meet } from '../support/table.ts'
import { type Course, course, end, prompt, start, work } from '../support/turns.ts'

const FEW = { agents: { warnAt: 2, blockAt: 4 } }
const seen = (c: Course) => agentsIn(c.session)

describe('the agents rule', () => {
  test('warns of 60 agents of a workflow, and goes on', () => {
    const c = course()
    const verdicts = times(60, (i) => [start(c, `a${i}`).kind, work(c, '', `a${i}`).kind]).flat()
    assert.deepEqual([...new Set(verdicts)].sort(), ['allow', 'warn'])
    assert.equal(verdicts.filter((kind) => kind === 'warn').length, 1)
    assert.equal(verdicts.indexOf('warn'), 49) // the first call of the 25th
    assert.equal(seen(c).seen, 60)
  })

  test('halts the session at the 100th of 120 agents, and each agent at its first call from then on', () => {
    const c = course()
    const verdicts = times(120, (i) => [start(c, `a${i}`).kind, work(c, '', `a${i}`).kind])
    assert.equal(
      verdicts.findIndex(([begun]) => begun === 'halt'),
      99,
    )
    assert.deepEqual(new Set(verdicts.slice(99).flat()), new Set(['halt']))
    assert.equal(work(c).kind, 'halt')
  })

  test('sees agents by their first call where nobody tells of their start', () => {
    const c = course(FEW)
    const verdicts = times(4, (i) => [work(c, '', `a${i}`).kind, work(c, '', `a${i}`).kind]).flat()
    assert.deepEqual(verdicts, ['allow', 'allow', 'warn', 'allow', 'allow', 'allow', 'halt', 'halt'])
  })

  test('counts an agent once that is told of twice, goes on, or comes back after a person has written', () => {
    const c = course(FEW)
    for (const _ of times(3, Number)) {
      start(c, 'a1')
      work(c, '', 'a1')
      end(c, 'a1')
    }
    assert.deepEqual(seen(c), { seen: 1, ever: 1, running: 0 })
    prompt(c, 'person')
    start(c, 'a1')
    assert.deepEqual(seen(c), { seen: 0, ever: 1, running: 1 })
  })

  test('counts an agent that never calls, and one that is told of late', () => {
    const c = course(FEW)
    start(c, 'never calls')
    work(c, '', 'late')
    start(c, 'late')
    assert.deepEqual(seen(c), { seen: 2, ever: 2, running: 2 })
  })

  test('begins afresh when a person writes', () => {
    const c = course(FEW)
    for (const i of times(4, Number)) start(c, `a${i}`)
    assert.equal(work(c).kind, 'halt')
    prompt(c, 'person')
    assert.equal(work(c).kind, 'allow')
    assert.deepEqual(
      times(4, (i) => start(c, `b${i}`).kind),
      ['allow', 'allow', 'allow', 'halt'],
    )
  })

  test('counts no agent for what the main one does', () => {
    const c = course(FEW)
    for (const _ of times(9, Number)) work(c)
    assert.deepEqual(seen(c), { seen: 0, ever: 0, running: 0 })
  })

  test('counts no agent for an end alone', () => {
    const c = course(FEW)
    end(c, 'acompact')
    assert.deepEqual(seen(c), { seen: 0, ever: 0, running: 0 })
  })

  for (const type of ['session_start', 'session_end'] as const) {
    test(`knows of no running agents after ${type}`, () => {
      const c = course(FEW)
      start(c, 'a1')
      meet(c, c.seconds, { type, agent: MAIN })
      assert.deepEqual(seen(c), { seen: 1, ever: 1, running: 0 })
    })
  }

  test('keeps little of 100,000 agents with ids of 256 bytes', () => {
    const c = course({ agents: { warnAt: 0, blockAt: 0 } })
    for (const i of times(100_000, Number)) start(c, String(i).padStart(256, 'a'))
    assert.deepEqual(seen(c), { seen: 100_000, ever: 100_000, running: 250 })
    assert.ok(JSON.stringify(c.session.lasting.memory).length < 7000)
  })

  test('knows again an agent that goes on, however many have begun since it first did', () => {
    const c = course({ agents: { warnAt: 0, blockAt: 0 } })
    for (const i of times(600, Number)) {
      start(c, `a${i}`)
      start(c, 'old')
    }
    assert.equal(seen(c).seen, 601)
  })

  test('is off with limits of 0', () => {
    const c = course({ agents: { warnAt: 0, blockAt: 0 } })
    for (const i of times(300, Number)) assert.equal(work(c, '', `a${i}`).kind, 'allow')
  })
})
