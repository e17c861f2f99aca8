/** A session as its files tell it, and the events that the hook would have been told, in the order of their times. */

import type { GuardEvent, ReturnedCall } from '../guard/event.ts'

export interface Timed {
  /** Unix ms. */
  readonly at: number
  readonly event: GuardEvent
  /** How many calls it stands for: 0 for what is no call, or one that was told of before. */
  readonly calls: number
}

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
  order: number
}

/** Calls at their times, rounds at the time of their last result. A call that was met in another file is left out. */
export function inOrder({ calls, prompts }: Story): Timed[] {
  const rounds = new Map<string, PastCall[]>()
  const events: (Timed & { order: number })[] = prompts.map((prompt) => ({ ...prompt, order: -1 }))
  for (const call of calls.values()) {
    if (!call.isNew) continue
    rounds.set(call.message, [...(rounds.get(call.message) ?? []), call])
    const agent = { id: call.agent, type: '' }
    const { result: _, ...asked } = call.returned
    if (!call.isUnasked)
      events.push({ at: call.at, order: call.order, event: { type: 'call', agent, ...asked }, calls: 1 })
  }
  for (const round of rounds.values()) {
    const [first] = round
    if (!first) continue
    const at = Math.max(...round.map(({ returnedAt }) => returnedAt))
    const order = Math.max(...round.map((call) => call.order)) + 0.5
    const agent = { id: first.agent, type: '' }
    const event: GuardEvent = {
      type: 'results',
      agent,
      calls: round.map(({ returned }) => returned),
      endsRound: true,
    }
    events.push({ at, order, event, calls: round.filter(({ isUnasked }) => isUnasked).length })
  }
  return events.sort((a, b) => a.at - b.at || a.order - b.order)
}
