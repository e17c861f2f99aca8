/** What people ask of state.db: who was counted, and how much in all. */

import type { Identity } from '../guard/identity.ts'
import { type AgentState, freshAgent, freshSession, type SessionState, type State } from '../guard/state.ts'
import type { Database } from '../sqlite.ts'
import { decodeAgent, decodeGuardChange, decodeLasting, decodeSession, type GuardChange } from './codec.ts'
import { parseTools } from './tools.ts'

export interface Totals {
  readonly calls: number
  readonly warned: number
  readonly blocked: number
  readonly halted: number
  readonly errors: number
  /** Refusals that stand in no audit log. */
  readonly unsigned: number
  /** Calls that ran without our having been asked. */
  readonly unasked: number
  /** What shadow mode would have done. */
  readonly wouldWarn: number
  readonly wouldBlock: number
  readonly wouldHalt: number
}

export interface AgentCalls {
  readonly agent: string
  readonly type: string
  readonly count: number
  /** Its own latch is closed. */
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
  readonly live: string | null
  readonly lasting: string
}

export const NO_TOTALS: Totals = {
  ...{ calls: 0, warned: 0, blocked: 0, halted: 0, errors: 0, unsigned: 0, unasked: 0 },
  ...{ wouldWarn: 0, wouldBlock: 0, wouldHalt: 0 },
}

/** Which sessions are wanted: all, unless it is said. */
export interface Wanted {
  /** How the id begins. */
  readonly begin?: string
  readonly tenant?: string | undefined
  /** So many of the latest. */
  readonly most?: number
}

/** Known sessions, the latest first. */
export function readSessions(db: Database, now: number, wanted: Wanted = {}): StoredSession[] {
  const { begin = '', tenant = null, most = -1 } = wanted
  const agents = readAgents(db)
  return db
    .prepare<[string, string, string | null, number], SessionRow>(
      `SELECT * FROM session WHERE substr(name, 1, length(?)) = ? AND tenant = coalesce(?, tenant)
       ORDER BY last_ms DESC LIMIT ?`,
    )
    .all(begin, begin, tenant, most)
    .map((row) => ({
      key: row.key,
      identity: { tenant: row.tenant, user: row.user, kind: row.kind, id: row.name },
      project: row.project,
      peak: row.peak,
      denied: row.blocked,
      tools: parseTools(row.tools),
      agents: agents.get(row.id) ?? [],
      firstSeen: row.first_ms,
      lastSeen: row.last_ms,
      calls: row.calls,
      unasked: row.unasked,
      guardChange: decodeGuardChange(row.guard),
      state: stateIn(row, now),
    }))
}

/** The id and the tenant of each known session. */
export function readNames(db: Database): { id: string; tenant: string }[] {
  return db.prepare<[], { id: string; tenant: string }>('SELECT name AS id, tenant FROM session').all()
}

/** What cannot be read is as if it had never been: the next call says so. */
function stateIn({ live, lasting }: SessionRow, now: number): SessionState {
  const kept = decodeLasting(lasting)
  const fresh = freshSession(now, kept)
  return live === null ? fresh : (decodeSession(live, fresh.lasting) ?? fresh)
}

/** What was counted since the file began, sessions that are forgotten by now included. */
export function readTotals(db: Database): Totals {
  const totals = db
    .prepare<[], Totals>(
      `SELECT calls + (SELECT coalesce(sum(calls), 0) FROM session) AS calls,
         warned + (SELECT coalesce(sum(warned), 0) FROM session) AS warned,
         blocked + (SELECT coalesce(sum(blocked), 0) FROM session) AS blocked,
         halted + (SELECT coalesce(sum(halted), 0) FROM session) AS halted, errors, unsigned,
         unasked + (SELECT coalesce(sum(unasked), 0) FROM session) AS unasked,
         would_warn AS wouldWarn, would_block AS wouldBlock, would_halt AS wouldHalt FROM retired`,
    )
    .get()
  return { ...NO_TOTALS, ...totals }
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

function readAgents(db: Database): Map<number, AgentCalls[]> {
  const bySession = new Map<number, AgentCalls[]>()
  const rows = db
    .prepare<[], { session: number; agent: string; type: string; calls: number; latched: number }>(
      'SELECT session, agent, type, calls, latched FROM agent ORDER BY calls DESC, agent',
    )
    .iterate()
  for (const { session, agent, type, calls, latched } of rows) {
    const known = bySession.get(session) ?? []
    known.push({ agent, type, count: calls, ...(latched ? { halted: true } : {}) })
    bySession.set(session, known)
  }
  return bySession
}
