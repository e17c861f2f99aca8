/** The same hook registered twice asks of each call twice and tells of each round twice; the clock may step between. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide } from '../../src/guard/decide.ts'
import { DEFAULT_POLICY } from '../../src/guard/policy.ts'
import { times } from '../support/processes.ts'
import { type Message, type Other, play, scene } from '../support/rounds.ts'
import { call, limits, MAIN, meet, results, START, session, stateOf } from '../support/table.ts'

/** Seconds after the first time, and whether it is then the same again. */
type Again = readonly [seconds: number, isSame: boolean]

function name([seconds, isSame]: Again): string {
  const when = seconds < 0 ? `${-seconds} s before, by a clock that was put back,` : `${seconds} s later`
  return `${when} is ${isSame ? 'the same' : 'a new one'}`
}

describe('a call that is asked about again', () => {
  const rows: readonly Again[] = [
    [0, true],
    [9.999, true],
    [10, false],
    [11, false],
    [-9.999, true],
    [-10, false],
    [-3600, false],
  ]
  for (const row of rows) {
    test(name(row), () => {
      const s = session(limits(1, 0))
      assert.equal(meet(s, 100, call('ls', 'a')).kind, 'warn')
      const again = decide(stateOf(s), call('ls', 'a'), s.policy, START + (100 + row[0]) * 1000)
      assert.deepEqual(
        [again.verdict.kind, again.tally.calls],
        row[1] ? ['warn', 0] : ['allow', 1],
        'a new call is counted, and the warning is spoken no second time',
      )
    })
  }

  test('is the same after 63 other calls, and a new one after 64', () => {
    for (const [others, expected] of [
      [63, 'warn'],
      [64, 'allow'],
    ] as const) {
      const s = session(limits(1, 0))
      meet(s, 0, call('first', 'first'))
      for (let i = 0; i < others; i += 1) meet(s, 0, call(`${i}`, `${i}`))
      assert.equal(meet(s, 0, call('first', 'first')).kind, expected, `${others}`)
    }
  })

  test('is a new one once its own result was told, not that of another call', () => {
    const s = session(limits(1, 0))
    assert.equal(meet(s, 0, call('a', 'a')).kind, 'warn')
    assert.equal(meet(s, 0, call('b', 'b')).kind, 'allow')
    meet(s, 1, results('b'))
    assert.equal(meet(s, 2, call('a', 'a')).kind, 'warn')
    meet(s, 3, results('a', 'b'))
    assert.equal(meet(s, 4, call('a', 'a')).kind, 'allow')
  })

  test('is known by its id and by what it is, not by one of them', () => {
    const s = session(limits(1, 0))
    assert.equal(meet(s, 0, call('a', 'a')).kind, 'warn')
    assert.equal(meet(s, 0, call('a', 'b')).kind, 'allow', 'the same call with another id')
    assert.equal(meet(s, 0, call('b', 'a')).kind, 'allow', 'another call with the same id')
    assert.equal(meet(s, 0, call('a')).kind, 'allow', 'the same call without an id')
    assert.equal(meet(s, 0, call('a', 'a')).kind, 'warn', 'the first one is still known')
  })

  test('is a new one after the session has ended', () => {
    const s = session(limits(1, 0))
    meet(s, 0, call('a', 'a'))
    meet(s, 0, { type: 'session_end', agent: MAIN })
    assert.equal(decide(stateOf(s), call('a', 'a'), s.policy, START).tally.calls, 1)
  })
})

