/**
 * The unattended rule: what goes on since a person last wrote. It counts calls, and turns that a machine began: a prompt
 * that no person wrote, and a turn that goes on after its end without a prompt, because another hook keeps it going or a
 * teammate has written.
 *
 * As many notifications are free as agents were seen since the session began: each may tell once that it has finished. A
 * schedule is a person's own wish, however often it comes: its turns and calls warn, and halt only where the owner says so.
 */

import { END_REPEATED_WITHIN_MS, granted } from '../ask.ts'
import { type GuardEvent, MAIN_AGENT, type PromptEvent, type TurnEndEvent } from '../event.ts'
import { prompterOf } from '../prompter.ts'
import { limit, manner, onOff } from '../setting.ts'
import { memoryIn, type SessionState, withMemory } from '../state.ts'
import { ALLOW, type Finding } from '../verdict.ts'
import { agentsIn } from './agents.ts'
import type { Rule, Words } from './rule.ts'

const settings = {
  warnTurns: {
    ...limit(
      5,
      'lower',
      'Turns since a person last wrote, begun by a machine, at which the model and you are told once.',
    ),
    warnsBefore: 'haltTurns',
  },
  haltTurns: limit(
    50,
    'lower',
    'Turns since a person last wrote, begun by a machine, after which no more follow.',
  ),
  haltStalledTurns: limit(15, 'lower', 'The same, of turns in a row that brought nothing new.'),
  warnCalls: {
    ...limit(500, 'lower', 'Calls since a person last wrote at which the model and you are told once.'),
    warnsBefore: 'haltCalls',
  },
  haltCalls: limit(2000, 'lower', 'Calls since a person last wrote of which the last ends the turn.'),
  halt: manner(onOff(true, 'on', 'End the turn at these limits; else only warn.')),
  haltSchedules: manner(onOff(false, 'on', "Count a schedule's turns and calls towards a halt too.")),
}

const NONE = {
  /** The session's epoch in which this was counted: a person's prompt begins a new one. */
  epoch: 0,
  calls: 0,
  /** Turns that a machine began. */
  turns: 0,
  /** Of them: the last ones in a row that brought nothing new. */
  stalled: 0,
  /** Turns that a schedule began, and the calls in them. */
  scheduledTurns: 0,
  scheduledCalls: 0,
  /** Who began the turn that runs: a Prompter, or "nobody" after its end. */
  begunBy: 'person',
  /** A keyed hash of the id of the prompt with which it began. */
  prompt: '',
  /** A call in it has brought something new. */
  hasNews: false,
  /** When a turn has ended (Unix ms), if nothing has happened since. */
  endedAt: 0,
  /** In which words the last turn has ended: a keyed hash. */
  words: '',
  /** Times that agents have told that they have finished, since the session began. */
  notified: 0,
  warnedOfTurns: false,
  warnedOfCalls: false,
}

type Memory = typeof NONE

/** What a figure is of. */
const TURNS = 'turns'
const STALLED = 'stalled turns'
const CALLS = 'calls'

/** How many turns no person began, since a person last wrote. */
export function machineTurnsIn(session: SessionState): number {
  const { turns, scheduledTurns } = current(session)
  return turns + scheduledTurns
}

export const unattended: Rule<'unattended', typeof settings> = {
  name: 'unattended',
  settings,
  counts: 'the session',
  lifts: 'with time',
  halts: 'the session',
  words: wordsOfTurns(),
  judge({ session }, event, { unattended: limits }, now) {
    const { turns, stalled, calls, ...seen } = withEvent(session, event, now)
    const counted = limits.haltSchedules ? 1 : 0
    const haltAt = (most: number, of: string) => (limits.halt ? granted(session, 'unattended', most, of) : 0)
    return [
      findingOf(TURNS, seen.warnedOfTurns, limits.warnTurns, haltAt(limits.haltTurns, TURNS), {
        all: turns + seen.scheduledTurns,
        halting: turns + counted * seen.scheduledTurns,
      }),
      findingOf(STALLED, true, 0, haltAt(limits.haltStalledTurns, STALLED), {
        all: stalled,
        halting: stalled,
      }),
      findingOf(CALLS, seen.warnedOfCalls, limits.warnCalls, haltAt(limits.haltCalls, CALLS), {
        all: calls + seen.scheduledCalls,
        halting: calls + counted * seen.scheduledCalls,
      }),
    ]
  },
  remember({ session, agent }, event, { isAdmitted, spoken, bringsNews = false, now }) {
    const seen = withEvent(session, event, now)
    const { calls, scheduledCalls } = event.type === 'call' && !isAdmitted ? current(session) : seen
    const of = spoken?.rule === 'unattended' ? spoken.of : undefined
    const after = {
      ...seen,
      calls,
      scheduledCalls,
      hasNews: seen.hasNews || bringsNews,
      warnedOfTurns: seen.warnedOfTurns || of === TURNS,
      warnedOfCalls: seen.warnedOfCalls || of === CALLS,
    }
    return { agent, session: withMemory(session, 'unattended', after) }
  },
}

/** What was counted: all of it warns, and what a schedule has not begun halts. */
interface Counts {
  readonly all: number
  readonly halting: number
}

