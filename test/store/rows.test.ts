/** The rows of state.db: what is written comes back, and a row that cannot be read is dropped alone. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { decide } from '../../src/guard/decide.ts'
import { identify } from '../../src/guard/identity.ts'
import { applySettings } from '../../src/guard/policy.ts'
import type { State } from '../../src/guard/state.ts'
import {
  decodeAgent,
  decodeLasting,
  decodeSession,
  encodeAgent,
  encodeLasting,
  encodeSession,
} from '../../src/store/codec.ts'
import {
  callBy,
  ENFORCED,
  halt,
  linesOf,
  next,
  overwrite,
  promptBy,
  round,
  type Store,
  storeAt,
  tell,
  valueIn,
} from '../support/stores.ts'
import { START } from '../support/table.ts'

/** What is remembered of a session and an agent, as the next event finds it. */
function found(store: Store, session: string, agent: string): State {
  const seen: State[] = []
  const event = callBy(agent)
  store.db.update({
    identity: identify({ session }),
    event,
    project: '',
    policy: '',
    decide: (state, now) => {
      seen.push(state)
      return decide(state, event, ENFORCED, now)
    },
  })
  const state = seen.at(-1) // decide runs once before the lock is taken, with a fresh state
  assert.ok(state)
  return state
}

describe('what is remembered', () => {
  const LIMITED = applySettings(ENFORCED, { rate: { warnPerMin: 1, blockPerMin: 3 } })
  const given = { policy: LIMITED }
  const SHADOW = {
    policy: applySettings(ENFORCED, { mode: 'shadow', rate: { warnPerMin: 1, blockPerMin: 2 } }),
  }
  const polls = (store: Store) => {
    tell(store, 's', promptBy('person'))
    return tell(store, 's', { ...callBy('main', 'poll'), isPoll: true })
  }
  const withoutId = (store: Store) => {
    const { id: _, ...call } = callBy('main', 'ls')
    return tell(store, 's', call)
  }
  const blockedTwice = (store: Store) => {
    for (let i = 0; i < 3; i += 1) tell(store, 's', callBy('main'), given)
    return round(store, 's', 'main', 'again', given)
  }
  for (const [name, make] of [
    ['a first call', (store: Store) => tell(store, 's', callBy('main'))],
    ['a warning', (store: Store) => tell(store, 's', callBy('main'), given)],
    [
      'a call that is blocked, its round open',
      (store: Store) => {
        blockedTwice(store)
        return tell(store, 's', callBy('main'), given)
      },
    ],
    ['rounds that were blocked', blockedTwice],
    ['a call that polls', polls],
    ['a call without an id', withoutId],
    ['a result', (store: Store) => round(store, 's', 'main', 'ls')],
    [
      'a halted agent',
      (store: Store) => {
        halt(store, 's', 'main')
        return tell(store, 's', callBy('main'))
      },
    ],
    [
      'shadow mode',
      (store: Store) => {
        tell(store, 's', callBy('main'), SHADOW)
        return tell(store, 's', callBy('main'), SHADOW)
      },
    ],
    [
      'a client that an agent has started',
      (store: Store) => tell(store, 's', { ...promptBy('person'), startedByAgent: true }),
    ],
    [
      'more calls at once than are remembered',
      (store: Store) => {
        tell(store, 's', promptBy('person'))
        for (let i = 0; i < 256; i += 1) tell(store, 's', callBy('main'))
        return tell(store, 's', callBy('main'))
      },
    ],
  ] as const) {
    test(`of ${name} is the same when it is read`, (t) => {
      const store = storeAt(t)
      const { session, agent } = make(store)
      assert.deepEqual(found(store, 's', 'main'), { session, agent })
    })
  }
})

/** Rows as they are on disk. */
const RING = { newest: Math.floor(START / 1000), buckets: [...new Array(59).fill(0), 2] }
const FIGURE = { rule: 'repeat', count: 5, limit: 5 }
const LIVE = {
  meters: { rate: { ring: RING, warned: false }, spawn: { ring: RING, warned: true } },
  denied: RING,
  answered: [
    ['a', 'ls', START],
    ['b', 'ls', START, { kind: 'warn', rule: 'rate', count: 2, limit: 2, blockLimit: 0 }],
  ],
}
const HEARS = { prompts: true, results: false, rounds: true }
const LASTING = { epoch: 0, hears: HEARS, mode: 'enforce', looping: ['main'], asked: ['a', 'b'] }
const AGENT = {
  epoch: 0,
  history: [
    ['ls', START, 0, 'same', 'a'],
    ['ls', START, 1, 0, 0],
  ],
  warned: ['ls'],
  round: { beganAt: START, ids: ['a'], denial: { ...FIGURE, freeAt: START } },
  lastRound: { id: 'z', at: START },
  deniedRounds: 1,
  denials: 2,
  freeAt: START,
}

