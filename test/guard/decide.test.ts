import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, outlook } from '../../src/guard/decide.ts'
import { identify, keyBeginning, keyOf } from '../../src/guard/identity.ts'
import { applySettings, DEFAULT_POLICY, lacksTenant } from '../../src/guard/policy.ts'
import { countOf } from '../../src/guard/window.ts'
import {
  admit,
  admittedIn,
  call,
  follow,
  limits,
  MAIN,
  meet,
  results,
  START,
  session,
  stateOf,
} from '../support/table.ts'

describe('the rate rule', () => {
  test('allows calls under the warn limit', () => {
    const s = session(limits(5, 10))
    follow(s, [
      [0, call('a'), 'allow'],
      [0, call('b'), 'allow'],
      [1, call('c'), 'allow'],
      [1, call('d'), 'allow'],
    ])
  })

  test('warns at the threshold without blocking, once a crossing', () => {
    const s = session(limits(5, 10))
    admit(s, 0, 4)
    follow(s, [
      [1, call('fifth'), 'warn'],
      [1, call('sixth'), 'allow'],
      [1, call('seventh'), 'allow'],
    ])
  })

  test('warns again only after the count has fallen below 80 % of the limit', () => {
    const s = session(limits(5, 0))
    admit(s, 0, 2)
    admit(s, 10, 3)
    follow(s, [
      [30, call('still above'), 'allow'],
      [61, call('4 of 5 are left: 80 %, not below'), 'allow'],
      [71, call('2 are left: armed again'), 'allow'],
      [72, call('the fourth in the window'), 'allow'],
      [73, call('the fifth: crossed again'), 'warn'],
    ])
  })

  test('counts every call at or above the warn limit, spoken or not', () => {
    const s = session(limits(3, 5))
    let warned = 0
    for (let i = 0; i < 6; i += 1) {
      const outcome = decide(stateOf(s), call(`${i}`), s.policy, START)
      s.session = outcome.session
      warned += outcome.tally.warned
    }
    assert.equal(warned, 2)
  })

  test('blocks at the threshold: of a limit of 10, nine run and the tenth is denied', () => {
    const s = session(limits(0, 10))
    admit(s, 0, 9)
    follow(s, [[0, call('tenth'), 'block']])
  })

  test('says block, not warn, where both limits are the same', () => {
    const s = session(limits(3, 3))
    admit(s, 0, 2)
    follow(s, [[0, call('third'), 'block']])
  })

  test('only warns when the block limit is 0', () => {
    const s = session(limits(2, 0))
    admit(s, 0, 1)
    follow(s, [[0, call('second'), 'warn']])
    admit(s, 0, 5000)
  })

  test('only blocks when the warn limit is 0', () => {
    const s = session(limits(0, 3))
    follow(s, [
      [0, call('a'), 'allow'],
      [0, call('b'), 'allow'],
      [0, call('c'), 'block'],
    ])
  })

  test('blocks every call at a block limit of 1, and names no second', () => {
    const verdict = meet(session(limits(0, 1)), 0, call('a'))
    assert.deepEqual(verdict, { kind: 'block', rule: 'rate', count: 1, limit: 1, nth: 1 })
  })

  test('a denied call has a ring of its own', () => {
    const s = session(limits(0, 3))
    admit(s, 0, 2)
    for (let i = 0; i < 7; i += 1) meet(s, 0, call(`denied ${i}`))
    assert.deepEqual([admittedIn(s), countOf(s.session.blocked)], [2, 7])
  })
})

