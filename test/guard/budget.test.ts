/** Tokens, and dollars, since a person last wrote, of the session, and of the day. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GuardEvent, Spent } from '../../src/guard/event.ts'
import type { Settings } from '../../src/guard/policy.ts'
import { DEFAULT_POLICY } from '../../src/guard/policy.ts'
import { isUnlimited, spentIn } from '../../src/guard/rules/budget.ts'
import type { Verdict } from '../../src/guard/verdict.ts'
import { blockReason, factsOf, stopReason, warnAdvice, warningFacts } from '../../src/messages/sentences.ts'
import { ALL_OFF, only } from '../support/policies.ts'
import { MAIN, meet, type Session, START, session } from '../support/table.ts'

const HOUR = 3600
/** Of the day in which the tests run. */
const MIDNIGHT = START + 10 * HOUR * 1000

const LIMITS = { prompt: { warnTokens: 20, haltTokens: 100 } }
const budgeted = (budget: Settings['budget'] = LIMITS) => session(only([], { budget }))

function spent(used: { prompt?: number; total?: number; day?: number; dayEndsAt?: number } = {}): Spent {
  const { prompt = 0, total = prompt, day = total, dayEndsAt = MIDNIGHT } = used
  return { prompt, session: total, day, dayEndsAt }
}

let ids = 0

const call = (): GuardEvent => {
  ids += 1
  return { type: 'call', agent: MAIN, tool: 'Bash', signature: `s${ids}`, isPoll: false, id: `i${ids}` }
}

/** The end of a round, at which so much is known to be used up. */
function round(tokens?: Spent, cents?: Spent): GuardEvent {
  ids += 1
  const returned = { tool: 'Bash', signature: `s${ids}`, isPoll: false, id: `i${ids}`, result: `r${ids}` }
  const used = { ...(tokens && { tokens }), ...(cents && { cents }) }
  return { type: 'results', agent: MAIN, calls: [returned], endsRound: true, ...used }
}

const stop = (tokens?: Spent): GuardEvent => ({ type: 'turn_end', agent: MAIN, ...(tokens && { tokens }) })

function prompt(tokens?: Spent, by: 'person' | 'machine' = 'person'): GuardEvent {
  return { type: 'prompt', agent: MAIN, by, ...(tokens && { tokens }) }
}

type Row = readonly [seconds: number, event: GuardEvent, verdict: string]

/** "halt prompt tokens 100/100": what is said, of which limit, and its figures. */
function told(verdict: Verdict): string {
  if (verdict.kind === 'allow') return 'allow'
  return `${verdict.kind} ${verdict.of} ${verdict.count}/${verdict.limit}`
}

function follow(s: Session, rows: readonly Row[]): void {
  for (const [seconds, event, verdict] of rows) assert.equal(told(meet(s, seconds, event)), verdict)
}

