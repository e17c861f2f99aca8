/**
 * state.db: every session's state, counted exactly.
 *
 * Each update is one IMMEDIATE transaction: it takes the write lock before it reads, and reads the clock only
 * once it holds it. So parallel hooks are counted one after the other, in the order of their times.
 *
 * The rollback journal with `synchronous = OFF`: a killed process is rolled back by the next one. What an
 * operating-system crash may cost is worth a minute.
 */

import type { Tally } from '../guard/decide.ts'
import type { GuardEvent } from '../guard/event.ts'
import { type Identity, keyOf } from '../guard/identity.ts'
import { RATE } from '../guard/rules/rate.ts'
import { counterIn, freshState } from '../guard/state.ts'
import { countOf } from '../guard/window.ts'
import type { Patience } from '../system/deadline.ts'
import { type Database, inTransaction, onOneState, openSqlite, QUICK, whileBusy } from '../system/sqlite.ts'
import { encodeAgent, encodeLasting, encodeSession } from './codec.ts'
import { ensureSchema, hasSchema, isOutdated, minuteOf } from './schema.ts'
import { FIND, SAVE_AGENT, SAVE_SESSION } from './statements.ts'
import {
  type Decided,
  type Found,
  type FoundRow,
  foundIn,
  isHeard,
  mayBegin,
  noticeOf,
  stateIn,
  type Update,
  type Updated,
} from './store.ts'
import { withTool } from './tools.ts'
import { settleTrips } from './trips.ts'

/** Idle sessions are looked for at most this often. */
const SWEEP_EVERY_MS = 60_000

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

  /** Decides one event and saves what follows from it. Only what may begin a session creates one. */
  update(update: Update): Updated {
    this.#rehearse(update)
    return this.transaction((db, now) => {
      const key = keyOf(update.identity)
      const row = this.#find(key, update.event.agent.id)
      const found = foundIn(row)
      const { state, isWhole } = stateIn(row, now)
      const decided = update.decide(state, now, found === undefined)
      const resumed = found && settleTrips(db, found.id, state, decided)
      if (found || mayBegin(update.event)) {
        this.#save(found ?? this.#insert(key, update.identity, update.project, now), update, decided, now)
      }
      return {
        ...decided,
        sweepIsDue: Math.abs(now - row.sweptMs) >= SWEEP_EVERY_MS,
        noticeIsNew: isHeard(update, decided) && (found?.notice ?? '') !== noticeOf(update),
        ...(found && found.policy !== update.policy && found.policy !== ''
          ? { policyBefore: found.policy }
          : {}),
        ...(resumed ? { resumed } : {}),
        ...(isWhole ? {} : { dropped: 'one session in state.db was unreadable: it is counted from 0' }),
      }
    })
  }

  /** Counts a failure of ours, or a block that could not be signed. */
  count(what: 'errors' | 'unsigned'): void {
    this.transaction((db) => db.exec(`UPDATE retired SET ${what} = ${what} + 1`))
  }

  /** Runs a query on one consistent state of the file, under no lock but to bring it up to date. `none` if nothing was counted. */
  read<T>(query: (db: Database, now: number) => T, none: T): T {
    return whileBusy(this.#patience, () => {
      if (isOutdated(this.#db, this.#file)) this.transaction(() => undefined)
      return onOneState(this.#db, () =>
        hasSchema(this.#db, this.#file) ? query(this.#db, this.#clock()) : none,
      )
    })
  }

  /** From now on a lock that others hold is not waited for. */
  giveWay(): void {
    this.#patience = () => 0
  }

  close(): void {
    this.#db.close()
  }

  /**
   * Runs once, on nothing and under no lock, what is about to run under it. In a process that has just begun nothing is
   * compiled yet: under the lock that would take four times as long as the work itself, while all others wait.
   */
  #rehearse({ decide }: Update): void {
    const now = this.#clock()
    const { session, agent } = decide(freshState(now), now, false)
    const [live, lasting] = [encodeSession(session), encodeLasting(session.lasting)]
    stateIn({ live, lasting, agentLive: encodeAgent(agent) }, now)
    whileBusy(this.#patience, () => {
      if (!hasSchema(this.#db, this.#file)) return
      for (const statement of [FIND, SAVE_SESSION, SAVE_AGENT]) this.#db.prepare(statement)
    })
  }

  #find(key: string, agent: string): FoundRow {
    const row = this.#db.prepare<[string, string], FoundRow>(FIND).get(key, agent)
    if (!row) throw new Error(`Expected ${this.#file} to have its row of totals`)
    return row
  }

  #save({ id, notice, policy, tools }: Found, update: Update, decided: Decided, now: number): void {
    const { event } = update
    const { session, tally, would, unasked } = decided
    const ran = event.type === 'call' && tally.calls > tally.blocked ? [event.tool] : unasked
    this.#db
      .prepare(SAVE_SESSION)
      .run(
        event.type === 'session_end' ? null : encodeSession(session),
        encodeLasting(session.lasting),
        isHeard(update, decided) ? noticeOf(update) : notice,
        policy || update.policy,
        ran.reduce(withTool, tools),
        now,
        minuteOf(now),
        countOf(counterIn(session, RATE).window),
        ...[tally.calls, tally.warned, tally.blocked, tally.halted, unasked.length],
        id,
      )
    this.#saveAgent(id, event, decided, ran.length, now)
    if (would && (would.warned > 0 || would.blocked > 0 || would.halted > 0)) this.#countWould(would)
  }

  #insert(key: string, identity: Identity, project: string, now: number): Found {
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO session (key, tenant, user, kind, name, project, first_ms, last_ms, last_minute)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(key, identity.tenant, identity.user, identity.kind, identity.id, project, now, now, minuteOf(now))
    return { id: lastInsertRowid, notice: '', policy: '', tools: '{}' }
  }

  #saveAgent(id: Found['id'], event: GuardEvent, { agent }: Decided, calls: number, now: number): void {
    if (event.type === 'session_end') {
      this.#db.prepare('UPDATE agent SET live = NULL WHERE session = ? AND latched = 0').run(id)
      return
    }
    this.#db
      .prepare(SAVE_AGENT)
      .run(
        ...[id, event.agent.id, event.agent.type, calls, minuteOf(now)],
        ...[encodeAgent(agent), agent.trip ? 1 : 0],
      )
  }

  #countWould({ warned, blocked, halted }: Tally): void {
    this.#db
      .prepare(
        `UPDATE retired SET would_warn = would_warn + ?, would_block = would_block + ?,
           would_halt = would_halt + ?`,
      )
      .run(warned, blocked, halted)
  }
}