function findingOf(
  of: string,
  isSpoken: boolean,
  warnAt: number,
  haltAt: number,
  { all, halting }: Counts,
): Finding {
  const figure = { rule: 'unattended', of }
  const found = { ...figure, count: all, warnAt, blockAt: haltAt, isSpoken }
  if (haltAt > 0 && halting >= haltAt) {
    const halt = { ...figure, count: halting, limit: haltAt, scope: 'session', nth: 0 } as const
    return { ...found, count: halting, verdict: { kind: 'halt', ...halt } }
  }
  if (warnAt === 0 || all < warnAt) return { ...found, verdict: ALLOW }
  return { ...found, verdict: { kind: 'warn', ...figure, count: all, limit: warnAt, blockLimit: haltAt } }
}

function current(session: SessionState): Memory {
  const { epoch } = session.lasting
  const memory = memoryIn(session.lasting, 'unattended', NONE)
  return memory.epoch === epoch ? memory : { ...NONE, epoch, notified: memory.notified }
}

/** What is remembered after the event, of which a call is taken for admitted. */
function withEvent(session: SessionState, event: GuardEvent, now: number): Memory {
  const memory = current(session)
  const isMain = event.agent.id === MAIN_AGENT
  const isOver = memory.begunBy === 'nobody' && session.lasting.hears.prompts
  switch (event.type) {
    case 'call':
      return withCall(isMain && isOver ? withTurn(memory) : memory, isMain)
    case 'results':
      return isMain ? { ...memory, endedAt: 0 } : memory
    case 'prompt':
      return isMain ? withPrompt(session, memory, event) : memory
    case 'turn_end':
      return isMain ? withEnd(session, memory, event, now) : memory
    case 'session_start':
      return { ...memory, begunBy: 'person', endedAt: 0 }
    case 'agent_start':
    case 'session_end':
      return memory
  }
}

function withCall(before: Memory, isMain: boolean): Memory {
  const memory = isMain ? { ...before, endedAt: 0 } : before
  return memory.begunBy === 'schedule'
    ? { ...memory, scheduledCalls: memory.scheduledCalls + 1 }
    : { ...memory, calls: memory.calls + 1 }
}

function withPrompt(session: SessionState, before: Memory, event: PromptEvent): Memory {
  const { id: prompt = '' } = event
  if (prompt !== '' && prompt === before.prompt) return before // told twice, or written into the turn that runs
  const memory = settled(session, before, '')
  const by = prompterOf(event, session.lasting)
  const begun = { ...memory, prompt, begunBy: by, hasNews: false, endedAt: 0 }
  switch (by) {
    case 'person':
      return begun
    case 'schedule':
      return { ...begun, scheduledTurns: memory.scheduledTurns + 1 }
    case 'notification':
      return memory.notified < agentsIn(session).ever
        ? { ...begun, notified: memory.notified + 1 }
        : { ...begun, turns: memory.turns + 1 }
    case 'machine':
      return withTurn(begun)
  }
}

/** A turn that a machine begins. */
function withTurn(memory: Memory): Memory {
  return { ...memory, begunBy: 'machine', hasNews: false, turns: memory.turns + 1 }
}

/** The end of a turn. Where the client says that a hook has kept it going, nobody need tell of prompts to know it. */
function withEnd(session: SessionState, memory: Memory, event: TurnEndEvent, now: number): Memory {
  const { isContinued, words = '' } = event
  const isRepeated = memory.endedAt > 0 && Math.abs(now - memory.endedAt) < END_REPEATED_WITHIN_MS
  if (isRepeated && words === memory.words) return memory
  const isLap = isContinued
    ? memory.begunBy !== 'machine'
    : memory.begunBy === 'nobody' && session.lasting.hears.prompts
  const turn = isLap ? { ...withTurn(memory), hasNews: memory.hasNews } : memory
  return { ...settled(session, turn, words), begunBy: 'nobody', hasNews: false, endedAt: now, words }
}

/** The turn that runs has ended; the last words of the turn before it, said again, are as little as nothing new. */
function settled({ lasting }: SessionState, memory: Memory, words: string): Memory {
  if (memory.begunBy !== 'machine') return memory
  // Where nobody tells of rounds, it is not known what calls have brought.
  const hasNews = memory.hasNews || !lasting.hears.rounds
  const isStalled = !hasNews || (words !== '' && words === memory.words)
  return { ...memory, stalled: isStalled ? memory.stalled + 1 : 0 }
}

function wordsOfTurns(): Words {
  const facts: Words['facts'] = ({ count, of }) => {
    if (of === TURNS) return `${count} turns that no person began, since a person last wrote`
    if (of === STALLED) return `${count} turns in a row that no person began and that brought nothing new`
    return `${count} tool calls since a person last wrote`
  }
  return {
    machine: 'unattended_limit',
    facts,
    blockFacts: (block, where) => `${facts(block, where)} (limit ${block.limit}).`,
    blockAdvice: () => 'Say in plain text what is done and what is left, and stop.',
    warning: (warn, where) => `${facts(warn, where)} (warning at ${warn.limit})`,
    warnAdvice: ({ blockLimit }) => {
      const end = blockLimit > 0 ? ` At ${blockLimit} the turn is ended.` : ''
      return `${end} If nothing is left to do that needs no person, say so and stop.`
    },
    wayOut: () => 'If it is meant to go on like this: spikectl config set unattended.halt false.',
  }
}
