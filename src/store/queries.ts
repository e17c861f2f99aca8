/** What people ask of state.db: who was counted, and how they stand. */

import type { Identity } from '../guard/identity.ts'
import { RATE } from '../guard/rules/rate.ts'
import {
  type AgentState,
  counterIn,
  freshAgent,
  freshSession,
  type SessionState,
  type State,
} from '../guard/state.ts'
import { aged, countOf, WINDOW_MS } from '../guard/window.ts'
import type { Database } from '../system/sqlite.ts'
import {
  decodeAgent,
  decodeGuardChange,
  decodeLasting,
  decodeLoosening,
  decodeSession,
  type GuardChange,
  type Loosening,
} from './codec.ts'
import { type Beginning, rangesOf } from './names.ts'
import { minuteOf } from './schema.ts'
import { parseTools } from './tools.ts'

export interface AgentCalls {
  readonly agent: string
  readonly type: string
  readonly count: number
  /** Its own breaker is tripped. */
  readonly halted?: true
}

export interface StoredSession {
  readonly key: string
  readonly identity: Identity
  readonly project: string
  readonly peak: number
  readonly denied: number
  readonly tools: Readonly<Record<string, number>>
  readonly agents: readonly AgentCalls[]
  /** Unix ms. */
  readonly firstSeen: number
  readonly lastSeen: number
  readonly calls: number
  /** Of them: calls that ran without our having been asked. */
  readonly unasked: number
  /** Of the settings that the hooks stand in: one that the session was kept from, and that still lies there. */
  readonly guardChange: GuardChange | undefined
  /** What of its limits has become looser while it ran. */
  readonly loosening: Loosening | undefined
  readonly state: SessionState
}

interface SessionRow {
  readonly id: number
  readonly key: string
  readonly tenant: string
  readonly user: string
  readonly kind: Identity['kind']
  readonly name: string
  readonly project: string
  readonly tools: string
  readonly peak: number
  readonly blocked: number
  readonly first_ms: number
  readonly last_ms: number
  readonly calls: number
  readonly unasked: number
  readonly guard: string
  readonly loosened: string
  readonly live: string | null
  readonly lasting: string
}

/** Which sessions are wanted: all, unless it is said. */
export interface Wanted extends Beginning {
  /** The one with this key. */
  readonly key?: string
  /** Those that were seen since (Unix ms). */
  readonly since?: number
  /** So many of the latest. */
  readonly most?: number
}

/** Known sessions, the latest first. Of others no row is read. */
export function readSessions(db: Database, now: number, wanted: Wanted = {}): StoredSession[] {
  const agents = db.prepare<[number], AgentRow>(
    'SELECT agent, type, calls, latched FROM agent WHERE session = ? ORDER BY calls DESC, agent',
  )
  return rowsOf(db, wanted).map((row) => ({
    key: row.key,
    identity: { tenant: row.tenant, user: row.user, kind: row.kind, id: row.name },
    project: row.project,
    peak: row.peak,
    denied: row.blocked,
    tools: parseTools(row.tools),
    agents: agents.all(row.id).map(agentIn),
    firstSeen: row.first_ms,
    lastSeen: row.last_ms,
    calls: row.calls,
    unasked: row.unasked,
    guardChange: decodeGuardChange(row.guard),
    loosening: decodeLoosening(row.loosened),
    state: stateIn(row, now),
  }))
}

function rowsOf(db: Database, wanted: Wanted): SessionRow[] {
  if (wanted.key !== undefined) {
    return db.prepare<[string], SessionRow>('SELECT * FROM session WHERE key = ?').all(wanted.key)
  }
  const { begin = '', tenant, since = 0, most = -1 } = wanted
  const rows =
    begin === '' && tenant === undefined ? latestRows(db, since, most) : rowsNamed(db, wanted, since, most)
  const sorted = rows.sort((a, b) => b.last_ms - a.last_ms)
  return most < 0 ? sorted : sorted.slice(0, most)
}

