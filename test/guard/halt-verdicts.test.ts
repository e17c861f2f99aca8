/** What a halt says, what is counted of it, and what the next call would meet. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, outlook } from '../../src/guard/decide.ts'
import { halted, LOOPED, looped, play, playOn, scene } from '../support/rounds.ts'
import { call, MAIN, meet, START, stateOf } from '../support/table.ts'

describe('what a halt says', () => {
  test('is the figure of the rule that blocked, whose it is, and how many calls it has blocked since', () => {
    const p = play({}, [...looped('one'), ...halted('one', 5, 'agent')])
    const next = () => meet(p.s, 8, { ...call('pwd', 'id'), agent: { id: 'one', type: '' } })
    const halt = { kind: 'halt', rule: 'repeat', count: 5, limit: 5, scope: 'agent' }
    assert.deepEqual(next(), { ...halt, nth: 1 })
    assert.deepEqual(next(), { ...halt, nth: 1 }, 'the same call, asked about twice')
    const another = meet(p.s, 9, { ...call('pwd', 'id 2'), agent: { id: 'one', type: '' } })
    assert.deepEqual(another, { ...halt, nth: 2 })
  })

  test('names the tool that has limits of its own', () => {
    const p = play({ tools: { 'mcp__*': { blockPerMin: 1 } }, halt: { afterDeniedRounds: 1 } }, [
      [0, 'main', 'mcp__a:x', 'blocked', 'block:tools => halt:session'],
    ])
    const halt = { kind: 'halt', rule: 'tools', count: 1, limit: 1, of: 'mcp__*', scope: 'session' }
    assert.deepEqual(meet(p.s, 1, call('pwd', 'a')), { ...halt, nth: 1 })
    assert.deepEqual(outlook(p.s.session, p.s.policy, START), { ...halt, nth: 1 })
  })

  test('is counted for the session and for an agent that is halted alone apart', () => {
    const p = play({}, [...looped('one'), ...halted('one', 5, 'agent')])
    playOn(p, [[8, 'one', 'pwd', 'blocked', 'halt:agent => halt:agent']])
    playOn(p, [...looped('main', 10), ...halted('main', 15, 'session')])
    const verdict = meet(p.s, 20, { ...call('pwd', 'id'), agent: { id: 'one', type: '' } })
    assert.deepEqual(verdict.kind === 'halt' && [verdict.scope, verdict.nth], ['session', 1])
  })

  test('is that of the loop where one message was blocked both for a loop and over a rate, in either order', () => {
    const settings = { tools: { Grep: { blockPerMin: 1 } }, halt: { afterDeniedRounds: 1 } }
    for (const [calls, verdicts] of [
      ['ls Grep:x', 'block:repeat block:tools'],
      ['Grep:x ls', 'block:tools block:repeat'],
    ] as const) {
      const p = play(settings, [...LOOPED, [5, 'main', calls, 'no no', `${verdicts} => halt:session`]])
      const verdict = meet(p.s, 6, call('pwd'))
      assert.equal(verdict.kind === 'halt' && verdict.rule, 'repeat', calls)
    }
  })

  test('is that of the last call where one message was blocked by two rates', () => {
    const limit = { blockPerMin: 1 }
    const p = play({ tools: { Grep: limit, Read: limit }, halt: { afterDeniedRounds: 1 } }, [
      [5, 'main', 'Grep:x Read:x', 'no no', 'block:tools block:tools => halt:session'],
    ])
    const verdict = meet(p.s, 6, call('pwd'))
    assert.equal(verdict.kind === 'halt' && verdict.of, 'Read')
  })
})

describe('what an event adds to the counters', () => {
  const NONE = { calls: 0, warned: 0, blocked: 0, halted: 0 }
  const settings = { rate: { warnPerMin: 1, blockPerMin: 2 }, halt: { afterDeniedRounds: 1 } }
  const ended = (id: string) => {
    const calls = [{ id, tool: 'Bash', signature: id, isPoll: false, result: 'r' }]
    return { type: 'results', agent: MAIN, calls, endsRound: true } as const
  }
  const rows = [
    ['a call that is warned of', call('a', 'a'), { ...NONE, calls: 1, warned: 1 }],
    ['the same call, asked about twice', call('a', 'a'), NONE],
    ['the end of its round', ended('a'), NONE],
    ['a call that is blocked', call('b', 'b'), { ...NONE, calls: 1, blocked: 1 }],
    ['the end of a round that halts', ended('b'), { ...NONE, halted: 1 }],
    ['the same end, told again', ended('b'), NONE],
    ['a call that is blocked by the halt', call('c', 'c'), { ...NONE, calls: 1, blocked: 1 }],
    ['the end of its round', ended('c'), NONE],
    ['a prompt of a machine', { type: 'prompt', agent: MAIN, by: 'machine' }, NONE],
    ['a prompt of a person', { type: 'prompt', agent: MAIN, by: 'person' }, NONE],
    ['the start of the client', { type: 'session_start', agent: MAIN }, NONE],
    ['the end of the session', { type: 'session_end', agent: MAIN }, NONE],
  ] as const
  test('is one call, and what became of it', () => {
    const s = scene(settings)
    for (const [name, event, tally] of rows) {
      const outcome = decide(stateOf(s), event, s.policy, START)
      s.session = outcome.session
      s.agents.set('main', outcome.agent)
      assert.deepEqual([outcome.tally, outcome.unasked], [tally, []], name)
    }
  })
})

describe('what the next call would meet', () => {
  test('is a halt of the session, but not that of one agent alone', () => {
    const one = play({}, [...looped('one'), ...halted('one', 5, 'agent')])
    assert.equal(outlook(one.s.session, one.s.policy, START).kind, 'allow')
    const main = play({}, [...LOOPED, ...halted('main', 5, 'session')])
    assert.deepEqual(outlook(main.s.session, main.s.policy, START), {
      ...{ kind: 'halt', rule: 'repeat', count: 5, limit: 5, scope: 'session', nth: 0 },
    })
  })

  test('is judged by the window as it is then', () => {
    const s = scene({ rate: { warnPerMin: 0, blockPerMin: 2 } })
    meet(s, 0, call('a', 'a'))
    const at = (seconds: number) => outlook(s.session, s.policy, START + seconds * 1000)
    assert.deepEqual(at(0), { kind: 'block', rule: 'rate', count: 2, limit: 2, retryAfterMs: 59_600 })
    assert.deepEqual([at(59.599).kind, at(59.6).kind], ['block', 'allow'])
  })
})
