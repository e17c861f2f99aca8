/**
 * Questions: where a person is there to answer, a rule that would end the turn has the client ask first. A yes is good
 * for as much again, until a person writes the next prompt; after a no the turn ends.
 *
 * Only calls can be asked about. So what is found at the end of a turn is asked at the next call; a turn that goes on
 * without one ends when it ends the next time.
 */

import { type GuardEvent, MAIN_AGENT, type ResultsEvent } from './event.ts'
import type { General } from './general.ts'
import { memoryIn, type SessionState, withMemory } from './state.ts'
import type { Figure, Halt } from './verdict.ts'

/** What is remembered of the questions about one limit, under this name, that of the rule, and what the limit is of. */
const QUESTION = 'question '

const NONE = {
  /** The session's epoch in which this was remembered: a person's prompt begins a new one. */
  epoch: 0,
  /** How often the main agent's turn has ended since, or since a call was asked about last, and when: Unix ms. */
  ends: 0,
  endedAt: 0,
  /** A person has said yes to it at one of several calls. */
  isGranted: false,
  /** Keyed hashes of the ids of the calls that it was asked at, each followed by a space. */
  ids: '',
  rule: '',
  of: '',
  count: 0,
  limit: 0,
  /** How often a person has said yes. */
  granted: 0,
}

/** A hook that is registered twice tells twice of the end of a turn, at once. */
export const END_REPEATED_WITHIN_MS = 1000

/** Calls of one message that are asked about; the rest of them are asked about too, and their answers not waited for. */
const MAX_IDS = 64

function questionIn(session: SessionState, name: string): typeof NONE {
  const { epoch } = session.lasting
  const known = memoryIn(session.lasting, name, NONE)
  return known.epoch === epoch ? known : { ...NONE, epoch }
}

function nameOf(rule: string, of: string): string {
  return `${QUESTION}${rule} ${of}`
}

/** A limit with what persons have granted since the last prompt: as much again each time. */
export function granted(session: SessionState, rule: string, limit: number, of = ''): number {
  return limit * (1 + questionIn(session, nameOf(rule, of)).granted)
}

/** True when a person is asked before this ends the turn. */
export function isAsked(
  session: SessionState,
  halt: Halt,
  event: GuardEvent,
  policy: General,
  now: number,
): boolean {
  if (halt.asksNobody || !event.isAttended || !policy.ask || policy.mode !== 'enforce') return false
  if (event.type === 'call') return event.id !== undefined
  return !isEndWithoutCall(questionIn(session, nameOf(halt.rule, halt.of ?? '')), event, now)
}

/**
 * The main agent's turn ends again, and has made no call since at which the question could have been asked. Where a call
 * is asked about, that of a subagent perhaps, one more end may come before the answer; which may never come.
 */
function isEndWithoutCall({ ends, endedAt, ids }: typeof NONE, event: GuardEvent, now: number): boolean {
  return isEnd(event, endedAt, now) && ends >= (ids === '' ? 1 : 2)
}

function isEnd({ type, agent }: GuardEvent, endedAt: number, now: number): boolean {
  return type === 'turn_end' && agent.id === MAIN_AGENT && Math.abs(now - endedAt) >= END_REPEATED_WITHIN_MS
}

/** The session in which this is asked at the event, or at the next call where the event is none. */
export function withQuestion(
  session: SessionState,
  halt: Halt,
  event: GuardEvent,
  now: number,
): SessionState {
  const { rule, count, limit, of = '' } = halt
  const name = nameOf(rule, of)
  const known = { ...questionIn(session, name), rule, of, count, limit }
  return withMemory(session, name, withMoment(known, event, now))
}

function withMoment(question: typeof NONE, event: GuardEvent, now: number): typeof NONE {
  const { ids, ends, endedAt } = question
  if (event.type === 'call') {
    const last = ids.split(' ').slice(-MAX_IDS).join(' ')
    return { ...question, ids: `${last}${event.id} `, ends: 0, isGranted: false }
  }
  return isEnd(event, endedAt, now) ? { ...question, ends: ends + 1, endedAt: now } : question
}

/** What a person has said, as the results of the calls tell it. */
export interface Answer {
  readonly session: SessionState
  /** They said yes. */
  readonly isYes: boolean
  /** They said no to this. */
  readonly no?: Figure
}

/** A call that was asked about and has not run is a no; one that has run is a yes. One no is enough, and one yes counts. */
export function answerIn(session: SessionState, event: ResultsEvent): Answer {
  let answer: Answer = { session, isYes: false }
  for (const name of Object.keys(session.lasting.memory ?? {})) {
    if (!name.startsWith(QUESTION)) continue
    const question = questionIn(session, name)
    const { rule, of, count, limit } = question
    const asked = question.ids.split(' ').slice(0, -1)
    const own = event.calls.filter(({ id }) => id !== undefined && asked.includes(id))
    if (own.length === 0) continue
    const isYes = own.every(({ result, isRefused }) => result !== undefined && !isRefused)
    const grants = isYes && !question.isGranted
    const left = asked.filter((id) => !own.some((call) => call.id === id))
    const after = {
      ...question,
      ids: left.map((id) => `${id} `).join(''),
      ends: 0,
      isGranted: isYes && left.length > 0,
      granted: question.granted + (grants ? 1 : 0),
    }
    const figure = { rule, count, limit, ...(of === '' ? {} : { of }) }
    answer = {
      session: withMemory(answer.session, name, after),
      isYes: answer.isYes || grants,
      ...(isYes ? {} : { no: figure }),
    }
  }
  return answer
}
