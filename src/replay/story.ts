/** A session as its files tell it, and the events that the hook would have been told, in the order of their times. */

import { type GuardEvent, MAIN_AGENT, type ReturnedCall } from '../guard/event.ts'

export interface Timed {
  /** Unix ms. */
  readonly at: number
  readonly event: GuardEvent
  /** How many calls it stands for: 0 for what is no call, or one that was told of before. */
  readonly calls: number
}

/** Tokens that a message has used up, of which no hook is told when it happens. */
export interface TokensUsed {
  /** Unix ms. */
  readonly at: number
  readonly agent: string
  /** More than what earlier lines of the same message have told of. */
  readonly tokens: number
}

export type Step = Timed | TokensUsed

/** A call of a past session, with what it returned. */
export interface PastCall {
  /** Unix ms. */
  readonly at: number
  readonly order: number
  readonly agent: string
  readonly message: string
  readonly isNew: boolean
  returned: ReturnedCall
  returnedAt: number
  isUnasked: boolean
  isError: boolean
}

/** A session as its files tell it. */
export interface Story {
  readonly calls: Map<string, PastCall>
  readonly prompts: Timed[]
  /** What each message has used up, by its id, and the file that it is counted by; empty for one of another session. */
  readonly messages: Map<string, { readonly file: string; readonly tokens: number }>
  readonly used: (TokensUsed & { readonly order: number })[]
  order: number
}

/** Calls at their times, rounds at the time of their last result. A call that was met in another file is left out. */
export function inOrder({ calls, prompts, used }: Story): Step[] {
  const rounds = new Map<string, PastCall[]>()
  const steps: (Step & { order: number })[] = [
    ...prompts.map((prompt) => ({ ...prompt, order: -1 })),
    ...used,
  ]
  for (const call of calls.values()) {
    if (!call.isNew) continue
    const round = rounds.get(call.message)
    if (round) round.push(call)
    else rounds.set(call.message, [call])
    const agent = { id: call.agent, type: '' }
    const { result: _, ...asked } = call.returned
    if (!call.isUnasked)
      steps.push({ at: call.at, order: call.order, event: { type: 'call', agent, ...asked }, calls: 1 })
  }
  for (const round of rounds.values()) steps.push(endOf(round))
  return withTurnEnds(steps.sort((a, b) => a.at - b.at || a.order - b.order))
}

function endOf(round: readonly PastCall[]): Timed & { order: number } {
  const at = Math.max(...round.map(({ returnedAt }) => returnedAt))
  const order = Math.max(...round.map((call) => call.order)) + 0.5
  const agent = { id: round[0]?.agent ?? MAIN_AGENT, type: '' }
  const event: GuardEvent = {
    type: 'results',
    agent,
    calls: round.map(({ returned }) => returned),
    endsRound: true,
  }
  return { at, order, event, calls: round.filter(({ isUnasked }) => isUnasked).length }
}

/**
 * With the ends of turns at which the hook is told first of what was used up: those that nothing else follows but a prompt
 * of a person, which begins a new count. Transcripts do not say where a turn has ended.
 */
function withTurnEnds(steps: readonly Step[]): Step[] {
  const all: Step[] = []
  let untold: TokensUsed | undefined
  const end = () => {
    const at = all.at(-1)?.at
    if (untold && at !== undefined)
      all.push({ at, event: { type: 'turn_end', agent: { id: untold.agent, type: '' } }, calls: 0 })
    untold = undefined
  }
  for (const step of steps) {
    if ('tokens' in step) untold = step
    else if (isOfPerson(step.event)) end()
    else if (step.event.type !== 'call') untold = undefined
    all.push(step)
  }
  end()
  return all
}

function isOfPerson(event: GuardEvent): boolean {
  return event.type === 'prompt' && event.by === 'person'
}