/** By the index over ages: so many of those with rings and of those without, the latest first. */
function latestRows(db: Database, since: number, most: number): SessionRow[] {
  const latest = db.prepare<[number, number, number, number], SessionRow>(
    `SELECT * FROM session WHERE (live IS NULL) = ? AND last_minute >= ? AND last_ms >= ?
     ORDER BY last_minute DESC, last_ms DESC LIMIT ?`,
  )
  return [0, 1].flatMap((isIdle) => latest.all(isIdle, minuteOf(since), since, most))
}

function rowsNamed(db: Database, beginning: Beginning, since: number, most: number): SessionRow[] {
  const named = db.prepare<[string, string, number, number], SessionRow>(
    'SELECT * FROM session WHERE key >= ? AND key < ? AND last_ms >= ? ORDER BY last_ms DESC LIMIT ?',
  )
  return rangesOf(db, beginning).flatMap(({ from, to }) => named.all(from, to, since, most))
}

/** How many sessions have admitted calls in the window. Only those are read that were seen in it. */
export function countActive(db: Database, now: number): number {
  return readSessions(db, now, { since: now - WINDOW_MS }).filter(
    ({ state }) => countOf(aged(counterIn(state, RATE).window, now)) > 0,
  ).length
}

/** What cannot be read is as if it had never been: the next call says so. */
function stateIn({ live, lasting }: SessionRow, now: number): SessionState {
  const kept = decodeLasting(lasting)
  const fresh = freshSession(now, kept)
  return live === null ? fresh : (decodeSession(live, fresh.lasting) ?? fresh)
}

/** What is remembered of a session, as the hook would find it. */
export function readSession(db: Database, key: string, now: number): SessionState {
  const row = db.prepare<[string], SessionRow>('SELECT * FROM session WHERE key = ?').get(key)
  return row ? stateIn(row, now) : freshSession(now)
}

/** The change of the settings that a session was kept from, if it still lies there. */
export function readGuardChange(db: Database, key: string): GuardChange | undefined {
  const text = db.prepare<[string], string>('SELECT guard FROM session WHERE key = ?').pluck().get(key)
  return decodeGuardChange(text ?? '')
}

/** How many calls of a session ran without our having been asked. */
export function countUnasked(db: Database, key: string): number {
  return db.prepare<[string], number>('SELECT unasked FROM session WHERE key = ?').pluck().get(key) ?? 0
}

/** What of a session's limits has become looser while it ran. */
export function readLoosening(db: Database, key: string): Loosening | undefined {
  const text = db.prepare<[string], string>('SELECT loosened FROM session WHERE key = ?').pluck().get(key)
  return decodeLoosening(text ?? '')
}

/** What is remembered of a session and one of its agents, as the hook would find it. */
export function readState(db: Database, key: string, agent: string, now: number): State {
  const session = readSession(db, key, now)
  const found = readAgentStates(db, key, session.lasting.epoch).find(({ id }) => id === agent)
  return { session, agent: found?.state ?? freshAgent(session.lasting.epoch) }
}

/** How many agents of a session were halted alone in this epoch. */
export function countHalted(db: Database, key: string, epoch: number): number {
  return db
    .prepare<[string], string>(
      'SELECT agent.live FROM agent JOIN session ON session.id = agent.session WHERE key = ? AND latched = 1',
    )
    .pluck()
    .all(key)
    .filter((live) => decodeAgent(live)?.epoch === epoch).length
}

/** What the agents of a session have done lately, the latest first. */
export function readAgentStates(
  db: Database,
  key: string,
  epoch: number,
): { id: string; state: AgentState }[] {
  return db
    .prepare<[string], { agent: string; live: string }>(
      `SELECT agent, agent.live FROM agent JOIN session ON session.id = agent.session
       WHERE key = ? AND agent.live IS NOT NULL ORDER BY agent.last_minute DESC, agent`,
    )
    .all(key)
    .flatMap(({ agent, live }) => {
      const state = decodeAgent(live)
      return state && state.epoch === epoch ? [{ id: agent, state }] : []
    })
}

interface AgentRow {
  readonly agent: string
  readonly type: string
  readonly calls: number
  readonly latched: number
}

function agentIn({ agent, type, calls, latched }: AgentRow): AgentCalls {
  return { agent, type, count: calls, ...(latched ? { halted: true } : {}) }
}
