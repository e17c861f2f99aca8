/** What the client says of its user's limits: told once a crossing, and halted once where the owner says so. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GuardEvent, Prompter, Quota } from '../../src/guard/event.ts'
import type { Settings } from '../../src/guard/policy.ts'
import { quota, quotaIn } from '../../src/guard/rules/quota.ts'
import type { Verdict } from '../../src/guard/verdict.ts'
import { only } from '../support/policies.ts'
import { call, follow, MAIN, meet, type Row, type Session, START, session } from '../support/table.ts'

const HOUR = 3600
const AT_95 = { quota: { haltPercent: 95 } }

function course(settings: Settings = {}): Session {
  return session(only(['quota'], settings))
}

/** So much of a limit is used, which begins anew at so many seconds after START. */
function used(percent: number, resetsAfter?: number, window = 'five_hour'): Quota {
  const resetsAt = resetsAfter === undefined ? {} : { resetsAt: START + resetsAfter * 1000 }
  return { percent, window, ...resetsAt }
}

let calls = 0

/** A call of its own kind. */
function work(): GuardEvent {
  calls += 1
  return call(`call ${calls}`, `id ${calls}`)
}

/** A round has ended, and so much is used. */
function round(quota?: Quota): GuardEvent {
  return { type: 'results', agent: MAIN, calls: [], endsRound: true, ...(quota ? { quota } : {}) }
}

function prompt(by: Prompter, quota?: Quota): GuardEvent {
  return { type: 'prompt', agent: MAIN, by, ...(quota ? { quota } : {}) }
}

function stop(quota?: Quota): GuardEvent {
  return { type: 'turn_end', agent: MAIN, ...(quota ? { quota } : {}) }
}

const REFUSED: GuardEvent = { type: 'turn_end', agent: MAIN, limitError: true }

/** What of a verdict is told. */
function told(verdict: Verdict) {
  if (verdict.kind === 'allow') return []
  const { kind, of, count, limit, resetsInMs } = verdict
  return [kind, of, count, limit, resetsInMs]
}

