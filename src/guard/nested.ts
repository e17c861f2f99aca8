/** A client that an agent has started from its shell is an agent of the outermost session: its events are that agent's. */

import { type Agent, type GuardEvent, MAIN_AGENT } from './event.ts'

/** What the agents of a nested session are called in the outermost one. */
export function nestedAgent({ id, type }: Agent, session: string): Agent {
  return id === MAIN_AGENT ? { id: session, type: 'client' } : { id: `${session}/${id}`, type }
}

/** The event as the outermost session meets it. */
export function nestedEvent(event: GuardEvent): GuardEvent {
  const { agent, isAttended } = event
  const common = { agent, ...(isAttended ? { isAttended } : {}) }
  switch (event.type) {
    case 'prompt':
    case 'session_start':
      return { ...common, type: 'agent_start' }
    case 'session_end':
    case 'turn_end':
      // Without what the nested client has scheduled: that is not the outermost session's.
      return { ...common, type: 'turn_end' }
    default:
      return event
  }
}
