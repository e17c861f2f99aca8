import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide } from '../../src/guard/decide.ts'
import { type Agent, type GuardEvent, MAIN_AGENT, type ReturnedCall } from '../../src/guard/event.ts'
import type { Outcome } from '../../src/guard/outcome.ts'
import { applySettings, DEFAULT_POLICY, type Settings } from '../../src/guard/policy.ts'
import { asCounted } from '../../src/guard/shadow.ts'
import { MAX_ASKED } from '../../src/guard/unasked.ts'
import { times } from '../support/processes.ts'
import { admittedIn, MAIN, type Session, START, session, stateOf } from '../support/table.ts'

const SUBAGENT: Agent = { id: 'a5cfe5427559c7d9f', type: 'general-purpose' }
const START_EVENT: GuardEvent = { type: 'session_start', agent: MAIN }
const PROMPT: GuardEvent = { type: 'prompt', agent: MAIN, by: 'person' }

function asked(id: string, agent = MAIN): GuardEvent {
  return { type: 'call', agent, ...callOf(id, agent) }
}

function askedWithoutId(): GuardEvent {
  const { id: _, ...call } = callOf('a')
  return { type: 'call', agent: MAIN, ...call }
}

function callOf(id: string, agent = MAIN, tool = 'Bash'): ReturnedCall {
  return { id, tool, signature: `${agent.id} ${id}`, isPoll: false }
}

function returned(id: string, agent = MAIN, tool = 'Bash'): ReturnedCall {
  return { ...callOf(id, agent, tool), result: `result of ${id}` }
}

/** The end of a round, of calls by their ids or as they are. */
function ended(calls: readonly (string | ReturnedCall)[], agent = MAIN): GuardEvent {
  const all = calls.map((call) => (typeof call === 'string' ? returned(call, agent) : call))
  return { type: 'results', agent, calls: all, endsRound: true }
}

/** One call has returned, as clients without ends of rounds tell of it. */
function one(id: string): GuardEvent {
  return { type: 'results', agent: MAIN, calls: [returned(id)], endsRound: false }
}

function outcomeOf(s: Session, seconds: number, event: GuardEvent): Outcome {
  const outcome = decide(stateOf(s, event.agent.id), event, s.policy, START + seconds * 1000)
  s.session = outcome.session
  s.agents.set(event.agent.id, outcome.agent)
  return outcome
}

/** How many calls of a session were found to be unasked, one event a second. */
function unaskedAmong(events: readonly GuardEvent[], s = session(DEFAULT_POLICY)): number {
  return events.reduce((sum, event, index) => sum + outcomeOf(s, index, event).unasked.length, 0)
}

const { id: _, ...WITHOUT_ID } = returned('a')
const REFUSED: ReturnedCall = { ...returned('refused'), isRefused: true }

