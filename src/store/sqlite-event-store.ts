/**
 * What an event asks of state.db: every session's state, counted exactly.
 *
 * Each update is one IMMEDIATE transaction: it takes the write lock before it reads, and reads the clock only
 * once it holds it. So parallel hooks are counted one after the other, in the order of their times.
 *
 * The rollback journal with `synchronous = OFF`: a killed process is rolled back by the next one. What an
 * operating-system crash may cost is worth a minute.
 */

import type { GuardEvent } from '../guard/event.ts'
import { keyOf } from '../guard/identity.ts'
import type { Tally } from '../guard/outcome.ts'
import { RATE } from '../guard/rules/rate.ts'
import { counterIn, freshState } from '../guard/state.ts'
import { countOf } from '../guard/window.ts'
import type { Patience } from '../system/deadline.ts'
import { type Database, inTransaction, openSqlite, QUICK, whileBusy } from '../system/sqlite.ts'
import { encodeAgent, encodeLasting, encodeSession } from './codec.ts'
import { outermost, type Place, placeIn } from './nesting.ts'
import {
  beginStretch,
  FIND,
  type Found,
  type FoundRow,
  foundIn,
  isHeard,
  mayBegin,
  noticeOf,
  SAVE_AGENT,
  SAVE_SESSION,
  stateIn,
  withTool,
} from './rows.ts'
import { hasSchema, minuteOf } from './schema.ts'
import type { Decided, EventStore, Update, Updated } from './store.ts'
import { settleTrips } from './trips.ts'

/** Idle sessions are looked for at most this often. */
const SWEEP_EVERY_MS = 60_000

export class SqliteEventStore implements EventStore {
  protected readonly db: Database
  protected readonly clock: () => number
  protected readonly file: string
  protected patience: Patience

  /** Opens or creates the file. When patience for its locks is over, SQLite's own SQLITE_BUSY is thrown. */
  constructor(file: string, patience: Patience, clock: () => number) {
    this.file = file
    this.clock = clock
    this.patience = patience
    this.db = openSqlite(file)
  }

  /** Runs `work` under the write lock, with the clock read after the lock was taken. All or nothing. */
  protected transaction<T>(work: (db: Database, now: number) => T): T {
    return inTransaction(this.db, QUICK, this.patience, () => {
      this.makeTables()
      return work(this.db, this.clock())
    })
  }

  /** The tables are there, or it is no work for this store. */
  protected makeTables(): void {
    if (!hasSchema(this.db, this.file)) throw new Error(`Expected ${this.file} to have its tables`)
  }

  update(update: Update): Updated {
    this.rehearse(update)
    return this.transaction((db, now) => {
      const key = keyOf(update.identity)
      const row = this.find(key, update.event.agent.id)
      const found = foundIn(row)
      const { state, isWhole } = stateIn(row, now)
      const saved = this.placed(found, key, update, now)
      const { complaints = [], ...used } = (saved && this.take(update, saved, now)) ?? {}
      const decided = update.decide(state, now, found === undefined, used)
      const resumed = found && settleTrips(db, found.id, state, decided)
      if (saved) this.save(saved, update, decided, now)
      if (saved && decided.session.lasting.epoch !== state.session.lasting.epoch)
        beginStretch(db, saved.id, now)
      return {
        ...decided,
        complaints,
        sweepIsDue: Math.abs(now - row.sweptMs) >= SWEEP_EVERY_MS,
        noticeIsNew: isHeard(update, decided) && (found?.notice ?? '') !== noticeOf(update),
        ...(found && found.policy !== update.policy && found.policy !== ''
          ? { policyBefore: found.policy }
          : {}),
        ...(resumed ? { resumed } : {}),
        ...(saved?.root ? { root: saved.root } : {}),
        ...(isWhole ? {} : { dropped: 'one session in state.db was unreadable: it is counted from 0' }),
      }
    })
  }

  close(): void {
    this.db.close()
  }

