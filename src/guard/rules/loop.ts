/**
 * The repeat rule: a call that keeps bringing the same result is a loop, however slow.
 *
 * A call is a loop when it has brought the same result N times with at most K different other calls among them. Others
 * are counted once each, so what differs each time, such as an edit before each check, is progress and breaks the
 * loop. A busy wait is one too: the same call 15 times, whatever it brought, each soon after the one before. How often the
 * rule speaks in real sessions: `npm run bench -- detection`.
 */

import type { CallEvent, ReturnedCall } from '../event.ts'
import { prompterOf } from '../prompter.ts'
import { onOff } from '../setting.ts'
import type { AgentState, PastCall } from '../state.ts'
import { ALLOW, type Block, type Figure, type Finding, type Warn } from '../verdict.ts'
import {
  equalInARow,
  isReached,
  perhapsEqual,
  sameAs,
  type Threshold,
  withUsualResult,
} from './repetition.ts'
import type { Done, Rule, Words } from './rule.ts'

/** A call is blocked after these; one that asks whether something is done yet only after the second. */
const BLOCK: readonly Threshold[] = [
  { times: 5, others: 2 },
  { times: 8, others: 6 },
]

/** A call is warned of when it is the last of these; a result that is not known yet may be the same. */
const WARN: readonly Threshold[] = [
  { times: 4, others: 2 },
  { times: 7, others: 4 },
]

/** Made so often, with so few others among them, and more than half of them less than so many ms after the one before. */
const BUSY_WAIT = { times: 15, others: 2, withinMs: 20_000 }
/** The figure and audit line of a block say by this which of the two it was. */
const OF_BUSY_WAIT = 'busy wait'
/** Who waits does nothing wrong but in how: so many rounds in a row are for finding the way out. */
const BUSY_ROUNDS = 10

const NONE: Threshold = { times: 0, others: 0 }

const settings = {
  warn: onOff(true, 'on', 'Speak when a call is repeated.'),
  block: onOff(true, 'on', 'Block a call that keeps bringing the same result.'),
}

type Call = Pick<PastCall, 'signature' | 'isPoll'>

export const loop: Rule<'repeat', typeof settings> = {
  name: 'repeat',
  settings,
  counts: 'each agent',
  lifts: 'with progress',
  halts: 'the session with a second agent',
  words: wordsOfLoops(),
  judge({ agent }, event, policy, now) {
    if (event.type === 'call')
      return [
        judgeCall(agent, event, policy.repeat, now),
        ...(policy.repeat.block && !event.isWait ? [judgeBusyWait(agent, event, now)] : []),
      ]
    if (event.type !== 'results' || !event.endsRound || !policy.repeat.block) return []
    return unaskedLoops(agent, event.calls, now)
  },
  remember({ session, agent }, event, done) {
    if (event.type === 'call' && done.isAdmitted) return { session, agent: withWarned(agent, event, done) }
    // The same check at each wake-up is what a schedule is for.
    const isScheduled = event.type === 'prompt' && prompterOf(event, session.lasting) === 'schedule'
    return { session, agent: isScheduled ? { ...agent, history: [], warned: [] } : agent }
  },
}

function judgeCall(
  agent: AgentState,
  call: CallEvent,
  { warn, block }: { readonly warn: boolean; readonly block: boolean },
  now: number,
): Finding {
  const same = sameAs(agent.history, call)
  const [limit = NONE] = applying(BLOCK, call)
  const figures = {
    rule: 'repeat',
    count: equalInARow(same),
    warnAt: warn && !call.isPoll ? 3 : 0,
    blockAt: block ? limit.times : 0,
    isSpoken: agent.warned.includes(call.signature),
    lifts: `after ${limit.others + 1} different other calls`,
  }
  const looped = block ? loopOf(agent.history, call) : undefined
  const verdict = looped ? blockOf(looped, now) : warn && warned(agent.history, same, call, figures.blockAt)
  return { ...figures, verdict: verdict || ALLOW }
}

function judgeBusyWait({ history }: AgentState, call: CallEvent, now: number): Finding {
  const same = sameAs(history, call)
  const { times, others } = BUSY_WAIT
  const figure = { rule: 'repeat', of: OF_BUSY_WAIT, count: same.length }
  const first = isBusy(history, same) ? same.at(-times) : undefined
  const lifts = `after ${others + 1} different other calls`
  const finding = { ...figure, warnAt: 0, blockAt: times, isSpoken: false, lifts }
  if (!first) return { ...finding, verdict: ALLOW }
  const sinceMs = Math.max(0, now - first.at)
  return { ...finding, verdict: { kind: 'block', ...figure, limit: times, sinceMs, haltsAfter: BUSY_ROUNDS } }
}