/** Sessions `s` and `other`, the first with these rows. */
function written(t: TestContext, rows: Rows = {}): Store {
  const store = storeAt(t)
  for (const session of ['s', 'other']) tell(store, session, callBy('main'))
  rewrite(store, rows)
  return store
}

function rewrite(store: Store, { live = LIVE, lasting = LASTING, agent = AGENT }: Rows): void {
  const text = (row: unknown) => (typeof row === 'string' ? row : JSON.stringify(row))
  overwrite(store, "UPDATE session SET live = ?, lasting = ? WHERE name = 's'", text(live), text(lasting))
  const ofS = "session = (SELECT id FROM session WHERE name = 's')"
  overwrite(store, `UPDATE agent SET live = ? WHERE ${ofS}`, text(agent))
}

interface Rows {
  readonly live?: unknown
  readonly lasting?: unknown
  readonly agent?: unknown
}

const UNREADABLE = 'one session in state.db was unreadable: it is counted from 0'

describe('a row', () => {
  test('in the form that is written is read', (t) => {
    const store = written(t)
    const { dropped, session, agent } = tell(store, 's', callBy('main', 'x'))
    assert.equal(dropped, undefined)
    assert.equal(session.lasting.asked?.length, 3)
    assert.deepEqual(
      agent.history.map((past) => [past.signature, past.isPoll, past.result, past.id === 'a']),
      [
        ['ls', false, 'same', true],
        ['ls', true, undefined, false],
        ['x', false, undefined, false],
      ],
    )
  })

  test('that is read is written in the form in which it was', () => {
    const lasting = decodeLasting(JSON.stringify(LASTING))
    const agent = decodeAgent(JSON.stringify(AGENT))
    assert.ok(lasting && agent)
    const session = decodeSession(JSON.stringify(LIVE), lasting)
    assert.ok(session)
    const texts = [encodeSession(session), encodeLasting(lasting), encodeAgent(agent)]
    assert.deepEqual(
      texts.map((text) => JSON.parse(text)),
      [LIVE, LASTING, AGENT],
    )
  })

  test('of an earlier version, which lacks what is new, is read', (t) => {
    const { asked: _, ...lasting } = LASTING
    const { round: _1, lastRound: _2, freeAt: _3, ...agent } = AGENT
    const store = written(t, { lasting, agent })
    const { dropped, session } = tell(store, 's', callBy('main'))
    assert.deepEqual([dropped, session.lasting.asked], [undefined, 'not all'])
  })

  test('of a later version keeps the members that this one does not know', (t) => {
    const store = written(t, { lasting: { ...LASTING, later: { deep: [1] } } })
    tell(store, 's', callBy('main'))
    const lasting = valueIn(store, "SELECT lasting FROM session WHERE name = 's'")
    assert.deepEqual(JSON.parse(String(lasting)).later, { deep: [1] })
  })

  const notCounts = [-1, 1.5, '1', true]
  const notTexts = [5, true, {}]
  const spoilt: readonly (readonly [keyof Rows, string, readonly unknown[]])[] = [
    ['live', 'meters', [5, [], 'x']],
    ['live', 'meters.rate', [5, {}]],
    ['live', 'meters.rate.warned', [0, 1, 'false']],
    ['live', 'meters.rate.ring', [5, {}]],
    ['live', 'denied', [5, {}, []]],
    ['live', 'denied.newest', ['5', 1.5]],
    ['live', 'denied.buckets', [5, [], new Array(59).fill(0), new Array(61).fill(0)]],
    ['live', 'denied.buckets.0', [...notCounts, 2 ** 32]],
    ['live', 'denied.buckets.59', [...notCounts, 2 ** 32]],
    ['live', 'answered', [5, {}]],
    ['live', 'answered.0', [5, {}]],
    ['live', 'answered.0.0', notTexts],
    ['live', 'answered.0.1', notTexts],
    ['live', 'answered.0.2', notCounts],
    ['live', 'answered.1.3', [5, 'warn', []]],
    ['live', 'answered.1.3.kind', ['surprise', 'warnings', 'unwarn', 5]],
    ['live', 'answered.1.3.rule', [5, null]],
    ['live', 'answered.1.3.count', notCounts],
    ['live', 'answered.1.3.limit', notCounts],
    ['lasting', 'epoch', notCounts],
    ['lasting', 'hears', [5, []]],
    ['lasting', 'hears.prompts', [1]],
    ['lasting', 'hears.results', [1]],
    ['lasting', 'hears.rounds', [1]],
    ['lasting', 'mode', ['enforced', 5]],
    ['lasting', 'looping', [5, 'main']],
    ['lasting', 'looping.0', notTexts],
    ['lasting', 'latch', [5, {}, FIGURE]],
    ['lasting', 'latch', notCounts.map((at) => ({ ...FIGURE, at, refused: 0 }))],
    ['lasting', 'latch', notCounts.map((refused) => ({ ...FIGURE, at: START, refused }))],
    ['lasting', 'latch', [{ at: START, refused: 0 }]],
    ['agent', 'epoch', notCounts],
    ['agent', 'history', [5, {}]],
    ['agent', 'history.0', [5, 'ls']],
    ['agent', 'history.0.0', notTexts],
    ['agent', 'history.0.1', notCounts],
    ['agent', 'warned', [5, 'ls']],
    ['agent', 'warned.0', notTexts],
    ['agent', 'round', [5, []]],
    ['agent', 'round.beganAt', notCounts],
    ['agent', 'round.ids', [5, [5]]],
    ['agent', 'round.denial', [5, {}]],
    ['agent', 'round.denial.rule', [5, null]],
    ['agent', 'round.denial.count', notCounts],
    ['agent', 'round.denial.limit', notCounts],
    ['agent', 'lastRound', [5, []]],
    ['agent', 'lastRound.id', notTexts],
    ['agent', 'lastRound.at', notCounts],
    ['agent', 'deniedRounds', notCounts],
    ['agent', 'denials', notCounts],
    ['agent', 'freeAt', notCounts],
    ['agent', 'latch', [5, {}, FIGURE]],
  ]
  const WHOLE = { live: LIVE, lasting: LASTING, agent: AGENT }
  for (const [row, path, values] of spoilt) {
    test(`is dropped, alone, when ${path} in ${row} is something else`, (t) => {
      const store = written(t)
      for (const value of values) {
        rewrite(store, { [row]: withMember(WHOLE[row], path.split('.'), value) })
        const { dropped } = tell(store, 's', callBy('main'))
        assert.equal(dropped, UNREADABLE, JSON.stringify(value))
        assert.equal(tell(store, 'other', callBy('main')).dropped, undefined)
        assert.equal(tell(store, 's', callBy('main')).dropped, undefined, 'it is whole again')
      }
    })
  }

  for (const row of ['live', 'lasting', 'agent'] as const) {
    test(`is dropped, alone, when ${row} is no JSON object`, (t) => {
      for (const text of ['{', '[1,2', 'null', '[]', '5', '{}']) {
        const store = written(t, { [row]: text })
        assert.equal(tell(store, 's', callBy('main')).dropped, UNREADABLE, text)
        assert.deepEqual(linesOf(store), ['other allow: main 1', 's allow: main 2'], 'its summary is kept')
      }
    })
  }

  test('whose asked calls are something else is read, and does not know all that was asked', (t) => {
    for (const asked of [5, {}, [5], 'all']) {
      const { dropped, session } = tell(written(t, { lasting: { ...LASTING, asked } }), 's', callBy('main'))
      assert.deepEqual([dropped, session.lasting.asked], [undefined, 'not all'])
    }
  })

  test('that is dropped takes no other row of the session with it', (t) => {
    const latch = { ...FIGURE, at: START, refused: 0 }
    const halted = { lasting: { ...LASTING, latch } }
    for (const spoiltRow of [{ live: 'x' }, { agent: 'x' }]) {
      assert.equal(next(written(t, { ...halted, ...spoiltRow }), 's', 'main'), 'halt:session')
    }
    const alone = { agent: { ...AGENT, latch }, live: 'x' }
    assert.equal(next(written(t, alone), 's', 'main'), 'halt:agent')
  })
})

/** A copy in which the member at the path is another. */
function withMember(value: unknown, [name = '', ...path]: readonly string[], member: unknown): unknown {
  const inner = (old: unknown) => (path.length === 0 ? member : withMember(old, path, member))
  if (Array.isArray(value)) return value.with(Number(name), inner(value[Number(name)]))
  const members: Record<string, unknown> = { ...Object(value) }
  return { ...members, [name]: inner(members[name]) }
}
