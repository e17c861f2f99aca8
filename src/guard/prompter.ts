/**
 * Who has written a prompt: only a person's resets what is tripped. A scheduled prompt comes as a person's would, so its
 * words are compared with those that were scheduled when the last turn ended.
 */

import type { CallEvent, GuardEvent, PromptEvent, Prompter, TurnEndEvent } from './event.ts'
import { type Lasting, memoryIn, type SessionState, withMemory } from './state.ts'

/** The name under which is remembered what is scheduled: keyed hashes, a space after each. */
const SCHEDULES = 'schedules'
const NONE = { words: '' }
const MAX_SCHEDULES = 64

export function prompterOf({ by, words, startedByAgent }: PromptEvent, lasting: Lasting): Prompter {
  if (by !== 'person') return by
  if (words !== undefined && scheduledIn(lasting).includes(words)) return 'schedule'
  // What is known of the client that an agent has started holds until another client is looked at.
  return (startedByAgent ?? lasting.startedByAgent ?? false) ? 'machine' : 'person'
}

export function isPersonsPrompt(event: GuardEvent, lasting: Lasting): boolean {
  return event.type === 'prompt' && prompterOf(event, lasting) === 'person'
}

function scheduledIn(lasting: Lasting): readonly string[] {
  return memoryIn(lasting, SCHEDULES, NONE).words.split(' ').filter(Boolean)
}

/** The session in which a call has scheduled one more: a turn that is ended before its time tells of none. */
export function withScheduled(session: SessionState, { schedules }: CallEvent): SessionState {
  if (schedules === undefined) return session
  const all = [...scheduledIn(session.lasting), schedules].slice(-MAX_SCHEDULES)
  return withMemory(session, SCHEDULES, { words: all.map((each) => `${each} `).join('') })
}

/** The session in which is remembered what is scheduled as a turn ends. */
export function withSchedules(session: SessionState, { scheduled }: TurnEndEvent): SessionState {
  const { words } = memoryIn(session.lasting, SCHEDULES, NONE)
  const now = (scheduled ?? []).slice(0, MAX_SCHEDULES).map((each) => `${each} `)
  return scheduled && now.join('') !== words
    ? withMemory(session, SCHEDULES, { words: now.join('') })
    : session
}

/** What lasts, with what this event tells of who has started the client. */
export function withStarter(lasting: Lasting, { startedByAgent }: GuardEvent): Lasting {
  if (startedByAgent === undefined) return lasting
  const { startedByAgent: _, ...rest } = lasting
  return startedByAgent ? { ...rest, startedByAgent } : rest
}
