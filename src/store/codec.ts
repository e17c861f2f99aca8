/**
 * What is remembered, as text in state.db and back. Written by us, but read as if by anybody: a row that does not parse
 * is dropped alone. What a newer version has added to a row is kept, so that it finds it again.
 *
 * Names in the file stay as they were when it was released: `meters` with a `ring`, `denied`, `latch` with `refused`,
 * `deniedRounds`, `denials`, `denial`.
 */

import { isObject, type Members, membersIn } from '../guard/members.ts'
import type {
  AgentState,
  AnsweredCall,
  Counter,
  Lasting,
  PastCall,
  SessionState,
  Trip,
} from '../guard/state.ts'
import { ALLOW, type Figure, type Verdict } from '../guard/verdict.ts'
import { MAX_COUNT, WINDOW_SECONDS, type Window } from '../guard/window.ts'

/** JSON of all but what lasts; answers as [id, signature, at], with the verdict unless it was "allow". */
export function encodeSession({ counters, blocked, answered, lasting: _, ...more }: SessionState): string {
  const meters = Object.entries(counters).map(([name, { window, warned }]) => [
    name,
    { ring: window, warned },
  ])
  const answers = answered.map(({ id, signature, at, verdict }) =>
    verdict.kind === 'allow' ? [id, signature, at] : [id, signature, at, verdict],
  )
  return JSON.stringify({ ...more, meters: Object.fromEntries(meters), denied: blocked, answered: answers })
}

/** Undefined when the text is not what encodeSession writes. */
export function decodeSession(text: string, lasting: Lasting): SessionState | undefined {
  const { meters, denied, answered, ...more } = membersIn(text)
  const answers = listOf(answered, answerOf)
  if (!isObject(meters) || !isWindow(denied) || !answers) return undefined
  const counters = Object.entries(meters).flatMap(([name, meter]) => {
    const counter = counterOf(meter)
    return counter ? [[name, counter] as const] : []
  })
  if (counters.length < Object.keys(meters).length) return undefined
  return { ...more, counters: Object.fromEntries(counters), blocked: denied, answered: answers, lasting }
}

export function encodeLasting({ trip, ...lasting }: Lasting): string {
  return JSON.stringify({ ...lasting, latch: trip && latchOf(trip) })
}

/** Undefined when the text is not what encodeLasting writes. Version 0.1 did not remember what was asked. */
export function decodeLasting(text: string): Lasting | undefined {
  const { epoch, hears, mode, latch, looping, asked, startedByAgent, memory, ...more } = membersIn(text)
  const trip = tripOf(latch)
  if (!isWhole(epoch) || !isHears(hears) || !isTexts(looping)) return undefined
  if ((mode !== 'enforce' && mode !== 'shadow') || (latch !== undefined && !trip)) return undefined
  return {
    ...more,
    epoch,
    hears,
    mode,
    looping,
    asked: isTexts(asked) ? asked : 'not all',
    ...(trip ? { trip } : {}),
    ...(startedByAgent === true ? { startedByAgent } : {}),
    ...(isObject(memory) ? { memory } : {}),
  }
}

/** JSON; past calls as [signature, at, isPoll, result, id], 0 for what is not known. */
export function encodeAgent({ blockedRounds, blocks, trip, round, ...agent }: AgentState): string {
  const history = agent.history.map(({ signature, at, isPoll, result, id }) => [
    signature,
    at,
    isPoll ? 1 : 0,
    result ?? 0,
    id ?? 0,
  ])
  const { block, ...begun } = round ?? {}
  return JSON.stringify({
    ...agent,
    history,
    deniedRounds: blockedRounds,
    denials: blocks,
    round: round && { ...begun, denial: block },
    latch: trip && latchOf(trip),
  })
}

