/**
 * The quota rule: what the client says of its user's limits. It warns, and where the owner says so halts, at a percentage
 * of the one that is used most. And it halts a session whose client was refused at a limit: wake-ups, teammates and
 * background agents would go on asking.
 *
 * Each crossing is told once in a session, and halts it once: a person who writes after that has said to go on. It is
 * another crossing when the percentage has been below in between, as it is when the limit begins anew.
 */

import type { GuardEvent } from '../event.ts'
import { limit, onOff } from '../setting.ts'
import { memoryIn, type SessionState, withMemory } from '../state.ts'
import type { Figure, Finding } from '../verdict.ts'
import { durationOf } from './loop.ts'
import { againstHalt, type Rule, type Words } from './rule.ts'

const settings = {
  warnPercent: {
    ...limit(
      90,
      'lower',
      'Percent of a limit of your subscription, as the status line is told it, at which the model and you are told once.',
      100,
    ),
    warnsBefore: 'haltPercent',
  },
  haltPercent: limit(0, 'lower', 'The same percentage, at which the turn is ended.', 100),
  haltOnLimitError: onOff(
    true,
    'on',
    'End what still runs when the client was refused for its rate, or because nobody pays, until a person writes.',
  ),
}

const NONE = {
  /** Whole percent, rounded down. */
  percent: 0,
  window: '',
  /** Unix ms; 0 when it is not known. */
  resetsAt: 0,
  /** The limits that were told, and that have halted, as long as the percentage has not been below. */
  warnedAt: 0,
  haltedAt: 0,
}

type Memory = typeof NONE

/** What the figure of a refusal is of. */
const REFUSAL = 'refusal'

/** How much of a limit is used, as the session has heard it last; `limit` is the one that it is held against. */
export function quotaIn(session: SessionState, limit: number, now: number): Figure {
  return { ...countOf(inForce(remembered(session), now), now), limit }
}

export const quota: Rule<'quota', typeof settings> = {
  name: 'quota',
  settings,
  counts: 'the session',
  lifts: 'with time',
  halts: 'the session',
  words: wordsOfQuota(),
  judge({ session }, event, { quota: limits }, now) {
    const heard = withEvent(session, event, now)
    const count = countOf(heard, now)
    const haltAt = heard.haltedAt >= limits.haltPercent ? 0 : limits.haltPercent
    const found = againstHalt(count, { warnAt: limits.warnPercent, haltAt })
    const usage = askingNobody({ ...found, isSpoken: heard.warnedAt >= limits.warnPercent })
    const isRefused = event.type === 'turn_end' && event.limitError && limits.haltOnLimitError
    return isRefused ? [refusal(count), usage] : [usage]
  },
  remember({ session, agent }, event, { spoken, now }) {
    const before = remembered(session)
    const heard = withEvent(session, event, now)
    const warnedAt = spoken?.rule === 'quota' ? spoken.warnAt : heard.warnedAt
    const haltedAt = haltedBy(session, heard) ?? heard.haltedAt
    const isSame = heard === before && warnedAt === heard.warnedAt && haltedAt === heard.haltedAt
    const after = isSame ? session : withMemory(session, 'quota', { ...heard, warnedAt, haltedAt })
    return { agent, session: after }
  },
}

function remembered({ lasting }: SessionState): Memory {
  return memoryIn(lasting, 'quota', NONE)
}

/** What is remembered after the event; the same where that changes nothing. */
function withEvent(session: SessionState, { quota: told }: GuardEvent, now: number): Memory {
  const memory = inForce(remembered(session), now)
  if (!told) return memory
  const percent = Math.floor(told.percent)
  const { window, resetsAt = 0 } = told
  const still = (limit: number) => (percent < limit ? 0 : limit)
  const { warnedAt, haltedAt } = memory
  return inForce({ percent, window, resetsAt, warnedAt: still(warnedAt), haltedAt: still(haltedAt) }, now)
}

/** A limit that has begun anew since is as good as unused. */
function inForce(memory: Memory, now: number): Memory {
  return memory.resetsAt > 0 && now >= memory.resetsAt ? NONE : memory
}

/** The limit at which this rule has halted the session; what shadow mode would have halted has gone on. */
function haltedBy({ lasting: { trip, mode } }: SessionState, { percent }: Memory): number | undefined {
  const isOurs = trip?.rule === 'quota' && trip.of !== REFUSAL && mode === 'enforce'
  return isOurs && percent >= trip.limit ? trip.limit : undefined
}

/** What is counted, without a limit. */
function countOf({ percent, window, resetsAt }: Memory, now: number): Omit<Figure, 'limit'> {
  return {
    rule: 'quota',
    count: percent,
    ...(window === '' ? {} : { of: window }),
    ...(resetsAt > 0 ? { resetsInMs: resetsAt - now } : {}),
  }
}

/** The client was refused: when that ends is known where a limit is used up. */
function refusal({ count, resetsInMs }: Omit<Figure, 'limit'>): Finding {
  const figure = { rule: 'quota', of: REFUSAL, count: 1 }
  const until = count >= 100 && resetsInMs !== undefined ? { resetsInMs } : {}
  return askingNobody({ ...againstHalt({ ...figure, ...until }, { warnAt: 0, haltAt: 1 }), isSpoken: false })
}

function askingNobody(finding: Finding): Finding {
  const { verdict } = finding
  return verdict.kind === 'halt' ? { ...finding, verdict: { ...verdict, asksNobody: true } } : finding
}

function wordsOfQuota(): Words {
  const facts: Words['facts'] = ({ count, of, resetsInMs }) => {
    const until = resetsInMs === undefined ? '' : `, which resets in ${durationOf(resetsInMs)}`
    if (of === REFUSAL) return `the client was refused at a limit of its provider${until}`
    const name = of === undefined ? '' : `${of.replaceAll('_', '-')} `
    return `${count} % of the ${name}limit is used${until}`
  }
  return {
    machine: 'quota_reached',
    facts,
    blockFacts: (block, where) => `${facts(block, where)} (limit ${block.limit} %).`,
    blockAdvice: () => 'Say in plain text what is done and what is left, and stop.',
    warning: (warn, where) => `${facts(warn, where)} (warning at ${warn.limit} %)`,
    warnAdvice: ({ blockLimit }) => {
      const end = blockLimit > 0 ? ` At ${blockLimit} % the turn is ended.` : ''
      return `${end} Finish what matters most, and begin nothing large.`
    },
  }
}
