/** What the repeat rule finds of a call: the figures that `explain` shows, whatever it says of them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CallEvent } from '../../src/guard/event.ts'
import { judge } from '../../src/guard/judge.ts'
import { begun, type Made, round } from '../support/rounds.ts'
import { MAIN, START, stateOf } from '../support/table.ts'

const LS: Made = { call: 'ls' }
const TASKS: Made = { call: 'tasks', poll: true }

describe('the figures of a call that may be a loop', () => {
  const found = (results: string, made = LS, settings = {}) => {
    const s = begun({ halt: { afterDeniedRounds: 0 }, ...settings })
    for (const result of results) round(s, [result === '-' ? made : { ...made, result }])
    const call: CallEvent = {
      ...{ type: 'call', agent: MAIN, tool: 'Bash', signature: `main Bash ${made.call}` },
      isPoll: made === TASKS,
    }
    const finding = judge(stateOf(s), call, s.policy, START).find(({ rule }) => rule === 'repeat')
    assert.ok(finding)
    const { rule, count, warnAt, blockAt, lifts } = finding
    assert.equal(rule, 'repeat')
    return [count, warnAt, blockAt, lifts]
  }

  for (const [results, count] of [
    ['', 0],
    ['a', 1],
    ['aa', 2],
    ['aab', 1],
    ['abb', 2],
    ['baaa', 3],
    ['aaba', 1],
    ['aa-', 2],
    ['a-a', 2],
    ['-', 0],
  ] as const) {
    test(`are how often in a row it has brought its last result: ${count} after "${results}"`, () => {
      assert.equal(found(results)[0], count)
    })
  }

  test('are held against these limits, and lift after so many others', () => {
    assert.deepEqual(found('a'), [1, 3, 5, 'after 3 different other calls'])
    assert.deepEqual(found('a', TASKS), [1, 0, 8, 'after 7 different other calls'])
    assert.deepEqual(found('a', LS, { repeat: { warn: false } }).slice(1, 3), [0, 5])
    assert.deepEqual(found('a', LS, { repeat: { block: false } }).slice(1, 3), [3, 0])
  })
})