describe('the window', () => {
  test('is empty after 60 s', () => {
    const s = session(limits(0, 3))
    admit(s, 0, 2)
    follow(s, [
      [59, call('the first two still count'), 'block'],
      [60, call('they are gone'), 'allow'],
      [60, call('second of the new window'), 'allow'],
      [60, call('third'), 'block'],
    ])
  })

  test('decays in part across a bucket boundary', () => {
    const s = session(limits(0, 5))
    admit(s, 0, 2)
    admit(s, 1, 2)
    follow(s, [
      [59.5, call('four count: the block still holds'), 'block for 1 s'],
      [60.1, call('the two of second 0 have left'), 'allow'],
      [60.2, call('and one more'), 'allow'],
      [60.3, call('full again, until second 1 leaves'), 'block for 1 s'],
      [61.1, call('the two of second 1 have left'), 'allow'],
    ])
  })

  test('a retry storm against a block does not prolong it, and recovers on the named second', () => {
    const s = session(limits(0, 10))
    admit(s, 0, 9)
    for (let tenths = 10; tenths < 596; tenths += 1) {
      assert.equal(meet(s, tenths / 10, call(`retry ${tenths}`)).kind, 'block')
    }
    follow(s, [
      [0.6 + 58.9, call('one second before the named one'), 'block for 1 s'],
      [59.6, call('the named second'), 'allow'],
    ])
  })
})

describe('a step of the clock', () => {
  const YEAR = 365 * 24 * 3600
  const blocked = () => {
    const s = session(limits(0, 5))
    admit(s, 0, 2)
    admit(s, 30, 2)
    return s
  }

  test('back by 1 s: time stands still, nobody is freed', () => {
    follow(blocked(), [
      [29, call('a'), 'block for 31 s'],
      [59, call('still in the window'), 'block'],
      [60, call('the two of second 0 have left'), 'allow'],
    ])
  })

  test('back by 59 s: time stands still until it has caught up, and goes on from there', () => {
    follow(blocked(), [
      [-29, call('a'), 'block for 89 s'],
      [30, call('caught up'), 'block for 30 s'],
      [60, call('b'), 'allow'],
    ])
  })

  test('back by 60 s, a whole window, still stands still', () => {
    follow(blocked(), [
      [-30, call('a'), 'block for 90 s'],
      [60, call('b'), 'allow'],
    ])
  })

  for (const [name, step] of [['61 s', 61] as const, ['a year', YEAR] as const]) {
    test(`back by ${name}: the ring is rebased, and frees as if it were now`, () => {
      follow(blocked(), [
        [30 - step, call('the counts keep their ages'), 'block for 30 s'],
        [30 - step + 29, call('a'), 'block'],
        [30 - step + 30, call('the older two have left'), 'allow'],
      ])
    })
  }

  for (const [name, step, expected] of [
    ['1 s', 1, 'block'],
    ['29 s', 29, 'block'],
    ['59 s', 59, 'allow'],
    ['61 s', 61, 'allow'],
    ['a year', YEAR, 'allow'],
  ] as const) {
    test(`forward by ${name}: calls age as if the time had passed, so the next one is: ${expected}`, () => {
      follow(blocked(), [[30 + step, call('a'), expected]])
    })
  }
})

describe('a call that is asked about twice', () => {
  test('counts once and gets one answer', () => {
    const s = session(limits(0, 3))
    follow(s, [
      [0, call('ls', 'id 1'), 'allow'],
      [0.01, call('ls', 'id 1'), 'allow'],
      [0.02, call('pwd', 'id 2'), 'allow'],
      [0.03, call('cat', 'id 3'), 'block'],
      [0.04, call('cat', 'id 3'), 'block'],
    ])
    assert.deepEqual([admittedIn(s), countOf(s.session.blocked)], [2, 1])
  })

  test('hears the same warning twice', () => {
    const s = session(limits(1, 0))
    const first = meet(s, 0, call('ls', 'id 1'))
    assert.deepEqual(meet(s, 0, call('ls', 'id 1')), first)
    assert.equal(first.kind, 'warn')
  })

  test('is a new call once its result was seen', () => {
    const s = session(limits(0, 3))
    follow(s, [
      [0, call('ls', 'id 1'), 'allow'],
      [1, results('id 1'), 'allow'],
      [1, call('ls', 'id 1'), 'allow'],
      [1, call('ls', 'id 2'), 'block'],
    ])
  })

  test('is a new call after 10 s', () => {
    const s = session(limits(0, 3))
    follow(s, [
      [0, call('ls', 'id 1'), 'allow'],
      [9.9, call('ls', 'id 1'), 'allow'],
      [10, call('ls', 'id 1'), 'allow'],
      [10, call('other', 'id 2'), 'block'],
    ])
  })

  test('is a new call when the id comes with another input', () => {
    const s = session(limits(0, 3))
    follow(s, [
      [0, call('ls', 'id 1'), 'allow'],
      [0, call('pwd', 'id 1'), 'allow'],
      [0, call('cat', 'id 1'), 'block'],
    ])
  })

  test('without an id is counted each time', () => {
    const s = session(limits(0, 3))
    follow(s, [
      [0, call('ls'), 'allow'],
      [0, call('ls'), 'allow'],
      [0, call('ls'), 'block'],
    ])
  })

  test('is still known after 63 others, and no more than 64 are kept', () => {
    const s = session(limits(0, 0))
    for (let i = 0; i < 64; i += 1) meet(s, 0, call('ls', `id ${i}`))
    meet(s, 1, call('ls', 'id 0'))
    assert.equal(admittedIn(s), 64)
    meet(s, 1, call('ls', 'id 64'))
    assert.equal(s.session.answered.length, 64)
  })
})

