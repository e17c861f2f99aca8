/**
 * state.db: every session's state, counted exactly.
 *
 * Each update is one IMMEDIATE transaction that takes the write lock before it reads, and reads the clock
 * only once it holds it; so parallel hooks are counted one after the other, in the order of their times.
 *
 * The rollback journal with `synchronous = OFF`: a killed process is rolled back by the next one. What an
 * operating-system crash may cost is worth a minute.
 */

import type { Outcome, Tally } from '../guard/decide.ts'
import type { Agent, Event } from '../guard/event.ts'
import { type Identity, keyOf } from '../guard/identity.ts'
import { freshState, type SessionState } from '../guard/state.ts'
import { type Database, openSqlite } from '../sqlite.ts'
import { decodeState, encodeState } from './codec.ts'
import { ensureSchema } from './schema.ts'
import { newSummary, parseSummary, type Summary, summed } from './summary.ts'

export interface Totals {
  readonly calls: number
  readonly warned: number
  readonly blocked: number
  readonly halted: number
  readonly errors: number
}

/** Idle sessions are looked for at most this often. */
const SWEEP_EVERY_MS = 60_000

interface SessionRow {
  readonly id: number
  readonly live: string | null
  readonly summary: string
}

export interface AgentCalls {
  readonly agent: string
  readonly type: string
  readonly calls: number
}

export interface StoredSession {
  readonly key: string
  readonly summary: Summary
  /** Undefined when the session is idle. */
  readonly state: SessionState | undefined
  readonly agents: readonly AgentCalls[]
}

export interface Update {
  readonly identity: Identity
  readonly event: Event
  /** Where the session works: kept for people to recognise it by. */
  readonly project: string
  /** Something the person should be told once in this session. */
  readonly notice?: string | undefined
  /** Called under the lock with the session's state and the time (Unix ms). */
  readonly decide: (state: SessionState, now: number) => Outcome
}

export interface Updated extends Outcome {
  /** Nobody has swept for a minute. */
  readonly sweepIsDue: boolean
  /** The notice was not told in this session yet. */
  readonly noticeIsNew: boolean
}

export class StateDb {
  readonly #db: Database
  readonly #clock: () => number
  readonly #file: string
  /** What was found damaged and dropped, in words for a person. */
  readonly notices: string[] = []

