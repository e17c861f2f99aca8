/** What the rules would have done to sessions that are over: the same `decide`, with the transcripts' clock. */

import { haltIn } from '../guard/breaker.ts'
import { decide } from '../guard/decide.ts'
import type { GuardEvent, Spent } from '../guard/event.ts'
import type { Outcome } from '../guard/outcome.ts'
import type { Policy } from '../guard/policy.ts'
import { agentsIn } from '../guard/rules/agents.ts'
import { machineTurnsIn } from '../guard/rules/unattended.ts'
import { type AgentState, currentAgent, freshAgent, freshSession, type SessionState } from '../guard/state.ts'
import type { Halt } from '../guard/verdict.ts'
import { aged, countOf, emptyWindow, type Window, withCall } from '../guard/window.ts'
import type { TranscriptFile } from './files.ts'
import { type Oddity, type Reader, readSession } from './session.ts'
import { NOTHING_SPENT, spentAt, spentMore } from './spent.ts'
import { type Notes, nameOf, note, noteTokens, type Spoken, spokenIn } from './spoken.ts'
import type { Step, Timed, TokensUsed } from './story.ts'

export interface ReplayedSession {
  readonly session: string
  readonly calls: number
  /** The most calls in any 60 s, had none been blocked. */
  readonly peak: number
  /** Turns that no person began, and different agents, in all of the session. */
  readonly machineTurns: number
  readonly agentsSeen: number
  /** What it has used up: tokens of its messages and those of its agents, but for what another session has counted. */
  readonly tokens: number
  /** The same from one prompt of a person to the next; of those alone that used any, and that no other rule would have ended. */
  readonly promptTokens: readonly number[]
  readonly verdicts: readonly Spoken[]
}

export interface Oddities {
  readonly oddity: Oddity
  readonly lines: number
  /** The first of them, as FILE:LINE. */
  readonly first: string
}

export interface Replay {
  readonly sessions: readonly ReplayedSession[]
  readonly oddities: readonly Oddities[]
}

/** Replays the sessions in these files one after the other, so that memory grows with the longest of them only. */
export function replay(
  files: readonly TranscriptFile[],
  policy: Policy,
  onBytes: (count: number) => void,
): Replay {
  const oddities = new Map<Oddity, Oddities>()
  const reader: Reader = {
    met: new Set(),
    onBytes,
    onOddity: (oddity, file, line) => {
      const known = oddities.get(oddity) ?? { oddity, lines: 0, first: `${file}:${line}` }
      oddities.set(oddity, { ...known, lines: known.lines + 1 })
    },
  }
  const sessions: ReplayedSession[] = []
  for (const [session, own] of bySession(files)) {
    const replayed = replaySession(session, readSession(own, reader), policy)
    if (replayed.calls > 0 || replayed.tokens > 0) sessions.push(replayed)
  }
  return { sessions, oddities: [...oddities.values()] }
}

/**
 * A session's name and its files together, the oldest session first: who repeats calls of another came later. Of its
 * files those come first whose calls others repeat: a call is of the agent in whose file it is met first.
 */
export function bySession(files: readonly TranscriptFile[]): [string, TranscriptFile[]][] {
  const sessions = new Map<string, TranscriptFile[]>()
  for (const file of files.toSorted((a, b) => a.changedAt - b.changedAt)) {
    sessions.set(file.key, [...(sessions.get(file.key) ?? []), file])
  }
  return [...sessions.values()].map((own) => {
    const inTurn = own.toSorted((a, b) => rank(a) - rank(b))
    return [inTurn[0]?.session ?? '', inTurn]
  })
}

function rank({ agent, isCopy }: TranscriptFile): number {
  if (agent === undefined) return 0
  return isCopy ? 2 : 1
}

/** A replay on its way through a session. */
interface SessionReplay {
  session: SessionState
  readonly agents: Map<string, AgentState>
  all: Window
  calls: number
  peak: number
  machineTurns: number
  /** When the last event was: Unix ms. */
  last: number
  spent: Spent
  readonly promptTokens: number[]
  /** Another rule than the budget would have ended a turn since a person last wrote. */
  isEnded: boolean
  /** Agents whose last call would have been blocked, and the name under which that is noted. */
  readonly blocked: Map<string, string>
  readonly notes: Notes
}