function isBusy(history: readonly PastCall[], same: readonly PastCall[]): boolean {
  if (!isReached(history, same, BUSY_WAIT)) return false
  const times = same.slice(-BUSY_WAIT.times).map(({ at }) => at)
  const soon = times.slice(1).filter((at, index) => at - (times[index] ?? at) < BUSY_WAIT.withinMs)
  return soon.length * 2 > times.length - 1
}

/** Nobody could block what nobody was asked about, so a loop of such calls ends the turn at the end of the round. */
function unaskedLoops(agent: AgentState, calls: readonly ReturnedCall[], now: number): Finding[] {
  const asked = agent.round?.ids ?? []
  return calls.flatMap((call) => {
    const looped = call.id === undefined || asked.includes(call.id) ? undefined : loopOf(agent.history, call)
    if (!looped) return []
    const { count, limit } = looped.figure
    return [
      { rule: 'repeat', count, warnAt: 0, blockAt: limit, isSpoken: false, verdict: blockOf(looped, now) },
    ]
  })
}

function blockOf({ figure, since }: Loop, now: number): Block {
  return { kind: 'block', rule: 'repeat', ...figure, sinceMs: Math.max(0, now - since) }
}

interface Loop {
  readonly figure: Pick<Figure, 'count' | 'limit'>
  /** When it began, Unix ms. */
  readonly since: number
}

/** The loop that the calls of this kind were lately, if they were one. */
function loopOf(history: readonly PastCall[], call: Call): Loop | undefined {
  const equal = withUsualResult(sameAs(history, call))
  const [first] = equal
  const reached = applying(BLOCK, call).find((threshold) => isReached(history, equal, threshold))
  return reached && first && { figure: { count: equal.length, limit: reached.times }, since: first.at }
}

/** The warning that this call is worth, if it is. */
function warned(
  history: readonly PastCall[],
  same: readonly PastCall[],
  call: Call,
  blockLimit: number,
): Warn | undefined {
  const alike = perhapsEqual(same)
  const reached = applying(WARN, call).find(({ times, others }) =>
    isReached(history, alike, { times: times - 1, others }),
  )
  return (
    reached && { kind: 'warn', rule: 'repeat', count: alike.length + 1, limit: reached.times, blockLimit }
  )
}

/** The thresholds that hold for a call. */
function applying(thresholds: readonly Threshold[], { isPoll }: Pick<Call, 'isPoll'>): readonly Threshold[] {
  return isPoll ? thresholds.slice(1) : thresholds
}

/** The signatures that were warned of, as long as they are in the history. */
function withWarned(agent: AgentState, { signature }: CallEvent, { spoken }: Done): AgentState {
  const all = spoken?.rule === 'repeat' ? [...agent.warned, signature] : agent.warned
  const known = (each: string) => agent.history.some((past) => past.signature === each)
  return { ...agent, warned: [...new Set(all)].filter(known) }
}

function wordsOfLoops(): Words {
  return {
    machine: 'loop_detected',
    facts: ({ count, of }) =>
      `the same call ${count} times, ${of ? 'each soon after the one before' : 'with no result that differs'}`,
    blockFacts: ({ count, limit, of, sinceMs = 0 }) =>
      of
        ? `this call was made ${count} times, the last ${limit} within ${durationOf(sinceMs)}: a busy wait.`
        : `this call has given the same result ${count} times within ${durationOf(sinceMs)} (limit ${limit}).`,
    blockAdvice: ({ nth = 1, of }) => (of ? WAY_OUT : adviceAt(nth)),
    warning: ({ count }) => `the same call ${count} times, with no result that differs`,
    warnAdvice: ({ blockLimit }) => {
      const end = blockLimit > 0 ? ` With ${blockLimit} equal results it is blocked.` : ''
      return `${end} Use the result that you have, or do something else.`
    },
  }
}

/** The client itself refuses `sleep 90 && …`, which is how such loops begin. */
const WAY_OUT =
  'Wait inside one command instead: until …; do sleep 5; done, or start it in the background and wait for its notification.'

/** Never the same sentence twice: that would invite the model to try again. */
function adviceAt(nth: number): string {
  const advice = [
    'Its result is known and will not change by asking. Only this call is blocked, others are not: use what you know, or say in plain text what is in your way and stop.',
    'The call before it was blocked as well, and this one stays blocked until something else has happened. Say in plain text what you were trying to do and what you found out.',
    `By now ${nth} calls in a row were blocked, and none of them would have brought anything new. Report in plain text and stop.`,
  ]
  return advice[Math.min(nth, advice.length) - 1] ?? ''
}

/** "41 s", "3 min", "2 h". */
export function durationOf(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
