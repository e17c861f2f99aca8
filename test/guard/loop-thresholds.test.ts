/** Each threshold of the repeat rule with its neighbours: one below, and at it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { times } from '../support/processes.ts'
import { begun, type Made, round, rounds } from '../support/rounds.ts'

const LS: Made = { call: 'ls', result: 'same' }
const TASKS: Made = { call: 'tasks', result: 'running', poll: true }
const other = (i: number): Made => ({ call: `other ${i}`, result: 'x' })

/** `made` so many times, with all these others after all but the last; then what one more of it meets. */
function next(made: Made, count: number, others: number, warn = false): string {
  const s = begun({ repeat: { warn }, halt: { afterDeniedRounds: 0 } })
  for (let i = 0; i < count; i += 1) {
    round(s, [made])
    if (i < count - 1) for (let o = 0; o < others; o += 1) round(s, [other(o)])
  }
  return round(s, [made]).calls[0] ?? ''
}

describe('a call is blocked as a loop', () => {
  for (const [made, count, others, expected] of [
    [LS, 4, 0, 'allow'],
    [LS, 5, 0, 'block'],
    [LS, 5, 2, 'block'],
    [LS, 5, 3, 'allow'],
    [LS, 7, 3, 'allow'],
    [LS, 8, 3, 'block'],
    [LS, 7, 6, 'allow'],
    [LS, 8, 6, 'block'],
    [LS, 8, 7, 'allow'],
    [LS, 30, 7, 'allow'],
    [TASKS, 5, 0, 'allow'],
    [TASKS, 7, 0, 'allow'],
    [TASKS, 8, 0, 'block'],
    [TASKS, 8, 6, 'block'],
    [TASKS, 8, 7, 'allow'],
  ] as const) {
    const what = made.poll ? 'a poll' : 'a call'
    test(`${what} that came ${count} times with ${others} others between: ${expected}`, () => {
      assert.equal(next(made, count, others), expected)
    })
  }

  test('whose others came after its last time too', () => {
    for (const [others, expected] of [
      [2, 'block'],
      [3, 'allow'],
    ] as const) {
      const s = begun({ repeat: { warn: false } })
      rounds(s, 5, LS)
      rounds(s, others, other)
      assert.equal(round(s, [LS]).calls[0], expected, `${others}`)
    }
  })

  test('by its last five results alone, however many others came before them', () => {
    const s = begun({ repeat: { warn: false } })
    for (let i = 0; i < 4; i += 1) {
      round(s, [LS])
      rounds(s, 3, (o) => other(10 * i + o))
    }
    assert.deepEqual(rounds(s, 6, LS), [...new Array(5).fill('allow'), 'block'])
  })

  test('unless one of the last five results differs, be it the first of them or the last', () => {
    for (const different of [0, 2, 4]) {
      const s = begun({ repeat: { warn: false } })
      const kinds = rounds(s, 6, (i) => ({ call: 'ls', result: i === different ? 'different' : 'same' }))
      assert.equal(kinds[5], 'allow', `${different}`)
    }
  })

  test('by the result that came most often, when five of its results were that one', () => {
    for (const [flips, expected] of [
      [4, 'allow'],
      [5, 'block'],
    ] as const) {
      const s = begun({ repeat: { warn: false } })
      for (let i = 0; i < flips; i += 1) {
        round(s, [{ call: 'lint', result: 'usual' }])
        if (i % 3 === 2) round(s, [{ call: 'lint', result: `rare ${i}` }])
      }
      assert.equal(round(s, [{ call: 'lint', result: 'x' }]).calls[0], expected, `${flips}`)
    }
  })

  test('and the figure is how often that result came, since it came first', () => {
    const s = begun({ repeat: { warn: false } })
    round(s, [{ call: 'ls', result: 'before' }])
    rounds(s, 5, LS)
    rounds(s, 2, other)
    const { verdicts } = round(s, [LS])
    const figure = { kind: 'block', rule: 'repeat', count: 5, limit: 5, nth: 1 }
    assert.deepEqual(verdicts, [{ ...figure, sinceMs: 42_000 }])
    const { verdicts: polls } = round(pollingScene(), [TASKS])
    assert.deepEqual(polls, [{ ...figure, count: 8, limit: 8, sinceMs: 48_000 }])
  })

  test('at 0 ms where the clock was put back since', () => {
    const s = begun({ repeat: { warn: false } })
    rounds(s, 5, LS)
    s.seconds -= 1000
    const [verdict] = round(s, [LS]).verdicts
    assert.equal(verdict?.kind === 'block' && verdict.sinceMs, 0)
  })
})

