/** What the rules about calls a minute share: a counter with a pair of limits, and its words. */

import { type Counter, counterIn, type SessionState } from '../state.ts'
import type { Block, Figure, Finding } from '../verdict.ts'
import { aged, countOf, emptiesTo, type Window, withCall } from '../window.ts'
import { againstLimits, type Words } from './rule.ts'

export interface Limits {
  /** Calls a minute at which we speak once; 0 = never. */
  readonly warnPerMin: number
  /** Calls a minute of which the last is blocked; 0 = never. */
  readonly blockPerMin: number
}

/** Whose limits these are. */
interface Of {
  readonly rule: string
  readonly of?: string
  /** The name of the counter. */
  readonly counter: string
}

/** What a pair of limits says of one more call at `now` (Unix ms). */
export function judgeLimits(
  session: SessionState,
  { counter, ...of }: Of,
  limits: Limits,
  now: number,
): Finding {
  const { window, warned } = currentCounter(session, counter, limits.warnPerMin, now)
  const at = { warnAt: limits.warnPerMin, blockAt: limits.blockPerMin }
  const found = againstLimits({ ...of, count: countOf(window) + 1 }, at)
  const verdict =
    found.verdict.kind === 'block'
      ? { ...found.verdict, ...retryAfter(window, at.blockAt, now) }
      : found.verdict
  return { ...found, verdict, counter, isSpoken: warned }
}

/** A place is free when one more call would stay below the limit. */
function retryAfter(window: Window, limit: number, now: number): { retryAfterMs?: number } {
  const free = emptiesTo(window, limit - 2)
  return free === undefined ? {} : { retryAfterMs: Math.max(0, free - now) }
}

/** The counter as it stands at `now`: aged, and its warning armed again below 80 % of the limit. */
function currentCounter(session: SessionState, name: string, warnPerMin: number, now: number): Counter {
  const { window, warned } = counterIn(session, name)
  const current = aged(window, now)
  return { window: current, warned: warned && countOf(current) * 5 >= warnPerMin * 4 }
}

/** The session with one more admitted call in the counter that a finding names; `isSpoken` if its warning is told. */
export function counted(
  session: SessionState,
  finding: Finding,
  isSpoken: boolean,
  now: number,
): SessionState {
  const { counter, warnAt } = finding
  if (counter === undefined) return session
  const { window, warned } = currentCounter(session, counter, warnAt, now)
  const grown = { window: withCall(window), warned: warned || isSpoken }
  return { ...session, counters: { ...session.counters, [counter]: grown } }
}

/** A place that is free this soon is worth waiting for, so the model is told to wait and not to stop. */
const WORTH_WAITING_SECONDS = 10

/** The words of such a rule; `calls` is what is counted, such as "tool calls". */
export function wordsOfLimits(calls: (figure: Figure) => string): Words {
  const facts: Words['facts'] = (figure, where) =>
    `${figure.count} ${calls(figure)} in the last 60 s ${where}`
  return {
    machine: 'rate_limited',
    facts,
    blockFacts: (block, where) => `${facts(block, where)} (limit ${block.limit}/min). ${placeFree(block)}`,
    blockAdvice,
    warning: (warn, where) => `${facts(warn, where)} (warning at ${warn.limit}/min)`,
    warnAdvice: ({ blockLimit }) => {
      const end = blockLimit > 0 ? ` At ${blockLimit} they are blocked.` : ''
      return `${end} If you are repeating yourself, stop and say what you are trying to do; else go on with fewer calls.`
    },
  }
}

function placeFree({ retryAfterMs }: Block): string {
  if (retryAfterMs === undefined) return 'This limit lets no call through.'
  return `A place is free in ${Math.ceil(retryAfterMs / 1000)} s.`
}

function blockAdvice({ retryAfterMs, nth = 1 }: Block): string {
  if (retryAfterMs !== undefined && Math.ceil(retryAfterMs / 1000) <= WORTH_WAITING_SECONDS)
    return 'Wait that long before the next tool call.'
  if (nth === 1) return 'Do not retry now: say in plain text what you were doing and stop.'
  return `This is block ${nth} in a row. Make no further tool call now: say in plain text what you were doing and stop.`
}
