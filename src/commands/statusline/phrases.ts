/** What the status line says of one session: short, and in the colour of how much it matters. Pure. */

import { outlook } from '../../guard/decide.ts'
import type { Policy } from '../../guard/policy.ts'
import { agentsIn } from '../../guard/rules/agents.ts'
import { isUnlimited, short, spentIn } from '../../guard/rules/budget.ts'
import { RATE } from '../../guard/rules/rate.ts'
import { counterIn, type SessionState } from '../../guard/state.ts'
import type { Figure, Halt, Ruling } from '../../guard/verdict.ts'
import { aged, countOf } from '../../guard/window.ts'
import { printable } from '../../system/text.ts'
import type { Colour } from '../../terminal/sgr.ts'

/** What the line shows of a session, as it stands at `now` (Unix ms). */
export interface Shown {
  readonly now: number
  readonly session: SessionState
  /** Agents that are halted while others go on. */
  readonly haltedAgents: number
  /** Calls of the session that ran without our having been asked. */
  readonly unasked: number
  /** The settings were changed so that a new session would run without our hooks. */
  readonly isUndermined: boolean
  /** The settings that have become looser while it ran. */
  readonly loosened: readonly string[]
}

export interface Phrase {
  readonly text: string
  readonly colour: Colour
  /** The whole of a problem and what to do about it, which is too long for the line and goes to stderr. */
  readonly detail?: string
}

export const OFF: readonly Phrase[] = [{ text: 'spikectl off', colour: 'dim' }]
export const NO_TENANT: readonly Phrase[] = [
  { text: 'spikectl: no tenant is named, calls are blocked', colour: 'red' },
]
/** The hook fails at each call. */
export const UNCOUNTED: Phrase = {
  text: 'spikectl: nothing can be counted here: spikectl doctor',
  colour: 'red',
}
const HALTED: readonly Phrase[] = [{ text: 'spikectl halted until your next prompt', colour: 'bold red' }]

const UNDERMINED: Phrase = { text: 'hooks changed in the settings: spikectl doctor', colour: 'red' }

/** What the line says of a session. */
export function phrasesOf(shown: Shown, policy: Policy): readonly Phrase[] {
  const { unasked, isUndermined, loosened } = shown
  return [
    ...countPhrases(shown, policy),
    ...(unasked > 0 ? [{ text: `${unasked} ran unasked`, colour: 'yellow' as const }] : []),
    ...(isUndermined ? [UNDERMINED] : []),
    ...(loosened.length > 0 ? [looserPhrase(loosened)] : []),
  ]
}

function looserPhrase(settings: readonly string[]): Phrase {
  const which = settings.length > 2 ? `${settings.length} settings` : settings.map(printable).join(', ')
  return { text: `limits loosened (${which}): spikectl log`, colour: 'red' }
}

/** The count, and what was blocked or halted. */
function countPhrases({ now, session, haltedAgents }: Shown, policy: Policy): readonly Phrase[] {
  const figure = figureOf(session, policy, now)
  if (policy.mode === 'shadow') return [{ text: `spikectl shadow ${figure}`, colour: 'dim' }]
  const verdict = outlook(session, policy, now)
  if (verdict.kind === 'halt') return HALTED
  const rate = ratePhrase(figure, verdict, now)
  // What another mode has blocked or halted is void.
  if (session.lasting.mode !== policy.mode) return [rate]
  const { running } = agentsIn(session)
  const blocked = verdict.kind === 'block' ? 0 : countOf(aged(session.blocked, now))
  return [
    rate,
    ...(blocked > 0 ? [{ text: `${blocked} blocked`, colour: 'yellow' as const }] : []),
    ...(running > 0 ? [{ text: `${agents(running)} running`, colour: 'dim' as const }] : []),
    ...(haltedAgents > 0 ? [{ text: `${agents(haltedAgents)} halted`, colour: 'red' as const }] : []),
  ]
}

/** "12/500 · 3.1M tok": the count alone where no limit blocks anything, and tokens only where they are counted. */
function figureOf(session: SessionState, policy: Policy, now: number): string {
  const { blockPerMin } = policy.rate
  const count = countOf(aged(counterIn(session, RATE).window, now))
  const calls = blockPerMin === 0 ? String(count) : `${count}/${blockPerMin}`
  const { prompt } = spentIn(session, now).tokens
  const isCounted = prompt > 0 && !isUnlimited(policy, 'tokens')
  return isCounted ? `${calls} · ${short(prompt).replace(' ', '')} tok` : calls
}

/** The line stands until the next event, so it names a time of day: the seconds left would soon be wrong. */
function ratePhrase(figure: string, verdict: Exclude<Ruling, Halt>, now: number): Phrase {
  switch (verdict.kind) {
    case 'allow':
      return { text: `spikectl ${figure}`, colour: 'dim' }
    case 'warn':
      return { text: `spikectl ${figure} warn${ofRule(verdict)}`, colour: 'yellow' }
    case 'block': {
      const { retryAfterMs } = verdict
      const until = retryAfterMs === undefined ? '' : ` until ${timeOfDay(now + retryAfterMs)}`
      return { text: `spikectl ${figure} blocked${until}`, colour: 'red' }
    }
  }
}

/** The figure shown is the rate's, so another rule is named. */
function ofRule({ rule }: Figure): string {
  return rule === 'rate' ? '' : ` (${printable(rule)})`
}

function timeOfDay(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}

function agents(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`
}