const TABLES: readonly (readonly [about: string, settings: Settings, rows: readonly Row[]])[] = [
  [
    'says nothing before the client has said anything, nor below the limit',
    {},
    [
      [0, prompt('person'), 'allow'],
      [1, work(), 'allow'],
      [2, round(used(89.99)), 'allow'],
      [3, work(), 'allow'],
    ],
  ],
  [
    'warns once at the next call, and halts nobody by default',
    {},
    [
      [1, round(used(91.5)), 'allow'],
      [2, work(), 'warn'],
      [3, work(), 'allow'],
      [4, round(used(100)), 'allow'],
      [5, work(), 'allow'],
      [6, prompt('person', used(100)), 'allow'],
      [7, work(), 'allow'],
    ],
  ],
  [
    'hears it with a prompt and at the end of a turn too',
    {},
    [
      [1, prompt('machine', used(90)), 'allow'],
      [2, work(), 'warn'],
      [3, stop(used(10)), 'allow'],
      [4, stop(used(90)), 'allow'],
      [5, work(), 'warn'],
    ],
  ],
  [
    'warns again after it has been below, and not before',
    {},
    [
      [1, round(used(90)), 'allow'],
      [2, work(), 'warn'],
      [3, round(used(99)), 'allow'],
      [4, work(), 'allow'],
      [5, round(used(89)), 'allow'],
      [6, round(used(90)), 'allow'],
      [7, work(), 'warn'],
    ],
  ],
  [
    'counts a limit that has begun anew as unused, and warns again of the new one',
    {},
    [
      [1, round(used(95, HOUR)), 'allow'],
      [HOUR, work(), 'allow'],
      [HOUR + 1, round(used(95, HOUR)), 'allow'],
      [HOUR + 2, work(), 'allow'],
      [HOUR + 3, round(used(95, 6 * HOUR)), 'allow'],
      [HOUR + 4, work(), 'warn'],
      [6 * HOUR + 1, round(used(95, 11 * HOUR)), 'allow'],
      [6 * HOUR + 2, work(), 'warn'],
    ],
  ],
  [
    'halts at the end of the round that reaches the limit, and lets a person who writes then go on until it was below',
    AT_95,
    [
      [1, prompt('person'), 'allow'],
      [2, work(), 'allow'],
      [3, round(used(95)), 'halt'],
      [4, work(), 'halt'],
      [5, prompt('notification'), 'halt'],
      [6, prompt('person', used(96)), 'allow'],
      [7, work(), 'warn'],
      [8, round(used(97)), 'allow'],
      [9, stop(used(98)), 'allow'],
      [10, round(used(94)), 'allow'],
      [11, round(used(95)), 'halt'],
    ],
  ],
  [
    'halts at the end of a turn, and refuses the prompt of a machine',
    AT_95,
    [
      [1, stop(used(95)), 'halt'],
      [2, prompt('person'), 'allow'],
      [3, prompt('schedule', used(2)), 'allow'],
      [4, prompt('schedule', used(95)), 'halt'],
    ],
  ],
  [
    "halts at the first call after a person's prompt with which it was heard first",
    AT_95,
    [
      [1, prompt('person', used(97)), 'allow'],
      [2, work(), 'halt'],
      [3, prompt('person', used(97)), 'allow'],
      [4, work(), 'warn'],
    ],
  ],
  [
    'forgets a halt with the limit that has begun anew',
    AT_95,
    [
      [1, round(used(95, HOUR)), 'halt'],
      [2, prompt('person'), 'allow'],
      [3, round(used(96, HOUR)), 'allow'],
      [HOUR + 1, round(used(95, 6 * HOUR)), 'halt'],
    ],
  ],
  [
    'has halts of shadow mode halt nobody, and be none later',
    { ...AT_95, mode: 'shadow' },
    [
      [1, round(used(95)), 'halt'],
      [2, prompt('person'), 'allow'],
      [3, work(), 'halt'],
    ],
  ],
  [
    'can be switched off',
    { quota: { warnPercent: 0, haltPercent: 0, haltOnLimitError: false } },
    [
      [1, round(used(100)), 'allow'],
      [2, work(), 'allow'],
      [3, REFUSED, 'allow'],
      [4, work(), 'allow'],
    ],
  ],
  [
    'stops what goes on after the client was refused, until a person writes',
    {},
    [
      [1, prompt('person'), 'allow'],
      [2, work(), 'allow'],
      [3, REFUSED, 'halt'],
      [4, { ...work(), agent: { id: 'a1', type: 'Explore' } }, 'halt'],
      [5, prompt('notification'), 'halt'],
      [6, prompt('schedule'), 'halt'],
      [7, prompt('machine'), 'halt'],
      [8, stop(), 'halt'],
      [9, prompt('person'), 'allow'],
      [10, work(), 'allow'],
      [11, REFUSED, 'halt'],
    ],
  ],
  [
    'stops the session when an agent of it was refused',
    {},
    [
      [1, { ...REFUSED, agent: { id: 'a1', type: 'Explore' } }, 'halt'],
      [2, work(), 'halt'],
    ],
  ],
]