  /** Opens or creates the file. Waits up to `waitMs` for the lock; then SQLite's own SQLITE_BUSY is thrown. */
  constructor(file: string, waitMs: number, clock: () => number) {
    this.#file = file
    this.#clock = clock
    this.#db = openSqlite(file, waitMs)
    try {
      this.#db.pragma('journal_mode = TRUNCATE')
      this.#db.pragma('synchronous = OFF')
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Runs `work` under the write lock, with the clock read after the lock was taken. All or nothing. */
  transaction<T>(work: (db: Database, now: number) => T): T {
    return this.#db
      .transaction(() => {
        ensureSchema(this.#db, this.#file)
        return work(this.#db, this.#clock())
      })
      .immediate()
  }

  /** Decides one event and saves what follows from it. An event other than a call creates no session. */
  update(update: Update): Updated {
    return this.transaction((db, now) => {
      const key = keyOf(update.identity)
      const row = db.prepare<[string], SessionRow>('SELECT id, live, summary FROM session WHERE key = ?').get(key)
      const outcome = update.decide(this.#stateOf(row, now), now)
      const before = (row && parseSummary(row.summary)) ?? newSummary(update.identity, update.project, now)
      if (row || update.event.type === 'call') this.#save(key, before, update, outcome, now)
      const sweepIsDue = Math.abs(now - this.#count(outcome.tally)) >= SWEEP_EVERY_MS
      return { ...outcome, sweepIsDue, noticeIsNew: before.notice !== (update.notice ?? '') }
    })
  }

  /** Counts a failure of ours. */
  countError(): void {
    this.transaction((db) => db.exec('UPDATE total SET errors = errors + 1'))
  }

  /** Sessions by key, newest first, as they are now; `key` picks one. Takes no write lock. */
  sessions(): StoredSession[] {
    const agents = this.#agents()
    return this.#db
      .prepare<[], SessionRow & { key: string }>('SELECT id, key, live, summary FROM session ORDER BY last_ms DESC')
      .all()
      .flatMap(({ id, key, live, summary }) => {
        const parsed = parseSummary(summary)
        const state = live === null ? undefined : decodeState(live)
        return parsed ? [{ key, summary: parsed, state, agents: agents.get(id) ?? [] }] : []
      })
  }

  totals(): Totals {
    const totals = this.#db
      .prepare<[], Totals>('SELECT calls, warned, blocked, halted, errors FROM total')
      .get()
    return totals ?? { calls: 0, warned: 0, blocked: 0, halted: 0, errors: 0 }
  }

  /** Clears the rings of these sessions; what they did before stays in their summaries. */
  reset(keys: readonly string[]): void {
    this.transaction((db) => {
      const clear = db.prepare('UPDATE session SET live = NULL, idle = 1 WHERE key = ?')
      for (const key of keys) clear.run(key)
    })
  }

  /** From now on a lock that others hold is not waited for. */
  giveWay(): void {
    this.#db.pragma('busy_timeout = 0')
  }

  close(): void {
    this.#db.close()
  }

  #agents(): Map<number, AgentCalls[]> {
    const bySession = new Map<number, AgentCalls[]>()
    const rows = this.#db
      .prepare<[], AgentCalls & { session: number }>('SELECT session, agent, type, calls FROM agent ORDER BY calls DESC')
      .all()
    for (const { session, ...agent } of rows) bySession.set(session, [...(bySession.get(session) ?? []), agent])
    return bySession
  }

  #stateOf(row: SessionRow | undefined, now: number): SessionState {
    if (!row || row.live === null) return freshState(now)
    const state = decodeState(row.live)
    if (state) return state
    this.notices.push('one session in state.db was unreadable: it is dropped and counted from 0')
    return freshState(now)
  }

  #save(key: string, before: Summary, update: Update, outcome: Outcome, now: number): void {
    const { event, notice = '' } = update
    const summary = { ...summed(before, event, outcome.state, outcome.tally, now), notice }
    const live = event.type === 'session_end' ? null : encodeState(outcome.state)
    const id = this.#saveSession(key, live, summary, now)
    if (event.type === 'call' && outcome.tally.calls > outcome.tally.blocked) this.#saveAgent(id, event.agent, now)
  }

  #saveSession(key: string, live: string | null, summary: Summary, now: number): number | bigint {
    const saved = this.#db
      .prepare<[string, number, number, string | null, string], { id: number }>(
        `INSERT INTO session (key, idle, last_ms, live, summary) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET idle = excluded.idle, last_ms = excluded.last_ms,
           live = excluded.live, summary = excluded.summary
         RETURNING id`,
      )
      .get(key, live === null ? 1 : 0, now, live, JSON.stringify(summary))
    if (!saved) throw new Error('SQLite returned no id for a saved session')
    return saved.id
  }

  #saveAgent(session: number | bigint, agent: Agent, now: number): void {
    this.#db
      .prepare(
        `INSERT INTO agent (session, agent, type, calls, last_ms) VALUES (?, ?, ?, 1, ?)
         ON CONFLICT (session, agent) DO UPDATE SET calls = calls + 1, last_ms = excluded.last_ms`,
      )
      .run(session, agent.id, agent.type, now)
  }

  /** Adds to the totals; returns when the last sweep was (Unix ms). */
  #count(tally: Tally): number {
    const row = this.#db
      .prepare<[number, number, number], { swept_ms: number }>(
        `UPDATE total SET calls = calls + ?, warned = warned + ?, blocked = blocked + ? RETURNING swept_ms`,
      )
      .get(tally.calls, tally.warned, tally.blocked)
    return row?.swept_ms ?? 0
  }
}
