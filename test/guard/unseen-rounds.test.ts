/** Clients that tell of calls, and perhaps of prompts and single results, but never of the end of a round. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Settings } from '../../src/guard/policy.ts'
import { times } from '../support/processes.ts'
import { scene } from '../support/rounds.ts'
import { call, MAIN, meet } from '../support/table.ts'

/** One call a minute runs, and every other is blocked until that minute is over. */
const ONE_A_MINUTE: Settings = { rate: { warnPerMin: 0, blockPerMin: 2 } }
const NEVER: Settings = { rate: { warnPerMin: 0, blockPerMin: 1 } }

describe('in a session whose rounds nobody tells of', () => {
  const blocked = (s: ReturnType<typeof scene>, i: number, seconds = 1) =>
    meet(s, seconds, call(`${i}`, `${i}`))

  test('the tenth blocked call in a row ends the turn, and each after it, until one runs', () => {
    const s = scene(ONE_A_MINUTE)
    meet(s, 0, call('first', 'first'))
    const ends = times(11, (i) => blocked(s, i))
    const plain = { kind: 'block', rule: 'rate', count: 2, limit: 2, retryAfterMs: 58_600 }
    assert.deepEqual(
      ends,
      times(11, (i) => ({ ...plain, nth: i + 1, ...(i < 9 ? {} : { endsTurn: true }) })),
    )
    assert.equal(meet(s, 60, call('runs', 'runs')).kind, 'allow')
    assert.deepEqual(blocked(s, 99, 60), { ...plain, retryAfterMs: 59_600, nth: 1 })
  })

  test('no turn is ended where afterDeniedRounds is 0', () => {
    const s = scene({ ...NEVER, halt: { afterDeniedRounds: 0 } })
    for (const [i, verdict] of times(70, (i) => blocked(s, i)).entries()) {
      assert.deepEqual(verdict, { kind: 'block', rule: 'rate', count: 1, limit: 1, nth: i + 1 })
    }
  })

  test('but which has told of a prompt, the sixtieth blocked call in a row halts', () => {
    const s = scene(NEVER)
    meet(s, 0, { type: 'prompt', agent: MAIN, by: 'machine' })
    const kinds = times(61, (i) => blocked(s, i)).map(({ kind }) => kind)
    assert.deepEqual(kinds, [...new Array(59).fill('block'), 'halt', 'halt'])
  })

  test('but which has told of a prompt and of single results, the tenth blocked call in a row halts', () => {
    const s = scene(NEVER)
    meet(s, 0, { type: 'prompt', agent: MAIN, by: 'person' })
    meet(s, 0, { type: 'results', agent: MAIN, calls: [], endsRound: false })
    const verdicts = times(10, (i) => blocked(s, i))
    assert.deepEqual(
      verdicts.slice(0, 9).map(({ kind }) => kind),
      new Array(9).fill('block'),
    )
    const halt = { kind: 'halt', rule: 'rate', count: 1, limit: 1, scope: 'session' }
    assert.deepEqual(verdicts[9], { ...halt, nth: 1 }, 'it is itself the first call that the halt blocks')
    const single = { type: 'results', agent: MAIN, calls: [], endsRound: false } as const
    assert.equal(meet(s, 2, single).kind, 'allow', 'only the end of a round ends a turn')
  })

  test('once an end of a round was told, no number of blocked calls in one message ends the turn', () => {
    const s = scene(NEVER)
    meet(s, 0, { type: 'results', agent: MAIN, calls: [], endsRound: true })
    assert.deepEqual(new Set(times(99, (i) => blocked(s, i).kind)), new Set(['block']))
  })
})
