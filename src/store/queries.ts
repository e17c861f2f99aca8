/** What people ask of state.db: who was counted, how they stand, and how much it was in all. */

import { MAIN_AGENT } from '../guard/event.ts'
import { type Identity, keyOf } from '../guard/identity.ts'
import { type AgentState, currentAgent, freshState, type SessionState, type State } from '../guard/state.ts'
import type { Database } from '../system/sqlite.ts'
import { decodeAgent } from './codec.ts'
import { rangesOf } from './names.ts'
import { outermost } from './nesting.ts'
import { decodeGuardChange, decodeLoosening } from './notes.ts'
import { FIND, type FoundRow, parseTools, stateIn } from './rows.ts'
import { minuteOf } from './schema.ts'
import type { AgentCalls, Beginning, StoredSession, Totals, Unsigned, Wanted } from './store.ts'
import { dayIn, stretchOf } from './sums.ts'

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
  readonly policy: string
  readonly guard: string
  readonly loosened: string
  readonly live: string | null
  readonly lasting: string
  readonly parent: string
  readonly root: string
  readonly tokens: number
  readonly tokens_before: number
}

interface AgentRow {
  readonly agent: string
  readonly type: string
  readonly calls: number
  readonly live: string | null
  readonly latched: number
}

/** Known sessions, the latest first. Of others no row is read. */
export function readSessions(db: Database, now: number, wanted: Wanted = {}): StoredSession[] {
  return rowsOf(db, wanted).map(sessionReader(db, now))
}

export function readSession(db: Database, now: number, key: string): StoredSession | undefined {
  const row = rowOf(db, key)
  return row && sessionReader(db, now)(row)
}

function sessionReader(db: Database, now: number): (row: SessionRow) => StoredSession {
  const agents = db.prepare<[number], AgentRow>(
    'SELECT agent, type, calls, live, latched FROM agent WHERE session = ? ORDER BY calls DESC, agent',
  )
  const children = db
    .prepare<[string, string], string>(
      "SELECT name FROM session WHERE tenant = ? AND parent = ? AND parent <> '' ORDER BY first_ms, name",
    )
    .pluck()
  const unread = db
    .prepare<[number], number>('SELECT coalesce(sum(size - "offset"), 0) FROM transcript WHERE session = ?')
    .pluck()
  return (row) => ({
    ...sessionOf(row, agents.all(row.id), sessionIn(row, now)),
    tokens: {
      prompt: stretchOf(row.tokens, row.tokens_before),
      session: row.tokens,
      day: dayIn(db, row, now).tokens,
    },
    unread: unread.get(row.id) ?? 0,
    children: row.kind === 'session' ? children.all(row.tenant, row.name) : [],
    root: row.root === '' ? undefined : rootOf(db, now, row),
  })
}

function rootOf(db: Database, now: number, { tenant, root }: SessionRow): StoredSession['root'] {
  const id = outermost(db, tenant, root)
  return { id, state: readState(db, now, keyOf({ tenant, kind: 'session', id }), MAIN_AGENT).session }
}

function sessionOf(
  row: SessionRow,
  agents: readonly AgentRow[],
  state: SessionState,
): Omit<StoredSession, 'children' | 'root' | 'tokens' | 'unread'> {
  return {
    key: row.key,
    identity: { tenant: row.tenant, user: row.user, kind: row.kind, id: row.name },
    project: row.project,
    peak: row.peak,
    denied: row.blocked,
    tools: parseTools(row.tools),
    agents: agents.map((agent) => agentIn(agent, state.lasting.epoch)),
    firstSeen: row.first_ms,
    lastSeen: row.last_ms,
    calls: row.calls,
    unasked: row.unasked,
    policy: row.policy,
    guardChange: decodeGuardChange(row.guard),
    loosening: decodeLoosening(row.loosened),
    state,
    parent: row.parent || undefined,
  }
}

