/** What the rules would have done to sessions that are over: the same `decide`, with the transcripts' clock. */

import { haltIn } from '../guard/breaker.ts'
import { decide } from '../guard/decide.ts'
import type { Policy } from '../guard/policy.ts'
import { agentsIn } from '../guard/rules/agents.ts'
import { machineTurnsIn } from '../guard/rules/unattended.ts'
import { type AgentState, currentAgent, freshAgent, freshSession, type SessionState } from '../guard/state.ts'
import type { Verdict } from '../guard/verdict.ts'
import { aged, countOf, emptyWindow, type Window, withCall } from '../guard/window.ts'
import type { TranscriptFile } from './files.ts'
import { type Oddity, type Reader, readSession } from './session.ts'
import type { Timed } from './story.ts'

/** The first time that a rule would have warned, blocked or halted in a session. */
export interface Spoken {
  readonly rule: string
  readonly verdict: 'warn' | 'block' | 'halt'
  /** RFC 3339. */
  readonly at: string
  /** Which call of the session it was, the first being 1. */
  readonly call: number
  /** Calls of the session that this rule would have blocked from then on, or kept from being made. */
  readonly saved: number
  /** Minutes that they took, from the halt on. */
  readonly minutes: number
}

export interface ReplayedSession {
  readonly session: string
  readonly calls: number
  /** The most calls in any 60 s, had none been blocked. */
  readonly peak: number
  /** Turns that no person began, and different agents, in all of the session. */
  readonly machineTurns: number
  readonly agentsSeen: number
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
    if (replayed.calls > 0) sessions.push(replayed)
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
  /** `ms` is what the calls took that it would have blocked from a halt on. */
  readonly spoken: Map<string, Omit<Spoken, 'minutes'> & { readonly ms: number }>
}

export function replaySession(session: string, events: readonly Timed[], policy: Policy): ReplayedSession {
  const start = events[0]?.at ?? 0
  const replay: SessionReplay = {
    session: freshSession(start),
    agents: new Map(),
    all: emptyWindow(start),
    calls: 0,
    peak: 0,
    machineTurns: 0,
    last: start,
    spoken: new Map(),
  }
  for (const timed of events) step(replay, timed, policy)
  const { calls, peak, machineTurns, spoken } = replay
  const agentsSeen = agentsIn(replay.session).ever
  const verdicts = [...spoken.values()].map(({ ms, ...each }) => ({
    ...each,
    minutes: Math.round(ms / 60_000),
  }))
  return { session, calls, peak, machineTurns, agentsSeen, verdicts }
}

function step(replay: SessionReplay, { at, event, calls }: Timed, policy: Policy): void {
  const id = event.agent.id
  const agent = replay.agents.get(id) ?? freshAgent(replay.session.lasting.epoch)
  const wasHalted = isHalted(replay.session, agent)
  const outcome = decide({ session: replay.session, agent }, event, policy, at)
  replay.machineTurns += Math.max(0, machineTurnsIn(outcome.session) - machineTurnsIn(replay.session))
  replay.session = outcome.session
  replay.agents.set(id, outcome.agent)
  replay.calls += calls
  if (event.type === 'call') {
    replay.all = withCall(aged(replay.all, at))
    replay.peak = Math.max(replay.peak, countOf(replay.all))
  }
  // In a turn that had ended, calls that no hook is asked about would not have been made either.
  const unmade = wasHalted && event.type === 'results' ? calls : 0
  const isNew = outcome.tally.calls > 0 || outcome.tally.halted > 0 || unmade > 0
  const ms = wasHalted ? at - replay.last : 0
  if (isNew) note(replay, outcome.verdict, at, { calls: outcome.tally.blocked + unmade, ms })
  replay.last = at
}

function isHalted(session: SessionState, agent: AgentState): boolean {
  return haltIn({ session, agent: currentAgent(agent, session.lasting.epoch) }) !== undefined
}

/** Calls that would not have been made, and the time until the last of them. */
interface Saved {
  readonly calls: number
  readonly ms: number
}

function note({ spoken, calls }: SessionReplay, verdict: Verdict, at: number, blocked: Saved): void {
  if (verdict.kind === 'allow') return
  const { rule } = verdict
  // Of a session that is over, nobody can be asked.
  const kind = verdict.kind === 'ask' ? 'halt' : verdict.kind
  const key = `${rule} ${kind}`
  const known = spoken.get(key) ?? {
    rule,
    verdict: kind,
    at: new Date(at).toISOString(),
    call: calls,
    saved: 0,
    ms: 0,
  }
  spoken.set(key, { ...known, saved: known.saved + blocked.calls, ms: known.ms + blocked.ms })
}
