/** What a client says to its status line, and the file in which it stands. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseStatusLineInput } from '../../src/hosts/claude-code/statusline.ts'
import { mostUsed, readClientLimits, writeClientLimits } from '../../src/hosts/client-limits.ts'
import { temporaryHome, times } from '../support/processes.ts'

const NOW = 1_800_000_000_000
const HOUR_MS = 3_600_000
const NONE = { percent: 0, window: '' }

const saidIn = (members: object) => parseStatusLineInput(JSON.stringify(members)).said

describe('what the status line is told', () => {
  for (const [about, members, expected] of [
    ['nothing', {}, {}],
    ['what it has cost', { cost: { total_cost_usd: 0.00042 } }, { costUsd: 0.00042 }],
    ['a cost that is a text', { cost: { total_cost_usd: '1' } }, {}],
    ['a cost below zero', { cost: { total_cost_usd: -1 } }, {}],
    ['a cost that nobody can pay', { cost: { total_cost_usd: 1e300 } }, {}],
    ['no object of costs', { cost: [1] }, {}],
    ['no object of limits', { rate_limits: 'all' }, {}],
    ['an empty one', { rate_limits: {} }, {}],
    [
      'seconds',
      { rate_limits: { five_hour: { used_percentage: 91.5, resets_at: 1_800_000_000 } } },
      { limits: { five_hour: { percent: 91.5, resetsAt: NOW } } },
    ],
    [
      'a time in ISO 8601',
      { rate_limits: { seven_day: { used_percentage: 0, resets_at: '2027-01-15T08:00:00Z' } } },
      { limits: { seven_day: { percent: 0, resetsAt: NOW } } },
    ],
    ...(['soon', '2027', '2027-99-99T00:00:00Z', -5, 0, 1e300, null, {}] as const).map(
      (resets_at) =>
        [
          `the time ${JSON.stringify(resets_at)}`,
          { rate_limits: { five_hour: { used_percentage: 5, resets_at } } },
          { limits: { five_hour: { percent: 5 } } },
        ] as const,
    ),
    ...([-0.1, 1000.1, '50', null, [50], true] as const).map(
      (used_percentage) =>
        [
          `the percentage ${JSON.stringify(used_percentage)}`,
          { rate_limits: { five_hour: { used_percentage }, seven_day: { used_percentage: 7 } } },
          { limits: { seven_day: { percent: 7 } } },
        ] as const,
    ),
    [
      'names that are none',
      JSON.parse('{"rate_limits":{"A":{"used_percentage":1},"__proto__":{"used_percentage":1},"a b":7}}'),
      {},
    ],
  ] as const) {
    test(`may be ${about}`, () => assert.deepEqual(saidIn(members), expected))
  }

  test('is of 16 limits at most', () => {
    const limits = times(20, (i) => [`limit_${i}`, { used_percentage: i }] as const)
    const { limits: kept = {} } = saidIn({ rate_limits: Object.fromEntries(limits) })
    assert.equal(Object.keys(kept).length, 16)
  })
})

describe('the limit that is used most', () => {
  const of = (limits: object) =>
    mostUsed({ limits: { ...limits }, limitsAt: NOW, sessions: {} }, NOW + HOUR_MS)
  for (const [about, limits, expected] of [
    ['is none of none', {}, NONE],
    [
      'is the one with the highest percentage',
      { five_hour: { percent: 12 }, seven_day: { percent: 91.5 }, daily: { percent: 90 } },
      { window: 'seven_day', percent: 91.5 },
    ],
    [
      'is none that has begun anew',
      {
        five_hour: { percent: 99, resetsAt: NOW + HOUR_MS },
        seven_day: { percent: 5, resetsAt: NOW + 2 * HOUR_MS },
      },
      { window: 'seven_day', percent: 5, resetsAt: NOW + 2 * HOUR_MS },
    ],
  ] as const) {
    test(about, () => assert.deepEqual(of(limits), expected))
  }

  test('is none of which nothing was used for five hours, where nobody says when it begins anew', () => {
    const known = { limits: { five_hour: { percent: 99 } }, limitsAt: NOW, sessions: {} }
    assert.equal(mostUsed(known, NOW + 5 * HOUR_MS - 1).percent, 99)
    assert.deepEqual(mostUsed(known, NOW + 5 * HOUR_MS), NONE)
  })
})

describe('the file', () => {
  test('holds what was said last of the limits, and when that became so', (t) => {
    const file = join(temporaryHome(t), 'client-limits.json')
    const five_hour = { percent: 5, resetsAt: NOW }
    writeClientLimits(file, 'a', { limits: { five_hour } }, NOW)
    writeClientLimits(file, 'a', { limits: { five_hour } }, NOW + 1)
    writeClientLimits(file, 'b', { costUsd: 1 }, NOW + 2)
    const sessions = { b: { costUsd: 1, at: NOW + 2 } }
    assert.deepEqual(readClientLimits(file), { limits: { five_hour }, limitsAt: NOW, sessions })
    const daily = { percent: 6 }
    writeClientLimits(file, 'b', { limits: { daily }, costUsd: 1 }, NOW + 3)
    assert.deepEqual(readClientLimits(file), { limits: { daily }, limitsAt: NOW + 3, sessions })
  })

  test('holds the costs of the 50 sessions that had some last', (t) => {
    const file = join(temporaryHome(t), 'client-limits.json')
    for (const i of times(60, (index) => index)) writeClientLimits(file, `s${i}`, { costUsd: i }, NOW + i)
    writeClientLimits(file, 's10', { costUsd: 99 }, NOW + 60)
    const { sessions } = readClientLimits(file)
    assert.equal(Object.keys(sessions).length, 50)
    assert.deepEqual([sessions.s9, sessions.s10?.costUsd, sessions.s59?.costUsd], [undefined, 99, 59])
  })

  test('is not made where nothing was said, and does without a folder', (t) => {
    const home = temporaryHome(t)
    writeClientLimits(join(home, 'client-limits.json'), 'a', {}, NOW)
    writeClientLimits(join(home, 'not/there/client-limits.json'), 'a', { costUsd: 1 }, NOW)
    assert.deepEqual(readClientLimits(join(home, 'client-limits.json')).sessions, {})
  })

  test('keeps of what anybody has written what it can use', (t) => {
    const file = join(temporaryHome(t), 'client-limits.json')
    const sessions = {
      a: { costUsd: 1, at: NOW },
      b: { costUsd: -1, at: NOW },
      c: { costUsd: 1, at: 'now' },
      d: null,
    }
    const limits = { five_hour: { percent: 5, resetsAt: 1.5 }, daily: { percent: '5' } }
    writeFileSync(file, JSON.stringify({ version: 1, limits, limitsAt: -1, sessions, more: 1 }))
    assert.deepEqual(readClientLimits(file), {
      ...{ limits: { five_hour: { percent: 5 } }, limitsAt: 0, sessions: { a: sessions.a } },
    })
    assert.match(readFileSync(file, 'utf8'), /"more"/)
  })
})