export function replaySession(session: string, steps: readonly Step[], policy: Policy): ReplayedSession {
  const start = steps[0]?.at ?? 0
  const replay: SessionReplay = {
    session: freshSession(start),
    agents: new Map(),
    all: emptyWindow(start),
    calls: 0,
    peak: 0,
    machineTurns: 0,
    last: start,
    spent: NOTHING_SPENT,
    promptTokens: [],
    isEnded: false,
    blocked: new Map(),
    notes: new Map(),
  }
  for (const step of steps) {
    if ('tokens' in step) use(replay, step)
    else happen(replay, step, policy)
  }
  endPrompt(replay)
  const { calls, peak, machineTurns, spent, promptTokens } = replay
  const agentsSeen = agentsIn(replay.session).ever
  const counts = { calls, peak, machineTurns, agentsSeen, tokens: spent.session }
  return { session, ...counts, promptTokens, verdicts: spokenIn(replay.notes) }
}

/** Tokens are used up: after a halt, or a block, in vain. */
function use(replay: SessionReplay, { at, agent, tokens }: TokensUsed): void {
  replay.spent = spentMore(replay.spent, tokens, at)
  const halt = haltOf(replay, agent)
  const name = halt ? nameOf(halt.rule, 'halt') : replay.blocked.get(agent)
  if (name !== undefined) noteTokens(replay.notes, name, tokens)
}

function happen(replay: SessionReplay, { at, event, calls }: Timed, policy: Policy): void {
  const id = event.agent.id
  const wasHalted = haltOf(replay, id) !== undefined
  const outcome = decideNext(replay, event, policy, at)
  replay.calls += calls
  if (event.type === 'call') {
    replay.all = withCall(aged(replay.all, at))
    replay.peak = Math.max(replay.peak, countOf(replay.all))
  }
  // In a turn that had ended, calls that no hook is asked about would not have been made either.
  const unmade = wasHalted && event.type === 'results' ? calls : 0
  const { verdict, tally } = outcome
  if (tally.calls > 0 || tally.halted > 0 || unmade > 0) {
    const saved = { calls: tally.blocked + unmade, ms: wasHalted ? at - replay.last : 0 }
    const name = note(replay.notes, verdict, { at, call: replay.calls }, saved)
    if (event.type === 'call') {
      if (name !== undefined && verdict.kind === 'block') replay.blocked.set(id, name)
      else replay.blocked.delete(id)
    }
    if (verdict.kind === 'halt' && verdict.rule !== 'budget') replay.isEnded = true
  }
  replay.last = at
}

/** Decides the event as the hook would, with what was used up where the hook looks at that. */
function decideNext(replay: SessionReplay, event: GuardEvent, policy: Policy, at: number): Outcome {
  const { session, agents } = replay
  const agent = agents.get(event.agent.id) ?? freshAgent(session.lasting.epoch)
  replay.spent = spentAt(replay.spent, at)
  const isTold = event.type !== 'call' && replay.spent.session > 0
  const told = isTold ? { ...event, tokens: replay.spent } : event
  const outcome = decide({ session, agent }, told, policy, at)
  replay.machineTurns += Math.max(0, machineTurnsIn(outcome.session) - machineTurnsIn(session))
  if (outcome.session.lasting.epoch !== session.lasting.epoch) endPrompt(replay)
  replay.session = outcome.session
  agents.set(event.agent.id, outcome.agent)
  return outcome
}

/** A person writes, or the session is over. */
function endPrompt(replay: SessionReplay): void {
  const { prompt } = replay.spent
  if (prompt > 0 && !replay.isEnded) replay.promptTokens.push(prompt)
  replay.spent = { ...replay.spent, prompt: 0 }
  replay.isEnded = false
  replay.blocked.clear()
}

/** What halts this agent; undefined where nothing does. */
function haltOf({ session, agents }: SessionReplay, id: string): Halt | undefined {
  const { epoch } = session.lasting
  const agent = agents.get(id)
  return haltIn({ session, agent: agent ? currentAgent(agent, epoch) : freshAgent(epoch) })
}