/** Agents that were halted before the session was reset are so no longer. */
function agentIn({ agent, type, calls, live, latched }: AgentRow, epoch: number): AgentCalls {
  const isHalted = latched === 1 && decodeAgent(live ?? '')?.epoch === epoch
  return { agent, type, count: calls, ...(isHalted ? { halted: true } : {}) }
}

function rowOf(db: Database, key: string): SessionRow | undefined {
  return db.prepare<[string], SessionRow>('SELECT * FROM session WHERE key = ?').get(key)
}

function rowsOf(db: Database, wanted: Wanted): SessionRow[] {
  const { begin = '', tenant, since = 0, most = -1 } = wanted
  const rows =
    begin === '' && tenant === undefined ? latestRows(db, since, most) : rowsNamed(db, wanted, since, most)
  const sorted = rows.sort((a, b) => b.last_ms - a.last_ms)
  return most < 0 ? sorted : sorted.slice(0, most)
}

/** By the index over ages: so many of those with a window and of those without, the latest first. */
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

function sessionIn({ live, lasting }: SessionRow, now: number): SessionState {
  return stateIn({ live, lasting, agentLive: null }, now).state.session
}

/** What is remembered of a session and one of its agents, as the next event finds it. */
export function readState(db: Database, now: number, key: string, agent: string): State {
  const row = db.prepare<[string, string], FoundRow>(FIND).get(key, agent)
  if (!row) return freshState(now)
  const { session, agent: before } = stateIn(row, now).state
  return { session, agent: currentAgent(before, session.lasting.epoch) }
}

/** What the agents of a session have done since it was reset last, the latest first. */
export function readAgentStates(
  db: Database,
  now: number,
  key: string,
): { readonly id: string; readonly state: AgentState }[] {
  const row = rowOf(db, key)
  if (!row) return []
  const { epoch } = sessionIn(row, now).lasting
  return db
    .prepare<[number], { agent: string; live: string }>(
      `SELECT agent, live FROM agent
       WHERE session = ? AND live IS NOT NULL ORDER BY last_minute DESC, agent`,
    )
    .all(row.id)
    .flatMap(({ agent, live }) => {
      const state = decodeAgent(live)
      return state && state.epoch === epoch ? [{ id: agent, state }] : []
    })
}

export function readUnsigned(db: Database): Unsigned {
  const row = db
    .prepare<[], Unsigned>('SELECT unsigned AS count, unsigned - unsigned_seen AS fresh FROM retired')
    .get()
  return row ?? { count: 0, fresh: 0 }
}

export const NO_TOTALS: Totals = {
  calls: 0,
  warned: 0,
  blocked: 0,
  halted: 0,
  errors: 0,
  unsigned: 0,
  unasked: 0,
  resumed: 0,
  loosened: 0,
  wouldWarn: 0,
  wouldBlock: 0,
  wouldHalt: 0,
}

/** What was counted since the file began. Of idle sessions their index alone is read. */
export function readTotals(db: Database): Totals {
  const totals = db
    .prepare<[], Totals>(
      `WITH known AS (
         SELECT calls, warned, blocked, halted, unasked FROM session WHERE live IS NULL
         UNION ALL SELECT calls, warned, blocked, halted, unasked FROM session WHERE (live IS NULL) = 0),
       summed AS (
         SELECT coalesce(sum(calls), 0) AS calls, coalesce(sum(warned), 0) AS warned,
           coalesce(sum(blocked), 0) AS blocked, coalesce(sum(halted), 0) AS halted,
           coalesce(sum(unasked), 0) AS unasked FROM known)
       SELECT retired.calls + summed.calls AS calls, retired.warned + summed.warned AS warned,
         retired.blocked + summed.blocked AS blocked, retired.halted + summed.halted AS halted,
         retired.unasked + summed.unasked AS unasked, errors, unsigned, resumed, loosened,
         would_warn AS wouldWarn, would_block AS wouldBlock, would_halt AS wouldHalt FROM retired, summed`,
    )
    .get()
  return { ...NO_TOTALS, ...totals }
}
