/**
 * What is said of a verdict, in sentences. Pure.
 *
 * A reason starts with the machine word and states facts. Its advice ends the matter: wording that sounds like a passing
 * fault invites the model to try again, and so does the same sentence again. It never repeats the tool's input.
 */

import type { Identity } from '../guard/identity.ts'
import type { Block, Figure, Halt, Warn } from '../guard/verdict.ts'
import { counted } from '../system/plural.ts'
import { printable } from '../system/text.ts'

/** A place that is free this soon is worth waiting for, so the model is told to wait and not to stop. */
const WORTH_WAITING_SECONDS = 10

/** What kind of refusal it is, for programs: also the `type` of its audit line. */
export function machineWord({ rule }: Figure): 'rate_limited' | 'loop_detected' {
  return rule === 'repeat' ? 'loop_detected' : 'rate_limited'
}

/** "500 tool calls in the last 60 s in this session". */
export function factsOf(figure: Figure, identity: Identity): string {
  const { rule, count, of = '' } = figure
  if (rule === 'repeat') return `the same call ${count} times, with no result that differs`
  const calls = {
    rate: counted(count, 'tool call'),
    spawn: `${counted(count, 'agent')} started`,
    tools: `${counted(count, 'call')} of ${printable(of)}`,
  }[rule]
  return `${calls} in the last 60 s ${scopeOf(identity)}`
}

/** What happened, for the model and the person, and what the model should do. */
export interface Reason {
  readonly facts: string
  readonly advice: string
}

export function blockReason(block: Block, identity: Identity): Reason {
  const word = machineWord(block)
  if (block.rule === 'repeat') {
    return { facts: `${word}: ${loopFacts(block)}`, advice: loopAdvice(block.nth ?? 1) }
  }
  const { facts, advice } = rateReason(block)
  return { facts: `${word}: ${factsOf(block, identity)} (limit ${block.limit}/min). ${facts}`, advice }
}

function loopFacts({ count, limit, sinceMs = 0 }: Block): string {
  return `this call has given the same result ${count} times within ${durationOf(sinceMs)} (limit ${limit}).`
}

function loopAdvice(nth: number): string {
  const advice = [
    'Its result is known and will not change by asking. Only this call is refused, others are not: use what you know, or say in plain text what is in your way and stop.',
    'The call before it was refused as well, and this one stays refused until something else has happened. Say in plain text what you were trying to do and what you found out.',
    `By now ${nth} calls in a row were refused, and none of them would have brought anything new. Report in plain text and stop.`,
  ]
  return advice[Math.min(nth, advice.length) - 1] ?? ''
}

function rateReason({ retryAfterMs, nth = 1 }: Block): Reason {
  const stop =
    nth === 1
      ? 'Do not retry now: say in plain text what you were doing and stop.'
      : `This is refusal ${nth} in a row. Make no further tool call now: say in plain text what you were doing and stop.`
  if (retryAfterMs === undefined) return { facts: 'This limit lets no call through.', advice: stop }
  const seconds = Math.ceil(retryAfterMs / 1000)
  const wait = 'Wait that long before the next tool call.'
  return {
    facts: `A place is free in ${seconds} s.`,
    advice: seconds <= WORTH_WAITING_SECONDS ? wait : stop,
  }
}

export function haltReason(halt: Halt, identity: Identity): Reason {
  const who = halt.scope === 'session' ? 'this session' : 'this agent'
  const first: Reason = {
    facts: `halted: ${who} has ended its turn (${machineWord(halt)}: ${factsOf(halt, identity)}).`,
    advice:
      'Every tool call is refused until a person says otherwise. Say in plain text what you were doing and stop.',
  }
  if (halt.nth <= 1) return first
  if (halt.nth === 2) {
    return {
      facts: `halted: call ${halt.nth} since ${who} was halted (${machineWord(halt)}).`,
      advice: 'Nothing you call will run. Answer in plain text.',
    }
  }
  return {
    facts: `halted: ${who} stays halted; ${halt.nth} calls were refused since.`,
    advice: 'Only a person can change that. End your turn.',
  }
}

/** For the person, when the turn ends. */
export function stopReason(figure: Figure, identity: Identity, who: 'session' | 'agent'): string {
  return `spikectl ended the turn of this ${who} (${machineWord(figure)}: ${factsOf(figure, identity)}).`
}

export function warnAdvice(warn: Warn): string {
  const { rule, blockLimit } = warn
  if (rule === 'repeat') {
    const end = blockLimit > 0 ? ` With ${blockLimit} equal results it is refused.` : ''
    return `${end} Use the result that you have, or do something else.`
  }
  const end = blockLimit > 0 ? ` At ${blockLimit} they are refused.` : ''
  return `${end} If you are repeating yourself, stop and say what you are trying to do; else go on with fewer calls.`
}

function scopeOf(identity: Identity): string {
  switch (identity.kind) {
    case 'session':
      return 'in this session'
    case 'user':
      return 'by this user'
    case 'tenant':
      return 'by this tenant'
    case 'anon':
      return 'by callers without a name'
  }
}

export function durationOf(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