describe('the quota rule', () => {
  for (const [about, settings, rows] of TABLES) test(about, () => follow(course(settings), rows))

  test('asks nobody, since a yes could grant nothing', () => {
    for (const [event, of] of [
      [REFUSED, 'refusal'],
      [round(used(95)), 'five_hour'],
      [{ ...work(), quota: used(95) }, 'five_hour'],
    ] as const) {
      const verdict = meet(course(AT_95), 1, { ...event, isAttended: true })
      assert.deepEqual(told(verdict).slice(0, 2), ['halt', of])
    }
  })

  test('halts again in force what it would have halted in shadow mode', () => {
    const c = course({ ...AT_95, mode: 'shadow' })
    meet(c, 1, round(used(95)))
    meet(c, 2, prompt('person'))
    const inForce = { ...c, policy: only(['quota'], AT_95) }
    assert.equal(meet(inForce, 3, work()).kind, 'halt')
  })

  test('warns again at a limit that was raised, and not at one that was lowered', () => {
    const c = course()
    meet(c, 1, round(used(96)))
    assert.equal(meet(c, 2, work()).kind, 'warn')
    for (const [warnPercent, expected] of [
      [50, 'allow'],
      [95, 'warn'],
      [90, 'allow'],
    ] as const) {
      const changed = { ...c, policy: only(['quota'], { quota: { warnPercent } }) }
      assert.equal(meet(changed, 3, work()).kind, expected, String(warnPercent))
      c.session = changed.session
    }
  })

  test('says of which limit, in whole percent, and when it begins anew', () => {
    const c = course(AT_95)
    meet(c, 1, round(used(91.7, HOUR, 'seven_day')))
    assert.deepEqual(told(meet(c, 2, work())), ['warn', 'seven_day', 91, 90, (HOUR - 2) * 1000])
    const halted = meet(c, 3, round(used(95.2, HOUR, 'seven_day')))
    assert.deepEqual(told(halted), ['halt', 'seven_day', 95, 95, (HOUR - 3) * 1000])
    // Later it would be wrong.
    assert.deepEqual(told(meet(c, 60, stop())), ['halt', 'seven_day', 95, 95, undefined])
  })

  test('says of a refusal when it ends, where a limit is used up', () => {
    for (const [percent, expected] of [
      [99.9, undefined],
      [100, (HOUR - 2) * 1000],
    ] as const) {
      const c = course()
      meet(c, 1, round(used(percent, HOUR)))
      assert.deepEqual(told(meet(c, 2, REFUSED)), ['halt', 'refusal', 1, 1, expected], String(percent))
    }
  })

  test('says so in words', () => {
    const { facts, warning, warnAdvice } = quota.words
    const figure = { rule: 'quota', of: 'seven_day', count: 91, limit: 90 }
    const warn = { kind: 'warn', ...figure, resetsInMs: 3 * HOUR * 1000, blockLimit: 95 } as const
    assert.equal(
      `${warning(warn, '')}.${warnAdvice(warn)}`,
      '91 % of the seven-day limit is used, which resets in 3 h (warning at 90 %). At 95 % the turn is ended. Finish what matters most, and begin nothing large.',
    )
    assert.equal(
      warnAdvice({ ...warn, blockLimit: 0 }),
      ' Finish what matters most, and begin nothing large.',
    )
    assert.equal(facts(figure, ''), '91 % of the seven-day limit is used')
    const refusal = { ...figure, of: 'refusal', count: 1, limit: 1 }
    assert.equal(facts(refusal, ''), 'the client was refused at a limit of its provider')
    const used = { ...refusal, resetsInMs: 600_000 }
    assert.equal(facts(used, ''), `${facts(refusal, '')}, which resets in 10 min`)
  })

  test('has a figure for those who look: what was heard last, and nothing once it has begun anew', () => {
    const c = course()
    meet(c, 1, round(used(12.5, HOUR)))
    const now = START + 2000
    assert.deepEqual(quotaIn(c.session, 90, now), {
      ...{ rule: 'quota', of: 'five_hour', count: 12, limit: 90 },
      resetsInMs: (HOUR - 2) * 1000,
    })
    assert.deepEqual(quotaIn(c.session, 90, START + HOUR * 1000), { rule: 'quota', count: 0, limit: 90 })
  })

  test('begins afresh from a memory that is not its own', () => {
    for (const quota of ['x', [], { percent: -1 }, { percent: 99, window: 5, resetsAt: 0, warnedAt: 0 }]) {
      const c = course()
      c.session = { ...c.session, lasting: { ...c.session.lasting, memory: { quota } } }
      assert.equal(meet(c, 1, work()).kind, 'allow')
      meet(c, 2, round(used(90)))
      assert.equal(meet(c, 3, work()).kind, 'warn')
    }
  })
})