function pollingScene() {
  const s = begun({ repeat: { warn: false } })
  rounds(s, 8, TASKS)
  return s
}

describe('a call is warned of as a loop', () => {
  test('at the fourth with at most two others among them', () => {
    for (const [count, others, expected] of [
      [2, 0, 'allow'],
      [3, 0, 'warn'],
      [3, 2, 'warn'],
      [3, 3, 'allow'],
    ] as const) {
      assert.equal(next(LS, count, others, true), expected, `${count} times with ${others} others`)
    }
  })

  test('unless it polls: then at the seventh', () => {
    const kinds = rounds(begun(), 7, TASKS)
    assert.deepEqual(kinds, [...new Array(6).fill('allow'), 'warn'])
  })

  test('at the seventh with at most four others among them', () => {
    for (const [count, others, expected] of [
      [5, 4, 'allow'],
      [6, 4, 'warn'],
      [6, 5, 'allow'],
    ] as const) {
      assert.equal(next(LS, count, others, true), expected, `${count} times with ${others} others`)
    }
  })

  test('at the fourth of a pair that takes turns, and not when one of them has another result', () => {
    const turns = (change: number) =>
      rounds(begun(), 7, (i) => ({ call: i % 2 ? 'b' : 'a', result: i === change ? 'different' : 'same' }))
    assert.equal(turns(-1)[6], 'warn')
    for (const change of [2, 4]) assert.ok(!turns(change).includes('warn'), `${change}`)
  })

  test('and says how often, its limit, and where it will be blocked', () => {
    const warned = (made: readonly Made[], settings = {}) => {
      const s = begun(settings)
      return made.flatMap((one) => round(s, [one]).verdicts).filter(({ kind }) => kind === 'warn')
    }
    const warn = { kind: 'warn', rule: 'repeat' }
    assert.deepEqual(warned(times(4, () => LS)), [{ ...warn, count: 4, limit: 4, blockLimit: 5 }])
    assert.deepEqual(warned(times(7, () => TASKS)), [{ ...warn, count: 7, limit: 7, blockLimit: 8 }])
    assert.deepEqual(
      warned(
        times(7, (i) => ({ call: i % 2 ? 'b' : 'a', result: 'same' })),
        { repeat: { block: false } },
      ),
      [{ ...warn, count: 4, limit: 4, blockLimit: 0 }],
    )
  })

  test('counted from its last change: a different result begins the row anew', () => {
    const kinds = rounds(begun(), 7, (i) => ({ call: 'make', result: i < 2 ? 'red' : 'green' }))
    assert.deepEqual(kinds, ['allow', 'allow', 'allow', 'allow', 'allow', 'warn', 'allow'])
  })

  test('once, and again only when it has left the last 56 calls', () => {
    for (const [others, expected] of [
      [52, false],
      [56, true],
    ] as const) {
      const s = begun({ repeat: { block: false } })
      rounds(s, 4, LS)
      rounds(s, others, (i) => ({ call: `${i}`, result: `${i}` }))
      assert.equal(rounds(s, 4, LS).includes('warn'), expected, `${others}`)
    }
  })

  test('each by itself', () => {
    const s = begun({ repeat: { block: false } })
    const pair = [LS, { call: 'pwd', result: '/' }] as const
    const warned = times(3, () =>
      pair.map((one) => rounds(s, 5, one).filter((kind) => kind === 'warn').length),
    )
    assert.deepEqual(warned[0], [1, 1])
    assert.deepEqual(warned.slice(1).flat(), [0, 0, 0, 0], 'both are remembered')
  })
})
