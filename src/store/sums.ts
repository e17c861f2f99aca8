/** What was used up in all: by a session, by the outermost one that it counts for too, and in a day. */

import type { Spent } from '../guard/event.ts'
import { type Identity, keyOf } from '../guard/identity.ts'
import { dayOf, endOfDay } from '../system/day.ts'
import type { Database } from '../system/sqlite.ts'

/** What an event is told of what was used up. */
export interface Used {
  readonly tokens?: Spent
  readonly cents?: Spent
}

/** A session, and the outermost one that it counts for too. */
export interface Holder {
  readonly id: number | bigint
  readonly identity: Identity
  readonly root: string
}

/** As its row has them: see ledger.ts. */
export interface Sums {
  readonly tokens: number
  readonly tokens_before: number
  readonly cents: number
  readonly cents_before: number
  readonly cost: number | null
  readonly cost_at: number
  readonly prompt_at: number | null
  readonly stretch_at: number
  readonly looked_at: string
}

export function sumsOf(db: Database, session: number | bigint): Sums {
  const sums = db
    .prepare<[number | bigint], Sums>(
      `SELECT tokens, tokens_before, cents, cents_before, cost, cost_at, prompt_at, stretch_at, looked_at FROM session
       WHERE id = ?`,
    )
    .get(session)
  if (!sums) throw new Error('Expected the session to have its row')
  return sums
}

/** By how much the sums grow. */
interface Growth {
  readonly more: number
  /** So much more is of before the last prompt of a person. */
  readonly before: number
  /** The outermost session has nothing to do with what was there before the nested one was known. */
  readonly atRoot: number
  /** What of `more` is of which day. */
  readonly days: ReadonlyMap<string, number>
}

export function add(
  db: Database,
  { id, identity, root }: Holder,
  unit: 'tokens' | 'cents',
  { more, before, atRoot, days }: Growth,
): void {
  const sums = `UPDATE session SET ${unit} = ${unit} + ?`
  db.prepare(`${sums}, ${unit}_before = ${unit}_before + ? WHERE id = ?`).run(more, before, id)
  if (root !== '')
    db.prepare(`${sums} WHERE key = ?`).run(atRoot, keyOf({ ...identity, kind: 'session', id: root }))
  const ofDay = db.prepare(
    `INSERT INTO day (tenant, user, day, tokens, cents) VALUES (?, ?, ?, 0, 0) ON CONFLICT (tenant, user, day) DO NOTHING`,
  )
  const addToDay = db.prepare(
    `UPDATE day SET ${unit} = ${unit} + ? WHERE tenant = ? AND user = ? AND day = ?`,
  )
  for (const [day, amount] of days) {
    ofDay.run(identity.tenant, identity.user, day)
    addToDay.run(amount, identity.tenant, identity.user, day)
  }
}

/** What a session has used up, as it stands. */
export function usedBy(db: Database, { id, identity }: Holder, now: number): Required<Used> {
  const { tokens, tokens_before, cents, cents_before } = sumsOf(db, id)
  const day = dayIn(db, identity, now)
  const dayEndsAt = endOfDay(now)
  return {
    tokens: { prompt: stretchOf(tokens, tokens_before), session: tokens, day: day.tokens, dayEndsAt },
    cents: { prompt: stretchOf(cents, cents_before), session: cents, day: day.cents, dayEndsAt },
  }
}

/** What was used up since `before`. A message whose last usage is less than was counted may take more off than there is. */
export function stretchOf(sum: number, before: number): number {
  return Math.max(0, sum - before)
}

/** What all sessions of the same tenant and user have used up in the day of `now`. */
export function dayIn(
  db: Database,
  { tenant, user }: Pick<Identity, 'tenant' | 'user'>,
  now: number,
): { readonly tokens: number; readonly cents: number } {
  const today = db
    .prepare<[string, string, string], { tokens: number; cents: number }>(
      'SELECT tokens, cents FROM day WHERE tenant = ? AND user = ? AND day = ?',
    )
    .get(tenant, user, dayOf(now))
  return today ?? { tokens: 0, cents: 0 }
}

/** The same of everybody, in tokens. */
export function tokensToday(db: Database, now: number): number {
  const all = db.prepare<[string], number>('SELECT coalesce(sum(tokens), 0) FROM day WHERE day = ?').pluck()
  return all.get(dayOf(now)) ?? 0
}
