/**
 * state.db: every session's state, counted exactly.
 *
 * Each update is one IMMEDIATE transaction: it takes the write lock before it reads, and reads the clock only
 * once it holds it. So parallel hooks are counted one after the other, in the order of their times.
 *
 * The rollback journal with `synchronous = OFF`: a killed process is rolled back by the next one. What an
 * operating-system crash may cost is worth a minute.
 */

import type { Outcome } from '../guard/decide.ts'
import type { Event } from '../guard/event.ts'
import { type Identity, keyOf } from '../guard/identity.ts'
import { countOf } from '../guard/ring.ts'
import { freshState, type SessionState } from '../guard/state.ts'
import type { Patience } from '../pause.ts'
import { type Database, inTransaction, openSqlite, QUICK, whileBusy } from '../sqlite.ts'
import { decodeState, encodeState } from './codec.ts'
import { ensureSchema, hasSchema, isOutdated } from './schema.ts'
import { withTool } from './tools.ts'

/** As much of a notice as is kept to know it again. */
const MAX_NOTICE = 200

/** Idle sessions are looked for at most this often. */
const SWEEP_EVERY_MS = 60_000

/** Minutes since the epoch: what idle rows are looked up by. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000)
}

export interface Update {
  readonly identity: Identity
  readonly event: Event
  /** Where the session works: kept for people to recognise it by. */
  readonly project: string
  /** Something that the person should be told once in this session. */
  readonly notice?: string | undefined
  /** Called under the lock with the session's state and the time (Unix ms). */
  readonly decide: (state: SessionState, now: number) => Outcome
}

export interface Updated extends Outcome {
  /** Nobody has swept for a minute. */
  readonly sweepIsDue: boolean
  /** The notice was not told in this session yet. */
  readonly noticeIsNew: boolean
  /** What was found damaged and dropped, in words for a person. */
  readonly dropped?: string
}

/** A session as it was found under the lock. */
interface Found {
  readonly id: number | bigint
  readonly notice: string
  readonly tools: string
}

/** id, notice, tools, live, and when the last sweep was; all but the last are null for a new session. */
type FoundRow = [number | null, string, string, string | null, number]

export class StateDb {
  readonly #db: Database
  readonly #clock: () => number
  readonly #file: string
  #patience: Patience

  /** Opens or creates the file. When patience for its locks is over, SQLite's own SQLITE_BUSY is thrown. */
  constructor(file: string, patience: Patience, clock: () => number) {
    this.#file = file
    this.#clock = clock
    this.#patience = patience
    this.#db = openSqlite(file)
  }

  /** Runs `work` under the write lock, with the clock read after the lock was taken. All or nothing. */
  transaction<T>(work: (db: Database, now: number) => T): T {
    return inTransaction(this.#db, QUICK, this.#patience, () => {
      ensureSchema(this.#db, this.#file)
      return work(this.#db, this.#clock())
    })
  }

  /** Decides one event and saves what follows from it. An event other than a call creates no session. */
  update(update: Update): Updated {
    return this.transaction((_, now) => {
      const key = keyOf(update.identity)
      const { found, live, sweptMs } = this.#find(key)
      const known = live === null ? freshState(now) : decodeState(live)
      const outcome = update.decide(known ?? freshState(now), now)
      if (found || update.event.type === 'call') this.#save(key, found, update, outcome, now)
      return {
        ...outcome,
        sweepIsDue: Math.abs(now - sweptMs) >= SWEEP_EVERY_MS,
        noticeIsNew: isHeard(update, outcome) && (found?.notice ?? '') !== noticeOf(update),
        ...(known ? {} : { dropped: 'one session in state.db was unreadable: it is counted from 0' }),
      }
    })
  }

  /** Counts a failure of ours, or a refusal that could not be signed. */
  count(what: 'errors' | 'unsigned'): void {
    this.transaction((db) => db.exec(`UPDATE retired SET ${what} = ${what} + 1`))
  }

  /** Clears the rings of these sessions; what they did before stays known. */
  reset(keys: readonly string[]): void {
    this.transaction((db) => {
      const clear = db.prepare('UPDATE session SET live = NULL WHERE key = ?')
      for (const key of keys) clear.run(key)
    })
  }

  /** Runs a query on one consistent state of the file, under no lock but to bring it up to date. `none` if nothing was counted. */
  read<T>(query: (db: Database, now: number) => T, none: T): T {
    return whileBusy(this.#patience, () => {
      if (isOutdated(this.#db, this.#file)) this.transaction(() => undefined)
      this.#db.exec('BEGIN')
      try {
        return hasSchema(this.#db, this.#file) ? query(this.#db, this.#clock()) : none
      } finally {
        this.#db.exec('COMMIT')
      }
    })
  }

  /** From now on a lock that others hold is not waited for. */
  giveWay(): void {
    this.#patience = () => 0
  }

  close(): void {
    this.#db.close()
  }

  #find(key: string): { found: Found | undefined; live: string | null; sweptMs: number } {
    const row = this.#db
      .prepare<[string], FoundRow>(
        `SELECT session.id, notice, tools, live, swept_ms
         FROM retired LEFT JOIN session ON session.key = ?`,
      )
      .raw()
      .get(key)
    if (!row) throw new Error(`Expected ${this.#file} to have its row of totals`)
    const [id, notice, tools, live, sweptMs] = row
    return { found: id === null ? undefined : { id, notice, tools }, live, sweptMs }
  }

  #save(key: string, found: Found | undefined, update: Update, outcome: Outcome, now: number): void {
    const { identity, event, project } = update
    const { id, tools, notice } = found ?? this.#insert(key, identity, project, now)
    const { state, tally } = outcome
    const live = event.type === 'session_end' ? null : encodeState(state)
    const isAdmitted = event.type === 'call' && tally.calls > tally.blocked
    this.#db
      .prepare(
        `UPDATE session SET live = ?, notice = ?, tools = ?, last_ms = ?, last_minute = ?, peak = max(peak, ?),
           calls = calls + ?, warned = warned + ?, blocked = blocked + ? WHERE id = ?`,
      )
      .run(
        live,
        isHeard(update, outcome) ? noticeOf(update) : notice,
        isAdmitted ? withTool(tools, event.tool) : tools,
        now,
        minuteOf(now),
        countOf(state.admitted),
        tally.calls,
        tally.warned,
        tally.blocked,
        id,
      )
    if (isAdmitted) this.#countAgent(id, event.agent.id, event.agent.type, now)
  }

  #insert(key: string, identity: Identity, project: string, now: number): Found {
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO session (key, tenant, user, kind, name, project, first_ms, last_ms, last_minute)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(key, identity.tenant, identity.user, identity.kind, identity.id, project, now, now, minuteOf(now))
    return { id: lastInsertRowid, notice: '', tools: '{}' }
  }

  #countAgent(session: number | bigint, agent: string, type: string, now: number): void {
    this.#db
      .prepare(
        `INSERT INTO agent (session, agent, type, calls, last_minute) VALUES (?, ?, ?, 1, ?)
         ON CONFLICT (session, agent) DO UPDATE SET calls = calls + 1, last_minute = excluded.last_minute`,
      )
      .run(session, agent, type, minuteOf(now))
  }
}

/** Only a call that is counted is answered, so only then can a person be told something. */
function isHeard(update: Update, outcome: Outcome): boolean {
  return update.event.type === 'call' && outcome.tally.calls > 0
}

function noticeOf(update: Update): string {
  return update.notice?.slice(0, MAX_NOTICE) ?? ''
}
