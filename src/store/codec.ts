/**
 * What the rules remember as text in state.db and back. Written by us, but read as if by anybody: a row that
 * does not parse is dropped alone.
 */

import type { AgentState, AnsweredCall, Lasting, Meter, PastCall, SessionState } from '../guard/state.ts'
import { ALLOW, type Verdict } from '../guard/verdict.ts'
import { MAX_COUNT, type Ring, WINDOW_SECONDS } from '../guard/window.ts'

/** JSON of all but what lasts; answers as [id, signature, at], with the verdict unless it was "allow". */
export function encodeSession({ meters, denied, answered }: SessionState): string {
  const answers = answered.map(({ id, signature, at, verdict }) =>
    verdict.kind === 'allow' ? [id, signature, at] : [id, signature, at, verdict],
  )
  return JSON.stringify({ meters, denied, answered: answers })
}

/** Undefined when the text is not what encodeSession writes. */
export function decodeSession(text: string, lasting: Lasting): SessionState | undefined {
  const { meters, denied, answered } = membersOf(text)
  const answers = listOf(answered, answerOf)
  if (!isObject(meters) || !isRing(denied) || !answers) return undefined
  const entries = Object.entries(meters).flatMap(([name, meter]) =>
    isMeter(meter) ? [[name, meter] as const] : [],
  )
  if (entries.length < Object.keys(meters).length) return undefined
  return { meters: Object.fromEntries(entries), denied, answered: answers, lasting }
}

export function encodeLasting(lasting: Lasting): string {
  return JSON.stringify(lasting)
}

/**
 * Undefined when the text is not what encodeLasting writes. Versions before 0.2 did not remember what was asked; what a
 * later one has added is kept.
 */
export function decodeLasting(text: string): Lasting | undefined {
  const { epoch, hears, mode, latch, looping, asked, startedByAgent, ...later } = membersOf(text)
  if (!isWhole(epoch) || !isHears(hears) || !isTexts(looping)) return undefined
  if ((mode !== 'enforce' && mode !== 'shadow') || !isOptional(latch, isLatch)) return undefined
  return {
    ...later,
    ...{ epoch, hears, looping, asked: isTexts(asked) ? asked : 'not all' },
    mode,
    ...(latch ? { latch } : {}),
    ...(startedByAgent === true ? { startedByAgent } : {}),
  }
}

/** JSON; past calls as [signature, at, isPoll, result, id], 0 for what is not known. */
export function encodeAgent(agent: AgentState): string {
  const history = agent.history.map(({ signature, at, isPoll, result, id }) => [
    ...[signature, at, isPoll ? 1 : 0, result ?? 0, id ?? 0],
  ])
  return JSON.stringify({ ...agent, history })
}

/** Undefined when the text is not what encodeAgent writes. */
export function decodeAgent(text: string): AgentState | undefined {
  const { epoch, history, warned, round, lastRound, deniedRounds, denials, freeAt, latch } = membersOf(text)
  const past = listOf(history, pastOf)
  if (!isWhole(epoch) || !past || !isTexts(warned) || !isWhole(deniedRounds) || !isWhole(denials))
    return undefined
  if (!isOptional(round, isRound) || !isOptional(latch, isLatch)) return undefined
  if (!isOptional(lastRound, isLastRound) || !isOptional(freeAt, isWhole)) return undefined
  return {
    ...{ epoch, history: past, warned, deniedRounds, denials },
    ...(round ? { round } : {}),
    ...(lastRound ? { lastRound } : {}),
    ...(freeAt === undefined ? {} : { freeAt }),
    ...(latch ? { latch } : {}),
  }
}

/** A change of Claude Code's settings that a session was kept from. */
export interface GuardChange {
  /** Unix ms. */
  readonly at: number
  readonly file: string
  /** Completes "FILE …". */
  readonly problem: string
}

export function encodeGuardChange(change: GuardChange): string {
  return JSON.stringify(change)
}

/** Undefined for none, and when the text is not what encodeGuardChange writes. */
export function decodeGuardChange(text: string): GuardChange | undefined {
  const { at, file, problem } = membersOf(text)
  return isWhole(at) && isText(file) && isText(problem) ? { at, file, problem } : undefined
}

/** Settings that have become looser while a session ran. */
export interface Loosening {
  /** When the last of them did: Unix ms. */
  readonly at: number
  /** Dotted names. */
  readonly settings: readonly string[]
}

export function encodeLoosening(loosening: Loosening): string {
  return JSON.stringify(loosening)
}

/** Undefined for none, and when the text is not what encodeLoosening writes. */
export function decodeLoosening(text: string): Loosening | undefined {
  const { at, settings } = membersOf(text)
  return isWhole(at) && isTexts(settings) ? { at, settings } : undefined
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
    ...{ signature, at, isPoll: poll === 1 },
    ...(isText(result) ? { result } : {}),
    ...(isText(id) ? { id } : {}),
  }
}

function isMeter(value: unknown): value is Meter {
  return isObject(value) && isRing(value.ring) && typeof value.warned === 'boolean'
}

function isRing(value: unknown): value is Ring {
  if (!isObject(value)) return false
  const { newest, buckets } = value
  if (!Number.isSafeInteger(newest) || !Array.isArray(buckets)) return false
  return buckets.length === WINDOW_SECONDS && buckets.every((count) => isWhole(count) && count <= MAX_COUNT)
}

function isVerdict(value: unknown): value is Verdict {
  return (
    isObject(value) &&
    (value.kind === 'allow' || (/^(warn|block|halt)$/.test(String(value.kind)) && isFigure(value)))
  )
}

function isLatch(value: unknown): value is NonNullable<Lasting['latch']> {
  return isObject(value) && isFigure(value) && isWhole(value.at) && isWhole(value.refused)
}

function isRound(value: unknown): value is NonNullable<AgentState['round']> {
  if (!isObject(value) || !isWhole(value.beganAt) || !isTexts(value.ids)) return false
  return isOptional(value.denial, (denial) => isObject(denial) && isFigure(denial))
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

function isFigure({ rule, count, limit }: Members): boolean {
  return /^(rate|spawn|tools|repeat)$/.test(String(rule)) && isWhole(count) && isWhole(limit)
}

type Members = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

/** A count, or a time in ms. */
function isWhole(value: unknown): value is number {
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

/** None when it is no JSON object: then every member is missing. */
function membersOf(text: string): Members {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {} // the caller drops the row and says so
  }
}