describe('the budget rule', () => {
  test('warns once at the next call, and halts at the end of the round that reaches the limit', () => {
    follow(budgeted(), [
      [0, prompt(), 'allow'],
      [1, round(spent({ prompt: 19 })), 'allow'],
      [2, call(), 'allow'],
      [3, round(spent({ prompt: 20 })), 'allow'],
      [4, call(), 'warn prompt tokens 20/20'],
      [5, call(), 'allow'],
      [6, round(spent({ prompt: 99 })), 'allow'],
      [7, call(), 'allow'],
      [8, round(spent({ prompt: 100 })), 'halt prompt tokens 100/100'],
      [9, call(), 'halt prompt tokens 100/100'],
    ])
  })

  test('halts at the end of a turn, of an agent too', () => {
    follow(budgeted(), [[1, stop(spent({ prompt: 100 })), 'halt prompt tokens 100/100']])
    const ofAgent = { ...stop(spent({ prompt: 100 })), agent: { id: 'a1', type: 'Explore' } }
    follow(budgeted(), [
      [1, ofAgent, 'halt prompt tokens 100/100'],
      [2, call(), 'halt prompt tokens 100/100'],
    ])
  })

  test("a person's prompt begins a new stretch with what is there as of before", () => {
    follow(budgeted(), [
      [1, round(spent({ prompt: 100 })), 'halt prompt tokens 100/100'],
      [2, prompt(spent({ prompt: 130 })), 'allow'],
      [3, call(), 'allow'],
      [4, round(spent({ prompt: 20, total: 150 })), 'allow'],
      [5, call(), 'warn prompt tokens 20/20'],
    ])
  })

  test("a machine's prompt begins none", () => {
    follow(budgeted(), [
      [1, round(spent({ prompt: 60 })), 'allow'],
      [2, prompt(spent({ prompt: 100 }), 'machine'), 'halt prompt tokens 100/100'],
    ])
  })

  test("a session's limit holds over all its prompts", () => {
    follow(budgeted({ ...LIMITS, session: { warnTokens: 50, haltTokens: 120 } }), [
      [1, round(spent({ prompt: 10, total: 60 })), 'allow'],
      [2, call(), 'warn session tokens 60/50'],
      [3, prompt(spent({ prompt: 10, total: 60 })), 'allow'],
      [4, round(spent({ prompt: 1, total: 61 })), 'allow'],
      [5, call(), 'allow'],
      [6, round(spent({ prompt: 60, total: 120 })), 'halt session tokens 120/120'],
      [7, prompt(spent({ prompt: 60, total: 120 })), 'allow'],
      [8, call(), 'halt session tokens 120/120'],
    ])
  })

  test("a day's limit ends at midnight, and so does its warning", () => {
    const s = budgeted({ day: { warnTokens: 50, haltTokens: 100 }, prompt: { warnTokens: 0, haltTokens: 0 } })
    const late = 10 * HOUR
    follow(s, [
      [1, round(spent({ prompt: 1, day: 60 })), 'allow'],
      [2, call(), 'warn day tokens 60/50'],
      [late - 1, call(), 'allow'],
      [late, round(spent({ prompt: 2, day: 50, dayEndsAt: MIDNIGHT + 24 * HOUR * 1000 })), 'allow'],
      [late + 1, call(), 'warn day tokens 50/50'],
      [
        late + 2,
        round(spent({ day: 100, dayEndsAt: MIDNIGHT + 24 * HOUR * 1000 })),
        'halt day tokens 100/100',
      ],
    ])
    follow(budgeted({ day: { warnTokens: 0, haltTokens: 100 } }), [
      [1, round(spent({ day: 99 })), 'allow'],
      [late, call(), 'allow'],
      [late + 1, stop(), 'allow'],
    ])
  })

  test('dollars are counted beside tokens, in cents', () => {
    follow(budgeted({ prompt: { warnTokens: 0, haltTokens: 0, warnUsd: 0.5, haltUsd: 1.255 } }), [
      [1, round(undefined, spent({ prompt: 49 })), 'allow'],
      [2, call(), 'allow'],
      [3, round(undefined, spent({ prompt: 50 })), 'allow'],
      [4, call(), 'warn prompt cents 50/50'],
      [5, round(undefined, spent({ prompt: 125 })), 'allow'],
      [6, round(undefined, spent({ prompt: 126 })), 'halt prompt cents 126/126'],
    ])
  })

  test('what is not looked at stays as it was told last', () => {
    follow(budgeted(), [
      [1, round(spent({ prompt: 60 })), 'allow'],
      [2, round(), 'allow'],
      [3, call(), 'warn prompt tokens 60/20'],
    ])
  })

  test('a round that is told of again tells what was used up meanwhile', () => {
    const s = budgeted()
    const again = round(spent({ prompt: 10 }))
    follow(s, [
      [1, again, 'allow'],
      [2, { ...again, tokens: spent({ prompt: 100 }) }, 'halt prompt tokens 100/100'],
    ])
  })

  test('a person who is there is asked at the next call; yes is good for as much again', () => {
    const s = session(only([], { budget: LIMITS, ask: true }))
    const there = (event: GuardEvent): GuardEvent => ({ ...event, isAttended: true })
    const asked = there(call())
    follow(s, [
      [1, there(round(spent({ prompt: 100 }))), 'allow'],
      [2, asked, 'ask prompt tokens 100/100'],
    ])
    assert.ok(asked.type === 'call' && asked.id)
    const ran = { ...there(round(spent({ prompt: 150 }))), calls: [{ ...asked, result: 'done' }] }
    follow(s, [
      [3, ran as GuardEvent, 'allow'],
      [4, there(call()), 'warn prompt tokens 150/20'],
      [5, there(round(spent({ prompt: 200 }))), 'allow'],
      [6, there(call()), 'ask prompt tokens 200/200'],
    ])
  })

  test('a yes is good for the limit that was asked about, and for no other', () => {
    const s = budgeted({ ...LIMITS, session: { warnTokens: 0, haltTokens: 150 } })
    const there = (event: GuardEvent): GuardEvent => ({ ...event, isAttended: true })
    const asked = there(call())
    assert.ok(asked.type === 'call' && asked.id)
    const ran = { ...there(round(spent({ prompt: 150 }))), calls: [{ ...asked, result: 'done' }] }
    follow(s, [
      [1, there(round(spent({ prompt: 100 }))), 'allow'],
      [2, asked, 'ask prompt tokens 100/100'],
      [3, ran as GuardEvent, 'allow'],
      [4, there(call()), 'ask session tokens 150/150'],
      [5, there(round(spent({ prompt: 199 }))), 'allow'],
      [6, there(call()), 'ask session tokens 199/150'],
    ])
  })

  test('knows what was used up, as it holds now', () => {
    const s = budgeted()
    meet(s, 1, round(spent({ prompt: 30, total: 40, day: 50 })))
    assert.deepEqual(spentIn(s.session, START).tokens, {
      prompt: 30,
      session: 40,
      day: 50,
      dayEndsAt: MIDNIGHT,
    })
    assert.equal(spentIn(s.session, MIDNIGHT).tokens.day, 0)
    meet(s, 2, prompt())
    assert.deepEqual(spentIn(s.session, START).tokens, {
      prompt: 0,
      session: 40,
      day: 50,
      dayEndsAt: MIDNIGHT,
    })
  })

  test('nobody need look where nothing is limited', () => {
    assert.equal(isUnlimited(DEFAULT_POLICY, 'tokens'), false)
    assert.equal(isUnlimited(DEFAULT_POLICY, 'cents'), true)
    assert.equal(isUnlimited(only([], ALL_OFF), 'tokens'), true)
    for (const stretch of ['prompt', 'session', 'day'] as const) {
      assert.equal(isUnlimited(only([], { budget: { [stretch]: { warnTokens: 1 } } }), 'tokens'), false)
      assert.equal(isUnlimited(only([], { budget: { [stretch]: { haltUsd: 0.1 } } }), 'cents'), false)
    }
  })
})