describe('a session', () => {
  test('that ends is counted from 0 when it comes back', () => {
    const s = session(limits(0, 3))
    admit(s, 0, 2)
    meet(s, 1, { type: 'session_end', agent: MAIN })
    admit(s, 1, 2)
  })

  test('can be asked what its next call would meet, and nothing is recorded', () => {
    const s = session(limits(2, 3))
    assert.equal(outlook(s.session, s.policy, START).kind, 'allow')
    admit(s, 0, 2)
    const before = structuredClone(s.session)
    assert.equal(outlook(s.session, s.policy, START).kind, 'block')
    assert.deepEqual(s.session, before)
  })
})

describe('an identity', () => {
  test('is the session, else the user, else the tenant, else "anon"', () => {
    const kinds = [
      { session: 's', user: 'u', tenant: 't' },
      { user: 'u', tenant: 't' },
      { tenant: 't' },
      {},
      { session: '', user: '', tenant: '' },
    ].map((claims) => identify(claims))
    assert.deepEqual(
      kinds.map(({ kind, id }) => `${kind} ${id}`),
      ['session s', 'user u', 'tenant t', 'anon anon', 'anon anon'],
    )
  })

  test('keeps distinct callers apart', () => {
    const claims = [
      { session: 'a' },
      { session: 'b' },
      { user: 'a' },
      { tenant: 'a' },
      { session: 'a', tenant: 'x' },
      { session: 'a', tenant: 'y' },
      { session: 'anon' },
      {},
    ]
    const keys = new Set(claims.map((claim) => keyOf(identify(claim))))
    assert.equal(keys.size, claims.length)
  })

  test('has a key that begins as those of all whose id begins so, and as no others', () => {
    const begins = (claims: object, by: object) =>
      keyOf(identify(claims)).startsWith(keyBeginning(identify(by)))
    assert.equal(begins({ session: 'abc' }, { session: 'ab' }), true)
    assert.equal(begins({ session: 'ab' }, { session: 'ab' }), true)
    for (const other of [
      { session: 'b' },
      { session: 'xab' },
      { user: 'abc' },
      { session: 'abc', tenant: 'x' },
    ]) {
      assert.equal(begins(other, { session: 'ab' }), false)
    }
    assert.equal(keyBeginning(identify({ session: 'ab' })), '["","session","ab')
  })

  test('of one session is the same whatever user is named', () => {
    assert.equal(keyOf(identify({ session: 'a', user: 'x' })), keyOf(identify({ session: 'a', user: 'y' })))
  })

  test('without a tenant is blocked when the policy is strict', () => {
    const strict = applySettings(DEFAULT_POLICY, { tenant: { strict: true } })
    assert.equal(lacksTenant(identify({ session: 'a' }), strict), true)
    assert.equal(lacksTenant(identify({ session: 'a', tenant: 't' }), strict), false)
    assert.equal(lacksTenant(identify({ session: 'a' }), DEFAULT_POLICY), false)
  })
})
