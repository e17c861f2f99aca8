import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReturnedCall } from '../../src/guard/event.ts'
import { MAX_HISTORY } from '../../src/guard/history.ts'
import { DEFAULT_POLICY } from '../../src/guard/policy.ts'
import { begun, prompt, round, rounds, scene } from '../support/rounds.ts'
import { call, MAIN, meet, session, stateOf } from '../support/table.ts'

const LS = { call: 'ls', result: 'a b' }

describe('the repeat rule', () => {
  test('warns at the fourth identical call and blocks the one after five equal results', () => {
    assert.deepEqual(rounds(begun(), 7, LS), ['allow', 'allow', 'allow', 'warn', 'allow', 'block', 'block'])
  })

  test('names how often and for how long, and the limit', () => {
    const s = begun()
    rounds(s, 5, LS)
    const { verdicts } = round(s, [LS])
    assert.deepEqual(verdicts, [
      { kind: 'block', rule: 'repeat', count: 5, limit: 5, sinceMs: 30_000, nth: 1 },
    ])
  })

  test('keeps a denied call denied until something else happens', () => {
    const s = begun({ halt: { afterDeniedRounds: 0 } })
    rounds(s, 5, LS)
    assert.deepEqual(rounds(s, 9, LS), new Array(9).fill('block'))
    rounds(s, 3, (i) => ({ call: `something else ${i}`, result: 'x' }))
    assert.deepEqual(rounds(s, 1, LS), ['allow'])
  })

  test('lets every other call through meanwhile', () => {
    const s = begun()
    rounds(s, 5, LS)
    assert.deepEqual(round(s, [LS, { call: 'pwd', result: '/' }]).calls, ['block', 'allow'])
  })

  test('takes the same build every half minute, with a different result each time, for no loop', () => {
    const kinds = rounds(begun(), 30, (i) => ({ call: 'make', result: `${30 - i} errors` }), 'main', 30)
    assert.deepEqual(new Set(kinds), new Set(['allow']))
  })

  test('takes polling for no loop while what it asks about changes, and for one when nothing ever does', () => {
    const poll = (i: number) => ({
      call: 'tasks',
      tool: 'TaskOutput',
      poll: true,
      wait: true as const,
      result: `${i}`,
    })
    assert.deepEqual(new Set(rounds(begun(), 40, poll)), new Set(['allow']))
    const stuck = rounds(begun(), 9, () => ({ ...poll(0) }))
    assert.equal(stuck.indexOf('block'), 8)
  })

  test('takes two alternating calls with the same results for one loop', () => {
    const kinds = rounds(begun(), 12, (i) => ({ call: i % 2 ? 'glob a' : 'glob b', result: 'none' }))
    assert.equal(kinds.indexOf('warn'), 6, kinds.join())
    assert.equal(kinds.indexOf('block'), 10, kinds.join())
  })

  test('takes the same silent check after each different, successful edit for no loop', () => {
    const kinds = rounds(begun(), 60, (i) =>
      i % 2 ? { call: 'tsc', result: '' } : { call: `edit ${i}`, tool: 'Edit', result: `edited ${i}` },
    )
    assert.deepEqual(new Set(kinds), new Set(['allow']))
  })

  for (const period of [3, 4, 5, 6, 7]) {
    test(`takes a cycle of ${period} calls with the same results for a loop when it comes round the eighth time`, () => {
      const kinds = rounds(begun(), 10 * period, (i) => ({
        call: `part ${i % period}`,
        result: `${i % period}`,
      }))
      const first = kinds.indexOf('block')
      assert.ok(first > 0 && first <= 8 * period, `${first}`)
    })
  }

  test('takes a call that flips between two results for a loop', () => {
    const kinds = rounds(begun(), 30, (i) => ({ call: 'lint', result: i % 2 ? 'a' : 'b' }))
    assert.ok(kinds.includes('block'), kinds.join())
  })

  test('takes a failing build for a loop, whatever little is tried between', () => {
    const kinds = rounds(begun(), 20, (i) =>
      i % 3 === 2 ? { call: 'cat log', result: 'same' } : { call: 'make', result: 'error' },
    )
    assert.ok(kinds.indexOf('block') > 0 && kinds.indexOf('block') <= 8, kinds.join())
  })

  test('never takes a result that is missing for one that is equal', () => {
    const s = begun()
    const kinds = rounds(s, 20, { call: 'ls' }, 'main', 20)
    assert.ok(!kinds.includes('block'), 'it only warns')
    assert.ok(kinds.includes('warn'))
  })

  test('takes the first of two results of one call, and one that comes late or out of order', () => {
    const s = session(DEFAULT_POLICY)
    const tell = (id: string, result: string) => {
      const returned: ReturnedCall = { id, tool: 'Bash', signature: 'ls', isPoll: false, result }
      meet(s, 9, { type: 'results', agent: MAIN, calls: [returned], endsRound: false })
    }
    for (const id of ['a', 'b', 'c', 'd', 'e']) meet(s, 1, call('ls', id))
    assert.notEqual(meet(s, 2, call('ls', 'f')).kind, 'block', 'five without a result')
    for (const id of ['e', 'b', 'f', 'd']) tell(id, 'same')
    tell('b', 'another')
    assert.notEqual(meet(s, 3, call('ls', 'g')).kind, 'block', 'four equal results are known')
    tell('c', 'same')
    assert.equal(meet(s, 4, call('ls', 'h')).kind, 'block', 'five are, and that of one call is still to come')
  })

  test('forgets what was before a prompt of a person, and not what was before one of a machine', () => {
    const s = begun()
    rounds(s, 5, LS)
    prompt(s, 'machine')
    assert.deepEqual(rounds(s, 1, LS), ['block'])
    prompt(s)
    assert.deepEqual(rounds(s, 5, LS), ['allow', 'allow', 'allow', 'warn', 'allow'])
  })

  test('forgets what its agent did before a scheduled prompt, so that 160 such turns with one answer are no loop', () => {
    const s = begun()
    for (let turn = 0; turn < 160; turn += 1) {
      prompt(s, 'schedule')
      assert.deepEqual(rounds(s, 2, LS), ['allow', 'allow'], `turn ${turn}`)
    }
    rounds(s, 5, LS, 'one')
    prompt(s, 'schedule')
    assert.deepEqual(rounds(s, 1, LS, 'one'), ['block'], 'what a subagent does is not what was scheduled')
  })

  test('still finds a loop within one scheduled turn', () => {
    const s = begun()
    prompt(s, 'schedule')
    assert.deepEqual(rounds(s, 6, LS), ['allow', 'allow', 'allow', 'warn', 'allow', 'block'])
  })

  test('speaks once of each call that is repeated', () => {
    const s = begun({ repeat: { block: false } })
    const kinds = rounds(s, 30, LS)
    assert.deepEqual(kinds.filter((kind) => kind === 'warn').length, 1)
  })

  test('can be switched off, and its warning alone', () => {
    assert.deepEqual(
      new Set(rounds(begun({ repeat: { warn: false, block: false } }), 30, LS)),
      new Set(['allow']),
    )
    assert.equal(rounds(begun({ repeat: { warn: false } }), 6, LS).at(-1), 'block')
  })

  test('looks at each agent by itself', () => {
    const s = begun()
    for (let i = 0; i < 5; i += 1) {
      assert.deepEqual(rounds(s, 1, LS, 'one'), rounds(s, 1, LS, 'two'))
    }
    assert.deepEqual([rounds(s, 1, LS, 'one'), rounds(s, 1, LS, 'three')], [['block'], ['allow']])
  })

  test('keeps a history of at most 56 calls, however many there were', () => {
    const s = scene()
    rounds(s, 1000, (i) => ({ call: `${i}`, result: `${i}` }))
    const { agent } = stateOf(s)
    assert.equal(agent.history.length, MAX_HISTORY)
    assert.ok(JSON.stringify(agent).length < 8000)
  })
})