  /**
   * Runs once, on nothing and under no lock, what is about to run under it. In a process that has just begun nothing is
   * compiled yet: under the lock that would take four times as long as the work itself, while all others wait.
   */
  private rehearse({ decide, identity, ledger }: Update): void {
    const now = this.clock()
    const { session, agent } = decide(freshState(now), now, false, {})
    const [live, lasting] = [encodeSession(session), encodeLasting(session.lasting)]
    stateIn({ live, lasting, agentLive: encodeAgent(agent) }, now)
    whileBusy(this.patience, () => {
      if (!hasSchema(this.db, this.file)) return
      for (const statement of [FIND, SAVE_SESSION, SAVE_AGENT]) this.db.prepare(statement)
      ledger?.prepare(this.db, keyOf(identity))
    })
  }

  private find(key: string, agent: string): FoundRow {
    const row = this.db.prepare<[string, string], FoundRow>(FIND).get(key, agent)
    if (!row) throw new Error(`Expected ${this.file} to have its row of totals`)
    return row
  }

  private save({ id, notice, policy, tools }: Found, update: Update, decided: Decided, now: number): void {
    const { event } = update
    const { session, tally, would, unasked } = decided
    const ran = event.type === 'call' && tally.calls > tally.blocked ? [event.tool] : unasked
    this.db
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
        tally.calls,
        tally.warned,
        tally.blocked,
        tally.halted,
        unasked.length,
        id,
      )
    this.saveAgent(id, event, decided, ran.length, now)
    if (would?.warned || would?.blocked || would?.halted) this.countWould(would)
  }

  private insert(key: string, { identity, project }: Update, { parent, root }: Place, now: number): Found {
    const { tenant, user, kind, id: name } = identity
    const { lastInsertRowid } = this.db
      .prepare(
        `INSERT INTO session (key, tenant, user, kind, name, project, first_ms, last_ms, last_minute, parent, root)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(key, tenant, user, kind, name, project, now, now, minuteOf(now), parent, root)
    return { id: lastInsertRowid, notice: '', policy: '', tools: '{}', parent, root }
  }

  /** The session, where it counts by now; undefined where this event begins none. */
  private placed(found: Found | undefined, key: string, update: Update, now: number): Found | undefined {
    const { identity, event, parent } = update
    const place = placeIn(this.db, identity, found, parent?.(found === undefined))
    const saved =
      found ?? (mayBegin(event) || update.ledger?.reads ? this.insert(key, update, place, now) : undefined)
    if (!saved) return undefined
    if (place.parent !== saved.parent || place.root !== saved.root) this.move(saved, place)
    const root = place.root && outermost(this.db, identity.tenant, place.root)
    return { ...saved, root }
  }

  private take({ ledger, identity }: Update, { id, root }: Found, now: number) {
    return ledger?.take(this.db, { id, identity, root }, now)
  }

  /** Another client goes on with it. */
  private move({ id }: Found, { parent, root }: Place): void {
    this.db.prepare('UPDATE session SET parent = ?, root = ? WHERE id = ?').run(parent, root, id)
  }

  private saveAgent(
    id: Found['id'],
    event: GuardEvent,
    { agent }: Decided,
    calls: number,
    now: number,
  ): void {
    if (event.type === 'session_end') {
      this.db.prepare('UPDATE agent SET live = NULL WHERE session = ? AND latched = 0').run(id)
      return
    }
    this.db
      .prepare(SAVE_AGENT)
      .run(id, event.agent.id, event.agent.type, calls, minuteOf(now), encodeAgent(agent), agent.trip ? 1 : 0)
  }

  private countWould({ warned, blocked, halted }: Tally): void {
    this.db
      .prepare(
        `UPDATE retired SET would_warn = would_warn + ?, would_block = would_block + ?,
           would_halt = would_halt + ?`,
      )
      .run(warned, blocked, halted)
  }
}

export function useOnce<Store extends SqliteEventStore, T>(store: Store, use: (store: Store) => T): T {
  try {
    return use(store)
  } finally {
    store.close()
  }
}