/** Undefined when the text is not what encodeAgent writes. */
export function decodeAgent(text: string): AgentState | undefined {
  const { epoch, history, warned, round, lastRound, deniedRounds, denials, freeAt, latch, ...more } =
    membersIn(text)
  const [past, begun, trip] = [listOf(history, pastOf), roundOf(round), tripOf(latch)]
  if (!isWhole(epoch) || !past || !isTexts(warned) || !isWhole(deniedRounds) || !isWhole(denials))
    return undefined
  if ((round !== undefined && !begun) || (latch !== undefined && !trip)) return undefined
  if (!isOptional(lastRound, isLastRound) || !isOptional(freeAt, isWhole)) return undefined
  return {
    ...more,
    epoch,
    history: past,
    warned,
    blockedRounds: deniedRounds,
    blocks: denials,
    ...(begun ? { round: begun } : {}),
    ...(lastRound ? { lastRound } : {}),
    ...(freeAt === undefined ? {} : { freeAt }),
    ...(trip ? { trip } : {}),
  }
}

function answerOf(value: unknown): AnsweredCall | undefined {
  if (!Array.isArray(value)) return undefined
  const [id, signature, at, verdict = ALLOW] = value
  return isText(id) && isText(signature) && isWhole(at) && isVerdict(verdict)
    ? { id, signature, at, verdict }
    : undefined
}

function pastOf(value: unknown): PastCall | undefined {
  if (!Array.isArray(value)) return undefined
  const [signature, at, poll, result, id] = value
  if (!isText(signature) || !isWhole(at)) return undefined
  return {
    signature,
    at,
    isPoll: poll === 1,
    ...(isText(result) ? { result } : {}),
    ...(isText(id) ? { id } : {}),
  }
}

function counterOf(value: unknown): Counter | undefined {
  if (!isObject(value) || !isWindow(value.ring) || typeof value.warned !== 'boolean') return undefined
  return { window: value.ring, warned: value.warned }
}

function isWindow(value: unknown): value is Window {
  if (!isObject(value)) return false
  const { newest, buckets } = value
  if (!Number.isSafeInteger(newest) || !Array.isArray(buckets)) return false
  return buckets.length === WINDOW_SECONDS && buckets.every((count) => isWhole(count) && count <= MAX_COUNT)
}

function isVerdict(value: unknown): value is Verdict {
  return (
    isObject(value) &&
    (value.kind === 'allow' || (/^(warn|block|halt|ask)$/.test(String(value.kind)) && isFigure(value)))
  )
}

function latchOf({ blocked, ...trip }: Trip) {
  return { ...trip, refused: blocked }
}

function tripOf(value: unknown): Trip | undefined {
  if (!isObject(value) || !isFigure(value)) return undefined
  const { refused, at, ...figure } = value
  return isWhole(at) && isWhole(refused) ? { ...figure, at, blocked: refused } : undefined
}

function roundOf(value: unknown): AgentState['round'] {
  if (!isObject(value) || !isWhole(value.beganAt) || !isTexts(value.ids)) return undefined
  const { beganAt, ids, denial } = value
  if (denial === undefined) return { beganAt, ids }
  return isObject(denial) && isFigure(denial) ? { beganAt, ids, block: denial } : undefined
}

function isLastRound(value: unknown): value is NonNullable<AgentState['lastRound']> {
  return isObject(value) && isText(value.id) && isWhole(value.at)
}

function isHears(value: unknown): value is Lasting['hears'] {
  return (
    isObject(value) &&
    [value.prompts, value.results, value.rounds].every((heard) => typeof heard === 'boolean')
  )
}

/** The rule is not looked up: it may be one of a newer version. */
function isFigure<T extends Members>(value: T): value is T & Figure {
  return isText(value.rule) && isWhole(value.count) && isWhole(value.limit) && isOptional(value.of, isText)
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

/** A count, or a time in ms. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined
function isOptional(value: unknown, is: (value: unknown) => boolean): boolean
function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value)
}

/** Every entry read, or undefined when one of them is not what we write. */
function listOf<T>(value: unknown, read: (entry: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const entries = value.flatMap((entry) => read(entry) ?? [])
  return entries.length === value.length ? entries : undefined
}
