/** What goes on since a person last wrote: turns that a machine began, and calls. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { judge } from '../../src/guard/judge.ts'
import { machineTurnsIn } from '../../src/guard/rules/unattended.ts'
import type { Verdict } from '../../src/guard/verdict.ts'
import { times } from '../support/processes.ts'
import { MAIN, meet, START, stateOf } from '../support/table.ts'
import { answer, ask, type Course, course, prompt, start, stop, work } from '../support/turns.ts'

/** Only the turns, with low limits. */
const FEW = { unattended: { warnTurns: 2, haltTurns: 4, haltStalledTurns: 0, warnCalls: 0, haltCalls: 0 } }
const STALLED = {
  unattended: { warnTurns: 0, haltTurns: 0, haltStalledTurns: 3, warnCalls: 0, haltCalls: 0 },
}
const CALLS = { unattended: { warnTurns: 0, haltTurns: 0, haltStalledTurns: 0, warnCalls: 3, haltCalls: 5 } }

function figureOf(verdict: Verdict) {
  return verdict.kind === 'allow' ? [] : [verdict.rule, verdict.of, verdict.count, verdict.limit]
}

/** A lap that another hook keeps the turn going for: what it does, and its end. */
function lap(c: Course, what = '', words?: string): Verdict {
  work(c, what)
  return stop(c, true, words)
}

/** What the figure of calls would be with one more. */
function judgedCalls(c: Course) {
  const event = { type: 'call', agent: MAIN, tool: 'Bash', signature: 's', isPoll: false } as const
  return judge(stateOf(c), event, c.policy, START).find(({ of }) => of === 'calls')?.count
}

const machineTurns = (c: Course) => machineTurnsIn(c.session)