describe('a call that ran without our having been asked', () => {
  const rows: readonly (readonly [string, number, readonly GuardEvent[]])[] = [
    ['counts in a session seen from its start', 3, [START_EVENT, ended(['a', 'b', 'c'])]],
    ['counts in a session whose first event was a prompt', 3, [PROMPT, ended(['a', 'b', 'c'])]],
    [
      'counts beside calls that were asked about',
      1,
      [PROMPT, asked('a'), asked('b'), ended(['a', 'b', 'c'])],
    ],
    ['counts in a subagent of which nothing else was seen', 2, [PROMPT, ended(['a', 'b'], SUBAGENT)]],
    ['counts in a resumed session', 1, [PROMPT, asked('a'), ended(['a']), START_EVENT, ended(['b'])]],
    ['counts once when its round is told twice', 2, [PROMPT, ended(['a', 'b']), ended(['a', 'b'])]],
    [
      'counts once when its round is told again after the next call was asked about',
      1,
      [PROMPT, ended(['a']), asked('b'), ended(['a']), ended(['b'])],
    ],
    [
      'counts once when its round is told again after a prompt',
      1,
      [PROMPT, ended(['a']), PROMPT, ended(['a'])],
    ],
    [
      'counts where more calls without an id were asked about than are remembered',
      1,
      [PROMPT, ...times(MAX_ASKED + 1, () => askedWithoutId()), ended(['a'])],
    ],
    [
      'counts though the same call was asked about before, and has its result',
      1,
      [PROMPT, asked('a'), ended(['a']), ended([{ ...returned('b'), signature: 'main a' }])],
    ],
    [
      'counts though another call has had its id',
      2,
      [PROMPT, asked('a'), ended(['a']), ended([returned('other'), { ...returned('a'), signature: 'new' }])],
    ],
    ['does not count without an id', 0, [PROMPT, ended([WITHOUT_ID])]],
    ['does not count without a result', 0, [PROMPT, ended([callOf('a')])]],
    ['does not count when its result says that it was refused', 0, [PROMPT, ended([REFUSED])]],
    ['does not count in a session first seen at a call', 0, [asked('a'), PROMPT, ended(['b'])]],
    ['does not count in a session first seen at the end of a round', 0, [ended(['a']), ended(['b'])]],
    [
      'does not count in a session first seen at a prompt that no person wrote',
      0,
      [{ ...PROMPT, by: 'machine' }, ended(['a'])],
    ],
    [
      'does not count in a session first seen at the prompt of a subagent',
      0,
      [{ ...PROMPT, agent: SUBAGENT }, ended(['a'])],
    ],
    ['does not count by single results', 0, [PROMPT, one('a')]],
  ]
  for (const [name, expected, events] of rows) {
    test(name, () => assert.equal(unaskedAmong(events), expected))
  }
})

describe('a call that was asked about', () => {
  const rows: readonly (readonly [string, readonly GuardEvent[]])[] = [
    ['is no unasked one', [PROMPT, asked('a'), ended(['a'])]],
    ['is none when its round is told twice', [PROMPT, asked('a'), ended(['a']), ended(['a'])]],
    ['is none when its result was told alone before', [PROMPT, asked('a'), one('a'), ended(['a'])]],
    ['is none when a person has written a prompt meanwhile', [PROMPT, asked('a'), PROMPT, ended(['a'])]],
    [
      'is none when its session has ended and goes on meanwhile',
      [PROMPT, asked('a'), { type: 'session_end', agent: MAIN }, START_EVENT, ended(['a'])],
    ],
    [
      'is none in whichever order rounds are told',
      [PROMPT, asked('a'), asked('b'), ended(['b']), ended(['a'])],
    ],
    [
      'is none when two agents are given the same id',
      [...[PROMPT, asked('a'), asked('a', SUBAGENT)], ...[ended(['a'], SUBAGENT), ended([returned('a')])]],
    ],
  ]
  for (const [name, events] of rows) {
    test(name, () => assert.equal(unaskedAmong(events), 0))
  }

  test('is none however long it runs, and however many rounds end meanwhile', () => {
    const s = session(applySettings(DEFAULT_POLICY, { rate: { warnPerMin: 0, blockPerMin: 0 } }))
    outcomeOf(s, 0, PROMPT)
    outcomeOf(s, 0, asked('long', SUBAGENT))
    for (let i = 0; i < 2 * MAX_ASKED; i += 1) {
      outcomeOf(s, i, asked(`${i}`))
      assert.deepEqual(outcomeOf(s, i, ended([`${i}`])).unasked, [])
    }
    s.agents.clear() // a subagent that was idle for 10 minutes is forgotten
    assert.deepEqual(outcomeOf(s, 86_400, ended(['long'], SUBAGENT)).unasked, [])
  })

  test('is none when it was blocked or halted', () => {
    const s = session(applySettings(DEFAULT_POLICY, { rate: { blockPerMin: 1 } }))
    outcomeOf(s, 0, PROMPT)
    const verdicts = times(3, (i) => {
      const { verdict } = outcomeOf(s, i, asked(`${i}`))
      assert.deepEqual(outcomeOf(s, i, ended([`${i}`])).unasked, [])
      return verdict.kind
    })
    assert.deepEqual(verdicts, ['block', 'block', 'block'])
    assert.equal(outcomeOf(s, 3, asked('halted')).verdict.kind, 'halt')
    assert.deepEqual(outcomeOf(s, 3, ended(['halted'])).unasked, [])
  })
})