describe('what is said of a budget', () => {
  const SESSION = { tenant: '', user: '', kind: 'session', id: 's1' } as const
  const figure = { rule: 'budget', of: 'prompt tokens', count: 100_260_000, limit: 100_000_000 }

  test('has the machine word, the figures in short, and the way out', () => {
    assert.equal(
      stopReason(figure, SESSION, 'session'),
      'spikectl ended the turn of this session (budget_exceeded: 100.2 M tokens since a person last wrote). If it is meant to cost that much: spikectl config set budget.prompt.haltTokens 200000000.',
    )
    const block = { ...figure, kind: 'block' } as const
    assert.equal(
      blockReason(block, SESSION).facts,
      'budget_exceeded: 100.2 M tokens since a person last wrote (limit 100 M tokens).',
    )
    const warn = { ...figure, kind: 'warn', limit: 20_000_000, blockLimit: 100_000_000 } as const
    assert.equal(
      `${warningFacts(warn, SESSION)}.${warnAdvice(warn)}`,
      '100.2 M tokens since a person last wrote (warning at 20 M tokens). At 100 M tokens the turn is ended. Come to an end: say what is done and what is left.',
    )
    assert.doesNotMatch(warnAdvice({ ...warn, blockLimit: 0 }), /ended/)
  })

  for (const [of, count, facts] of [
    ['session tokens', 999, '999 tokens since the session began'],
    ['session tokens', 1_999, '1.9 k tokens since the session began'],
    ['day tokens', 2_000_000_000, '2 G tokens today, by all sessions of this user'],
    ['prompt cents', 1_205, '$12.05 since a person last wrote'],
  ] as const) {
    test(`${count} of ${of} are "${facts}"`, () => {
      assert.equal(factsOf({ ...figure, of, count }, SESSION), facts)
    })
  }

  test('the way out of a limit in dollars is in dollars', () => {
    const dollars = { ...figure, of: 'day cents', count: 251, limit: 250 }
    assert.match(stopReason(dollars, SESSION, 'session'), /config set budget\.day\.haltUsd 5\.$/)
  })
})
