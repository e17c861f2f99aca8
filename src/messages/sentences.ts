/**
 * What is said of a verdict, in sentences. Pure. Of a rule's figures its own words are used (guard/rules/).
 *
 * A reason starts with the machine word and states facts. Its advice ends the matter: wording that sounds like a passing
 * fault invites the model to try again, and so does the same sentence again. It never repeats the tool's input.
 */

import type { Identity } from '../guard/identity.ts'
import type { Words } from '../guard/rules/rule.ts'
import { ruleNamed } from '../guard/rules/rules.ts'
import type { Ask, Block, Figure, Halt, Warn } from '../guard/verdict.ts'
import { printable } from '../system/text.ts'

/** A rule of a newer version, found in what that has remembered. */
const OF_NEWER_VERSION: Words = {
  machine: 'rate_limited',
  facts: ({ rule, count }) => `${count} by the rule ${rule}`,
  blockFacts: ({ limit }) => `the limit of ${limit} is reached.`,
  blockAdvice: () => 'Say in plain text what you were doing and stop.',
  warning: ({ rule, count }) => `${count} by the rule ${rule}`,
  warnAdvice: () => '',
}

function wordsOf({ rule }: Figure): Words {
  return ruleNamed(rule)?.words ?? OF_NEWER_VERSION
}

/** The figure with a tool's name as it can be shown: whoever offers the tool has made it up. */
function shown<T extends Figure>(figure: T): T {
  return figure.of === undefined ? figure : { ...figure, of: printable(figure.of) }
}

/** What kind of block it is, for programs: also the `type` of its audit line. */
export function machineWord(figure: Figure): string {
  return wordsOf(figure).machine
}

/** "500 tool calls in the last 60 s in this session". */
export function factsOf(figure: Figure, identity: Identity): string {
  return wordsOf(figure).facts(shown(figure), whereOf(identity))
}

/** What happened, for the model and the person, and what the model should do. */
export interface Reason {
  readonly facts: string
  readonly advice: string
}

export function blockReason(block: Block, identity: Identity): Reason {
  const { machine, blockFacts, blockAdvice } = wordsOf(block)
  return { facts: `${machine}: ${blockFacts(shown(block), whereOf(identity))}`, advice: blockAdvice(block) }
}

export function haltReason(halt: Halt, identity: Identity): Reason {
  const who = halt.scope === 'session' ? 'this session' : 'this agent'
  const first: Reason = {
    facts: `halted: ${who} has ended its turn (${machineWord(halt)}: ${factsOf(halt, identity)}).`,
    advice:
      'Every tool call is blocked until a person says otherwise. Say in plain text what you were doing and stop.',
  }
  if (halt.nth <= 1) return first
  if (halt.nth === 2) {
    return {
      facts: `halted: call ${halt.nth} since ${who} was halted (${machineWord(halt)}).`,
      advice: 'Nothing you call will run. Answer in plain text.',
    }
  }
  return {
    facts: `halted: ${who} stays halted; ${halt.nth} calls were blocked since.`,
    advice: 'Only a person can change that. End your turn.',
  }
}

/** What a person is asked. Where nobody can answer, the client gives this to the model as the result: refusal.ts knows it. */
export function askReason(ask: Ask, identity: Identity): string {
  const { limit, of } = ask
  const most = wordsOf(ask).amount?.(limit, of) ?? limit
  return `spikectl asks: ${factsOf(ask, identity)} (${machineWord(ask)}: limit ${most}). Yes lets as many again; no ends the turn.`
}

/** For the person, when the turn ends. */
export function stopReason(figure: Figure, identity: Identity, who: 'session' | 'agent'): string {
  const wayOut = wordsOf(figure).wayOut?.(figure)
  const ended = `spikectl ended the turn of this ${who} (${machineWord(figure)}: ${factsOf(figure, identity)}).`
  return wayOut === undefined ? ended : `${ended} ${wayOut}`
}

/** What a warning is about. */
export function warningFacts(warn: Warn, identity: Identity): string {
  return wordsOf(warn).warning(shown(warn), whereOf(identity))
}

/** What to do about it. */
export function warnAdvice(warn: Warn): string {
  return wordsOf(warn).warnAdvice(warn)
}

function whereOf(identity: Identity): string {
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
