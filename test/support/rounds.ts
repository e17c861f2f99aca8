/** Agents at work: messages of a model with tool calls, and what those return. */

import assert from 'node:assert/strict'
import type { GuardEvent, Prompter, ResultsEvent, ReturnedCall } from '../../src/guard/event.ts'
import type { Settings } from '../../src/guard/policy.ts'
import type { Verdict } from '../../src/guard/verdict.ts'
import { only } from './policies.ts'
import { meet, type Session, session } from './table.ts'

/** A call as a row of a test says it: what it is, and what it returns. */
export interface Made {
  readonly call: string
  readonly result?: string
  readonly tool?: string
  readonly poll?: boolean
  /** It is the host's own way to wait. */
  readonly wait?: true
  /** The host tells of it only at the end of its round. */
  readonly unasked?: boolean
}

export interface Scene extends Session {
  /** Seconds since the start. */
  seconds: number
  ids: number
}

/** The rules about what is called, with other settings laid over them; the others would get in the way. */
export function scene(settings: Settings = {}): Scene {
  return { ...session(only(['repeat', 'tools', 'spawn'], settings)), seconds: 0, ids: 0 }
}

/** What one message came to: a verdict for each call that was asked about, and one for the end of the round. */
export interface Answers {
  readonly calls: readonly Verdict['kind'][]
  readonly verdicts: readonly Verdict[]
  readonly end: Verdict
}

/** One message of an agent: all its calls are asked about at once, then the round ends with their results. */
export function round(s: Scene, made: readonly Made[], agent = 'main', afterSeconds = 5): Answers {
  s.seconds += afterSeconds
  const id = { id: agent, type: '' }
  const calls = made.map(({ call, tool = 'Bash', poll = false, wait }) => {
    s.ids += 1
    const more = wait ? { isWait: wait } : {}
    return { tool, id: `id${s.ids}`, signature: `${agent} ${tool} ${call}`, isPoll: poll, ...more }
  })
  const verdicts = calls.flatMap((call, index) =>
    made[index]?.unasked ? [] : [meet(s, s.seconds, { type: 'call', agent: id, ...call })],
  )
  s.seconds += 1
  const returned: ReturnedCall[] = calls.map((call, index) => {
    const result = made[index]?.result
    return result === undefined ? call : { ...call, result }
  })
  const event: GuardEvent = { type: 'results', agent: id, calls: returned, endsRound: true }
  return { calls: verdicts.map(({ kind }) => kind), verdicts, end: meet(s, s.seconds, event) }
}

/** The same message so many times; what its first call met each time, and how each round ended. */
export function rounds(
  s: Scene,
  times: number,
  made: Made | ((i: number) => Made),
  agent = 'main',
  afterSeconds?: number,
): string[] {
  return Array.from({ length: times }, (_, i) => {
    const { calls, end } = round(s, [typeof made === 'function' ? made(i) : made], agent, afterSeconds)
    return end.kind === 'halt' ? `${calls[0] ?? 'unasked'}, halt` : (calls[0] ?? 'unasked')
  })
}

export function prompt(s: Scene, by: Prompter = 'person'): Verdict {
  s.seconds += 1
  return meet(s, s.seconds, { type: 'prompt', agent: { id: 'main', type: '' }, by })
}

/** The only message of a session before the one that matters, so that it is known to tell of rounds. */
export function begun(settings?: Settings): Scene {
  const s = scene(settings)
  prompt(s)
  return s
}

/**
 * One row: at so many seconds an agent makes one message of these calls, and its round ends with these results, a word
 * each; what the calls and the end of the round are answered.
 *
 * A call is `ls`, `Agent:one` (of another tool), `?tasks` (a poll) or `+ls` (the host tells of it only at the end of the
 * round). A result is any word, `-` for none; no results at all leave the round open, and no calls end the open one.
 * Verdicts are `allow`, `warn:rate`, `block:rate`, `halt:session` and so on; the one after `=>` is that of the end.
 */
