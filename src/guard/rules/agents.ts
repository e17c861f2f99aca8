/**
 * The agents rule: different agents seen since a person last wrote, whoever has started them: a call, a workflow, or a
 * teammate. One that goes on, or is told of twice, is not a new one.
 */

import { granted } from '../ask.ts'
import { type GuardEvent, MAIN_AGENT } from '../event.ts'
import { limit } from '../setting.ts'
import { memoryIn, type SessionState, withMemory } from '../state.ts'
import { againstHalt, type Rule } from './rule.ts'

const settings = {
  warnAt: {
    ...limit(25, 'lower', 'Agents since a person last wrote at which the model and you are told once.'),
    warnsBefore: 'blockAt',
  },
  blockAt: limit(100, 'lower', 'Agents since a person last wrote of which the last ends the turn.'),
}

/** So many agents are known again, also after a person has written; of more, those that began or went on last. */
const MAX_KNOWN = 250

const NONE = {
  /** The session's epoch in which `seen` was counted. */
  epoch: 0,
  seen: 0,
  isWarned: false,
  /** Seen since the session began. */
  ever: 0,
  /** Short hashes of the ids of agents seen so far. */
  known: [] as readonly number[],
  /** Of those that run now, as far as the host tells when one begins and ends. */
  running: [] as readonly number[],
}

/** How many agents there are. */
export interface Agents {
  /** Different ones since a person last wrote. */
  readonly seen: number
  /** Different ones since the session began. */
  readonly ever: number
  readonly running: number
}

export function agentsIn(session: SessionState): Agents {
  const { seen, ever, running } = current(session)
  return { seen, ever, running: running.length }
}

export const agents: Rule<'agents', typeof settings> = {
  name: 'agents',
  settings,
  counts: 'the session',
  lifts: 'with time',
  halts: 'the session',
  words: {
    machine: 'agent_limit',
    facts: ({ count }) => `${agentsOf(count)} since a person last wrote`,
    blockFacts: ({ count, limit }) => `${agentsOf(count)} since a person last wrote (limit ${limit}).`,
    blockAdvice: () => 'Start no more agents: say in plain text what is done and what is left, and stop.',
    warning: ({ count, limit }) => `${agentsOf(count)} since a person last wrote (warning at ${limit})`,
    warnAdvice: ({ blockLimit }) => {
      const end = blockLimit > 0 ? ` At ${blockLimit} the turn is ended.` : ''
      return `${end} Start no more than you need, and wait for those that run.`
    },
    wayOut: () => 'A workflow that still starts agents is stopped by x in /workflows.',
  },
  judge({ session }, event, policy) {
    const { seen, isWarned } = withEvent(current(session), event)
    const haltAt = granted(session, 'agents', policy.agents.blockAt)
    const found = againstHalt({ rule: 'agents', count: seen }, { warnAt: policy.agents.warnAt, haltAt })
    return [{ ...found, isSpoken: isWarned }]
  },
  remember({ session, agent }, event, { spoken }) {
    const before = current(session)
    const after = withEvent(before, event)
    if (spoken?.rule === 'agents')
      return { agent, session: withMemory(session, 'agents', { ...after, isWarned: true }) }
    return after === before ? { session, agent } : { agent, session: withMemory(session, 'agents', after) }
  },
}

function current(session: SessionState): typeof NONE {
  const { epoch } = session.lasting
  const memory = memoryIn(session.lasting, 'agents', NONE)
  return memory.epoch === epoch ? memory : { ...memory, epoch, seen: 0, isWarned: false }
}

/** What is remembered after the event; the same where that changes nothing. */
function withEvent(memory: typeof NONE, { type, agent }: GuardEvent): typeof NONE {
  if (type === 'session_start' || type === 'session_end')
    return memory.running.length > 0 ? { ...memory, running: [] } : memory
  if (agent.id === MAIN_AGENT) return memory
  const id = shortHash(agent.id)
  if (type === 'turn_end') return { ...memory, running: without(memory.running, id) }
  if (type === 'agent_start') return { ...withSeen(memory, id, true), running: withLast(memory.running, id) }
  return type === 'call' ? withSeen(memory, id, false) : memory
}

function withSeen(memory: typeof NONE, id: number, isStart: boolean): typeof NONE {
  if (memory.known.includes(id)) return isStart ? { ...memory, known: withLast(memory.known, id) } : memory
  return { ...memory, seen: memory.seen + 1, ever: memory.ever + 1, known: withLast(memory.known, id) }
}

function withLast(ids: readonly number[], id: number): readonly number[] {
  return [...without(ids, id).slice(1 - MAX_KNOWN), id]
}

function without(ids: readonly number[], id: number): readonly number[] {
  return ids.filter((each) => each !== id)
}

/** FNV-1a, 32 bits: of 250 ids two are equal once in 138,000 sessions, and count as one. */
function shortHash(id: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

function agentsOf(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`
}