describe('the unattended rule', () => {
  test('ends a turn that a hook keeps going, at its 50th lap with one differing call each', () => {
    const c = course()
    stop(c, false)
    const verdicts = times(50, () => lap(c).kind)
    assert.equal(verdicts.indexOf('halt'), 49)
    assert.equal(machineTurns(c), 50)
    assert.equal(work(c).kind, 'halt')
  })

  test('warns once at the first call of the fifth turn, with what follows', () => {
    const c = course()
    stop(c, false)
    const said = times(8, () => {
      const { id, verdict } = ask(c)
      answer(c, id)
      stop(c, true)
      return verdict
    })
    assert.deepEqual(said.map(({ kind }) => kind).indexOf('warn'), 4)
    assert.equal(said.filter(({ kind }) => kind === 'warn').length, 1)
    const warn = said[4]
    assert.ok(warn?.kind === 'warn')
    assert.deepEqual([...figureOf(warn), warn.blockLimit], ['unattended', 'turns', 5, 5, 50])
  })

  test('ends laps that bring nothing new at the 15th of them in a row', () => {
    const c = course()
    stop(c, false)
    const verdicts = times(20, () => lap(c, 'ls'))
    const at = verdicts.findIndex(({ kind }) => kind === 'halt')
    // The first lap is the first to see its result.
    assert.equal(at, 15)
    assert.deepEqual(figureOf(verdicts[at] ?? { kind: 'allow' }), ['unattended', 'stalled turns', 15, 15])
  })

  test('counts a turn that brings something new as no stall, and begins anew after it', () => {
    const c = course(STALLED)
    stop(c, false)
    lap(c, 'ls')
    for (const what of ['ls', 'ls', '', 'ls', 'ls']) assert.equal(lap(c, what).kind, 'allow', what)
    assert.equal(lap(c, 'ls').kind, 'halt')
  })

  test('takes a turn that ends in the words of the one before for no news', () => {
    const c = course(STALLED)
    stop(c, false, 'waiting')
    assert.deepEqual(
      times(3, () => lap(c, '', 'waiting').kind),
      ['allow', 'allow', 'halt'],
    )
    const d = course(STALLED)
    stop(d, false, 'waiting')
    for (const words of ['a', 'b', 'a', 'b']) assert.equal(lap(d, '', words).kind, 'allow')
  })

  test('concludes nothing of stalls where nobody tells what calls bring', () => {
    const c = course(STALLED)
    for (const _ of times(10, Number)) {
      prompt(c, 'machine')
      ask(c, { what: 'ls' })
      assert.equal(stop(c, false).kind, 'allow')
    }
  })

  test('begins afresh when a person writes in between, or resets the session', () => {
    const c = course(FEW)
    stop(c, false)
    for (const _ of times(3, Number)) lap(c)
    prompt(c, 'person')
    assert.equal(machineTurns(c), 0)
    stop(c, false)
    assert.deepEqual(
      times(4, () => lap(c).kind),
      ['allow', 'allow', 'allow', 'halt'],
    )
    prompt(c, 'person')
    assert.equal(work(c).kind, 'allow')
  })

  for (const by of ['machine', 'schedule', 'notification'] as const) {
    test(`counts a prompt by ${by} as a turn that no person began`, () => {
      const c = course(FEW)
      prompt(c, by)
      assert.equal(machineTurns(c), 1)
    })
  }

  test('blocks the prompt of a teammate at the limit', () => {
    const c = course(FEW)
    assert.deepEqual(
      times(4, () => prompt(c, 'machine').kind),
      ['allow', 'allow', 'allow', 'halt'],
    )
  })

  test('counts a prompt in a client that an agent has started as one of a machine', () => {
    const c = course(FEW)
    meet(c, c.seconds, { type: 'prompt', agent: MAIN, by: 'person', startedByAgent: true })
    assert.equal(machineTurns(c), 1)
  })

  test('lets 412 scheduled wake-ups with five calls each go on, and warns of them', () => {
    const c = course()
    const verdicts = times(412, () => {
      prompt(c, 'schedule')
      const said = times(5, () => work(c).kind)
      stop(c, false)
      return said
    }).flat()
    assert.deepEqual([...new Set(verdicts)].sort(), ['allow', 'warn'])
    assert.equal(machineTurns(c), 412)
  })

  test('counts wake-ups and their calls towards a halt where the owner says so', () => {
    const turns = course({ unattended: { ...FEW.unattended, haltSchedules: true } })
    assert.deepEqual(
      times(4, () => prompt(turns, 'schedule').kind),
      ['allow', 'allow', 'allow', 'halt'],
    )
    const calls = course({ unattended: { ...CALLS.unattended, haltSchedules: true } })
    prompt(calls, 'schedule')
    assert.deepEqual(
      times(5, () => work(calls).kind),
      ['allow', 'allow', 'warn', 'allow', 'halt'],
    )
  })

  test('counts a prompt once that a hook registered twice tells of twice', () => {
    const c = course(FEW)
    for (const id of ['p1', 'p1', 'p2', 'p2', 'p3', 'p3'])
      assert.equal(meet(c, c.seconds, { type: 'prompt', agent: MAIN, by: 'machine', id }).kind, 'allow')
    assert.equal(machineTurns(c), 3)
  })

  test('takes no notification for a stall: there may be nothing to do but to take note of it', () => {
    const c = course({ unattended: { ...STALLED.unattended, haltTurns: 9 } })
    meet(c, c.seconds, { type: 'results', agent: MAIN, calls: [], endsRound: true })
    const verdicts = times(9, () => [prompt(c, 'notification').kind, stop(c, false).kind]).flat()
    assert.equal(verdicts.indexOf('halt'), 16)
  })

  test('lets each agent tell once that it has finished', () => {
    const c = course(FEW)
    for (const agent of ['a1', 'a2', 'a3']) start(c, agent)
    for (const _ of times(3, Number)) prompt(c, 'notification')
    assert.equal(machineTurns(c), 0)
    prompt(c, 'notification')
    assert.equal(machineTurns(c), 1)
  })

  test('lets agents that began before a person wrote tell it afterwards', () => {
    const c = course(FEW)
    for (const agent of ['a1', 'a2', 'a3']) start(c, agent)
    prompt(c, 'notification')
    prompt(c, 'person')
    for (const _ of times(2, Number)) prompt(c, 'notification')
    assert.equal(machineTurns(c), 0)
    prompt(c, 'notification')
    assert.equal(machineTurns(c), 1)
  })

  test('counts the calls of all agents since a person last wrote', () => {
    const c = course(CALLS)
    const said = ['main', 'a1', 'main', 'a2', 'main'].map((agent) => work(c, '', agent))
    assert.deepEqual(
      said.map(({ kind }) => kind),
      ['allow', 'allow', 'warn', 'allow', 'halt'],
    )
    assert.deepEqual(figureOf(said[4] ?? { kind: 'allow' }), ['unattended', 'calls', 5, 5])
  })

  test('counts the turn that a blocked call begins, and not the call', () => {
    const c = course({ unattended: { ...FEW.unattended, warnTurns: 0, haltTurns: 2, haltCalls: 9 } })
    stop(c, false)
    lap(c)
    assert.equal(work(c).kind, 'halt')
    assert.deepEqual([machineTurns(c), judgedCalls(c)], [2, 2])
  })

  test('only warns where the owner lets it go on', () => {
    const c = course({ unattended: { ...FEW.unattended, haltCalls: 3, haltStalledTurns: 1, halt: false } })
    stop(c, false)
    for (const _ of times(20, Number)) assert.notEqual(lap(c, 'ls').kind, 'halt')
  })

  test('counts an end of a turn that is told twice at once as one', () => {
    const c = course(FEW)
    stop(c, false)
    for (const _ of times(3, Number)) {
      work(c)
      for (const milliseconds of [0, 400])
        meet(c, c.seconds + milliseconds / 1000, {
          type: 'turn_end',
          agent: MAIN,
          isContinued: true,
          words: 'done',
        })
    }
    assert.equal(machineTurns(c), 3)
  })

  test('counts it as one also where another agent has told of something in between', () => {
    const c = course(FEW)
    const end = { type: 'turn_end', agent: MAIN, isContinued: false, words: 'done' } as const
    meet(c, c.seconds, end)
    const agent = { id: 'a1', type: '' }
    meet(c, c.seconds, { type: 'results', agent, calls: [], endsRound: true })
    meet(c, c.seconds, { type: 'call', agent, tool: 'Bash', signature: 's', isPoll: false })
    meet(c, c.seconds + 0.3, end)
    assert.equal(machineTurns(c), 0)
  })

  test('tells a lap from a new turn where the client does not say which it is', () => {
    const laps = course(FEW)
    stop(laps)
    work(laps)
    stop(laps)
    assert.equal(machineTurns(laps), 1)
    prompt(laps, 'person')
    stop(laps)
    assert.equal(machineTurns(laps), 0)
  })

  test('counts a turn that goes on after its end without a prompt, as for a message of a teammate', () => {
    const c = course(FEW)
    for (const _ of times(3, Number)) {
      stop(c, false)
      work(c)
      work(c)
    }
    assert.equal(machineTurns(c), 3)
    stop(c, false)
    stop(c, false, 'answered in text')
    assert.equal(machineTurns(c), 4)
  })

  test('counts a turn that a hook keeps going where nobody tells of prompts', () => {
    const c = course(FEW)
    const { session } = c
    const hears = { ...session.lasting.hears, prompts: false }
    c.session = { ...session, lasting: { ...session.lasting, hears } }
    stop(c, false)
    for (const _ of times(2, Number)) lap(c)
    assert.equal(machineTurns(c), 2)
  })

  test('concludes nothing from ends of turns alone where nobody tells of prompts', () => {
    const c = course(FEW)
    const { session } = c
    const { prompts: _, ...hears } = session.lasting.hears
    c.session = { ...session, lasting: { ...session.lasting, hears: { ...hears, prompts: false } } }
    for (const _ of times(9, Number)) {
      stop(c)
      work(c)
    }
    assert.equal(machineTurns(c), 0)
  })

  test('begins no lap with the first turn after a session is resumed', () => {
    const c = course(FEW)
    stop(c)
    meet(c, c.seconds, { type: 'session_start', agent: MAIN })
    work(c)
    stop(c)
    assert.equal(machineTurns(c), 0)
  })

  test('counts no ends of subagents', () => {
    const c = course(FEW)
    for (const agent of ['a1', 'a2', 'a3', 'a4', 'a5'])
      assert.equal(
        meet(c, c.seconds, { type: 'turn_end', agent: { id: agent, type: '' }, isContinued: true }).kind,
        'allow',
      )
    assert.equal(machineTurns(c), 0)
  })

  test('reads what another version may have remembered as nothing', () => {
    const c = course(FEW)
    const { session } = c
    const memory = { unattended: { epoch: -1, turns: 'many' } }
    c.session = { ...session, lasting: { ...session.lasting, memory } }
    assert.equal(machineTurns(c), 0)
    assert.equal(work(c).kind, 'allow')
  })

  test('shows its three figures of any call', () => {
    const c = course(FEW)
    const event = { type: 'call', agent: MAIN, tool: 'Bash', signature: 's', isPoll: false } as const
    const found = judge(stateOf(c), event, c.policy, START).filter(({ rule }) => rule === 'unattended')
    assert.deepEqual(
      found.map(({ of, count, warnAt, blockAt }) => [of, count, warnAt, blockAt]),
      [
        ['turns', 0, 2, 4],
        ['stalled turns', 0, 0, 0],
        ['calls', 1, 0, 0],
      ],
    )
  })
})