export type Message = readonly [
  seconds: number,
  agent: string,
  calls: string,
  results: string,
  verdicts: string,
]
/** A prompt, the end of a session, or a round that is told again. */
export type Other = readonly [
  seconds: number,
  agent: string,
  event: 'person' | 'schedule' | 'machine' | 'end' | 'again',
  verdict: string,
]

export type Rows = readonly (Message | Other)[]

export interface Play {
  readonly s: Scene
  readonly open: Map<string, ReturnedCall[]>
  readonly last: Map<string, ResultsEvent>
}

/** Follows the rows, in a session whose rate has no limits unless the settings say so. */
export function play(settings: Settings, rows: Rows): Play {
  const scened: Play = { s: scene(settings), open: new Map(), last: new Map() }
  playOn(scened, rows)
  return scened
}

export function playOn(p: Play, rows: Rows): void {
  for (const [index, row] of rows.entries()) {
    const said = row.length === 5 ? message(p, row) : other(p, row)
    assert.equal(said, row.at(-1), `row ${index + 1}: ${row.join(' | ')}`)
  }
}

function message(p: Play, [seconds, agent, calls, results]: Message): string {
  const made = words(calls).map((word) => callIn(p.s, agent, word))
  const asked = made.flatMap(({ isAsked, call }) =>
    isAsked ? [tell(p, seconds, { type: 'call', agent: { id: agent, type: '' }, ...call })] : [],
  )
  const open = [...(p.open.get(agent) ?? []), ...made.map(({ call }) => call)]
  p.open.set(agent, open)
  if (results === '') return asked.join(' ')
  const returned = words(results).map((result, index): ReturnedCall => {
    const call = open[index]
    assert.ok(call, `there is a call for the result ${result}`)
    return result === '-' ? call : { ...call, result }
  })
  assert.equal(returned.length, open.length, 'each call has a result, or "-"')
  const event: ResultsEvent = {
    type: 'results',
    agent: { id: agent, type: '' },
    calls: returned,
    endsRound: true,
  }
  p.open.delete(agent)
  p.last.set(agent, event)
  return [...asked, '=>', tell(p, seconds, event)].join(' ')
}

function other(p: Play, [seconds, agent, event]: Other): string {
  const id = { id: agent, type: '' }
  if (event === 'end') return tell(p, seconds, { type: 'session_end', agent: id })
  if (event !== 'again') return tell(p, seconds, { type: 'prompt', agent: id, by: event })
  const last = p.last.get(agent)
  assert.ok(last, `${agent} has ended a round`)
  return tell(p, seconds, last)
}

function tell(p: Play, seconds: number, event: GuardEvent): string {
  const verdict = meet(p.s, seconds, event)
  if (verdict.kind === 'allow') return 'allow'
  return `${verdict.kind}:${verdict.kind === 'halt' ? verdict.scope : verdict.rule}`
}

function callIn(s: Scene, agent: string, word: string) {
  const [, mark = '', tool = 'Bash', what = ''] = /^([?+]?)(?:(\w+):)?(.+)$/.exec(word) ?? []
  s.ids += 1
  return {
    isAsked: mark !== '+',
    call: { id: `id${s.ids}`, tool, signature: `${agent} ${tool} ${what}`, isPoll: mark === '?' },
  }
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}

/** A loop of one call, blocked at its sixth; the host is known to tell of rounds by then. */
export function looped(agent: string, from = 0): Rows {
  return [
    [from, agent, 'ls', 'same', 'allow => allow'],
    [from + 1, agent, 'ls', 'same', 'allow => allow'],
    [from + 2, agent, 'ls', 'same', 'allow => allow'],
    [from + 3, agent, 'ls', 'same', 'warn:repeat => allow'],
    [from + 4, agent, 'ls', 'same', 'allow => allow'],
  ]
}

export const LOOPED = looped('main')

/** What three more rounds of the same loop come to: the agent is halted, alone or with the whole session. */
export function halted(agent: string, from: number, scope: 'agent' | 'session'): Rows {
  return [
    [from, agent, 'ls', 'blocked', 'block:repeat => allow'],
    [from + 1, agent, 'ls', 'blocked', 'block:repeat => allow'],
    [from + 2, agent, 'ls', 'blocked', `block:repeat => halt:${scope}`],
  ]
}