describe('the memory of what was asked', () => {
  test('holds nothing once every result was seen', () => {
    const s = session(DEFAULT_POLICY)
    unaskedAmong([PROMPT, asked('a'), asked('b'), ended(['a', 'b'])], s)
    assert.deepEqual(s.session.lasting.asked, [])
  })

  test('is bounded, and where it has overflowed nothing counts any more', () => {
    const s = session(applySettings(DEFAULT_POLICY, { rate: { warnPerMin: 0, blockPerMin: 0 } }))
    const calls = times(MAX_ASKED, (i) => asked(`${i}`))
    assert.equal(unaskedAmong([PROMPT, ...calls, ended(['unasked'])], s), 1)
    assert.equal(s.session.lasting.asked?.length, MAX_ASKED)
    assert.equal(unaskedAmong([asked('one too many'), ended(['0']), ended(['other'])], s), 0)
    assert.equal(s.session.lasting.asked, 'not all')
  })
})

describe('unasked calls', () => {
  const given = (settings: Settings) => session(applySettings(DEFAULT_POLICY, settings))

  test('count in the rate window, so that the next call meets them', () => {
    const s = given({ rate: { warnPerMin: 0, blockPerMin: 5 } })
    outcomeOf(s, 0, PROMPT)
    const { tally } = outcomeOf(s, 1, ended(['a', 'b', 'c', 'd']))
    assert.deepEqual([tally.calls, tally.blocked, admittedIn(s)], [4, 0, 4])
    assert.equal(outcomeOf(s, 2, asked('fifth')).verdict.kind, 'block')
  })

  test('count against the limits of their tools and of agents that are started', () => {
    const s = given({ spawn: { blockPerMin: 3 }, tools: { 'mcp__db__*': { blockPerMin: 2 } } })
    outcomeOf(s, 0, PROMPT)
    const calls = [
      returned('a', MAIN, 'Agent'),
      returned('b', MAIN, 'Agent'),
      returned('c', MAIN, 'mcp__db__query'),
    ]
    assert.deepEqual(outcomeOf(s, 1, ended(calls)).unasked, ['Agent', 'Agent', 'mcp__db__query'])
    for (const tool of ['Agent', 'mcp__db__drop']) {
      const event: GuardEvent = { ...callOf(tool, MAIN, tool), type: 'call', agent: MAIN }
      assert.equal(outcomeOf(s, 2, event).verdict.kind, 'block', tool)
    }
  })

  test('end the turn of an agent whose hook never runs, when they repeat themselves', () => {
    const s = given({})
    outcomeOf(s, 0, PROMPT)
    const round = (i: number) =>
      ended([{ ...returned(`${i}`), signature: `${MAIN_AGENT} ls`, result: 'a b' }])
    const ends = times(5, (i) => outcomeOf(s, i, round(i)).verdict.kind)
    assert.deepEqual(ends, ['allow', 'allow', 'allow', 'allow', 'halt'])
  })

  test('count in shadow mode too', () => {
    const policy = applySettings(DEFAULT_POLICY, { mode: 'shadow' })
    const s = session(policy)
    outcomeOf(s, 0, PROMPT)
    const outcome = asCounted(policy, outcomeOf(s, 1, ended(['a', 'b'])))
    assert.deepEqual([outcome.unasked.length, outcome.tally.calls], [2, 2])
  })
})