describe('a round of calls that nobody was asked about, told again', () => {
  const rows: readonly Again[] = [
    [0, true],
    [1.999, true],
    [2, false],
    [-1.999, true],
    [-2, false],
  ]
  for (const row of rows) {
    test(`${name(row)} in the loop that it makes`, () => {
      const [after, isSame] = row
      play({}, [
        [100, 'main', '+Nope:x', 'error', '=> allow'],
        [100 + after, 'main', 'again', 'allow'],
        ...times(2, (i): Message => [103 + i, 'main', '+Nope:x', 'error', '=> allow']),
        [105, 'main', '+Nope:x', 'error', isSame ? '=> allow' : '=> halt:session'],
        ...(isSame ? [[106, 'main', '+Nope:x', 'error', '=> halt:session'] as const] : []),
      ])
    })
  }

  test('is the same long after, as long as its calls are in the history', () => {
    const s = session(DEFAULT_POLICY)
    meet(s, 0, { type: 'prompt', agent: MAIN, by: 'person' })
    const calls = [{ id: 'a', tool: 'Nope', signature: 'a', isPoll: false, result: 'r' }]
    const event = { type: 'results', agent: MAIN, calls, endsRound: true } as const
    const unasked = [1, 3600].map((seconds) => {
      const outcome = decide(stateOf(s), event, s.policy, START + seconds * 1000)
      s.session = outcome.session
      s.agents.set('main', outcome.agent)
      return outcome.unasked.length
    })
    assert.deepEqual(unasked, [1, 0])
  })

  const later: readonly Again[] = [
    [0, true],
    [9.999, true],
    [10, false],
    [-9.999, true],
    [-10, false],
  ]
  for (const row of later) {
    test(`${name(row)} among the calls that ran unasked, once a prompt has voided what is known of them`, () => {
      const s = session(DEFAULT_POLICY)
      const prompt = { type: 'prompt', agent: MAIN, by: 'person' } as const
      meet(s, 0, prompt)
      const calls = ['a', 'b'].map((id) => ({ id, tool: 'Nope', signature: id, isPoll: false, result: 'r' }))
      const event = { type: 'results', agent: MAIN, calls, endsRound: true } as const
      meet(s, 100, event)
      meet(s, 100, prompt)
      const again = decide(stateOf(s), event, s.policy, START + (100 + row[0]) * 1000)
      assert.deepEqual(again.unasked, row[1] ? [] : ['Nope', 'Nope'])
    })
  }
})

describe('a round that was blocked, told again', () => {
  const LOOPED: readonly (Message | Other)[] = times(5, (i) => {
    const verdict = i === 3 ? 'warn:repeat' : 'allow'
    return [i, 'main', 'ls', 'same', `${verdict} => allow`]
  })

  test('counts once towards a halt', () => {
    play({}, [
      ...LOOPED,
      [5, 'main', 'ls', 'no', 'block:repeat => allow'],
      [5, 'main', 'again', 'allow'],
      [6, 'main', 'ls', 'no', 'block:repeat => allow'],
      [6.5, 'main', 'again', 'allow'],
      [7, 'main', 'ls', 'no', 'block:repeat => halt:session'],
      [7, 'main', 'again', 'halt:session'],
    ])
  })

  test('does not begin the count of rounds anew', () => {
    play({}, [
      ...LOOPED,
      [5, 'main', 'ls', 'no', 'block:repeat => allow'],
      [6, 'main', 'ls', 'no', 'block:repeat => allow'],
      [6, 'main', 'again', 'allow'],
      [7, 'main', 'ls', 'no', 'block:repeat => halt:session'],
    ])
  })

  test('is not the one that a gateway gives the same ids while another is open', () => {
    const s = scene({ rate: { warnPerMin: 0, blockPerMin: 1 } })
    const calls = [{ id: 'a', tool: 'Bash', signature: 'a', isPoll: false, result: 'no' }]
    const event = { type: 'results', agent: MAIN, calls, endsRound: true } as const
    const ends = times(3, (i) => {
      meet(s, i / 10, call('a', 'a'))
      return meet(s, i / 10, event).kind
    })
    assert.deepEqual(ends, ['allow', 'allow', 'halt'])
  })
})

describe('results', () => {
  test('of a round without ids end it all the same', () => {
    const s = scene({ rate: { warnPerMin: 0, blockPerMin: 1 } })
    const calls = [{ tool: 'Bash', signature: 'a', isPoll: false, result: 'no' }]
    const ends = times(3, (i) => {
      meet(s, i, call('a'))
      return meet(s, i, { type: 'results', agent: MAIN, calls, endsRound: true }).kind
    })
    assert.deepEqual(ends, ['allow', 'allow', 'halt'])
  })

  test('of calls without ids are not known, so that such calls are warned of and never blocked', () => {
    const s = scene()
    const kinds = times(20, (i) => {
      const verdict = meet(s, 20 * i, call('a')).kind
      const calls = [{ tool: 'Bash', signature: 'a', isPoll: false, result: 'same' }]
      assert.equal(meet(s, 20 * i, { type: 'results', agent: MAIN, calls, endsRound: true }).kind, 'allow')
      return verdict
    })
    assert.deepEqual(new Set(kinds), new Set(['allow', 'warn']))
  })

  test('told of one by one never end a round, nor make calls known that nobody was asked about', () => {
    const s = scene()
    for (let i = 0; i < 9; i += 1) {
      const calls = [{ id: `${i}`, tool: 'Nope', signature: 'x', isPoll: false, result: 'error' }]
      assert.equal(meet(s, i, { type: 'results', agent: MAIN, calls, endsRound: false }).kind, 'allow')
    }
    assert.equal(meet(s, 9, call('x', 'x')).kind, 'allow')
  })
})