describe('a call that nobody was asked about', () => {
  const INVALID = { call: 'Write {}', result: 'InputValidationError', unasked: true }

  test('ends the turn when it comes back the same for the fifth time', () => {
    const ends = rounds(begun(), 5, INVALID)
    assert.deepEqual(ends, [...new Array(4).fill('unasked'), 'unasked, halt'])
  })

  test('is no loop with other results, or among other calls', () => {
    const s = begun()
    rounds(s, 10, (i) => ({ ...INVALID, result: `line ${i}` }))
    rounds(s, 20, (i) => (i % 4 ? { call: `${i}`, result: `${i}` } : INVALID))
    assert.equal(round(s, [INVALID]).end.kind, 'allow')
  })

  test('is told of twice by a hook that is registered twice, and counts once', () => {
    const s = begun()
    const event = (id: string) =>
      ({
        type: 'results',
        agent: MAIN,
        calls: [{ id, tool: 'Nope', signature: 'nope', isPoll: false, result: 'no such tool' }],
        endsRound: true,
      }) as const
    for (const id of ['a', 'b', 'c', 'd']) {
      assert.equal(meet(s, 1, event(id)).kind, 'allow')
      assert.equal(meet(s, 1, event(id)).kind, 'allow')
    }
    assert.equal(meet(s, 1, event('e')).kind, 'halt')
    assert.equal(meet(s, 1, event('e')).kind, 'halt')
  })
})
