/**
 * The ledger: what sessions have used up, as their transcripts tell it. Each message counts once and with its last usage,
 * whoever reads it and in whichever file it stands first; a line counts for the stretch in which it was appended.
 *
 * Files grow while hooks read them, several at once. So what was read without the lock holds under it only if the file was
 * still at the same position then; positions, messages and sums change in the event's own transaction.
 *
 * A session's `tokens_before` are those before its last prompt of a person. While files are caught up with that were there
 * before the session was known, only their lines say when that was: then `prompt_at` is the time of the last prompt found
 * (Unix ms; 0: none yet), and else NULL. `mark` is up to where a file stood there at the last prompt, or at first sight.
 */

import type { Spent } from '../guard/event.ts'
import { type Identity, keyOf } from '../guard/identity.ts'
import type { Database } from '../system/sqlite.ts'

/** How far a file was read, and by what it is known to be the same file. */
export interface Position {
  /** Which file it was: device and inode. */
  readonly node: string
  /** Bytes read. */
  readonly offset: number
  /** A keyed hash of the last bytes before that. */
  readonly tail: string
  /** Bytes that it had. */
  readonly size: number
  /** Lines that begin before this are older than the last prompt of a person, or than the session's first event. */
  readonly mark: number
}

/** What stands in a file behind a position. */
export interface Reading extends Omit<Position, 'mark'> {
  readonly path: string
  /** It is the main agent's. */
  readonly isMain: boolean
  readonly entries: readonly Entry[]
  /** Why it is not read, in words that complete "FILE …"; it counts nothing then. */
  readonly problem?: string
}

/** A message's usage, or a person's prompt. */
export interface Entry {
  /** Of the line in its file: bytes. */
  readonly offset: number
  /** Unix ms; undefined where the line does not say. */
  readonly at: number | undefined
  /** A number as good as unique to the message; absent of a prompt. */
  readonly message?: number
  readonly tokens: number
}

/** Reads a session's files, so many bytes an event. */
export interface TokenReader {
  /**
   * What is new: called without the lock first, and then under it, where it reads again only what has moved on since. Of
   * more files than are looked at in one event, those after the file `after`.
   */
  read(positionOf: (path: string) => Position | undefined, after: string): Read
}

export interface Read {
  readonly readings: readonly Reading[]
  /** The last file that was looked at; empty where all were. */
  readonly last: string
}

/** What an event is told of what was used up. */
export interface Used {
  readonly tokens?: Spent
  readonly cents?: Spent
}

export interface Ledger {
  /** Reads ahead, without the lock. */
  prepare(db: Database, key: string): void
  /** Counts what is new, under the lock, and complains once of each file that is not read. */
  take(db: Database, holder: Holder, now: number): Used & { readonly complaints: readonly string[] }
}

/** A session, and the outermost one that it counts for too. */
interface Holder {
  readonly id: number | bigint
  readonly identity: Identity
  readonly root: string
}

interface Sums {
  readonly tokens: number
  readonly tokens_before: number
  readonly cents: number
  readonly cents_before: number
  readonly cost: number | null
  readonly prompt_at: number | null
  readonly looked_at: string
}

/** `costUsd` is what the client says that the session has cost so far; undefined where it says nothing. */
export function ledgerOf(reader: TokenReader | undefined, costUsd: number | undefined): Ledger {
  return {
    prepare(db, key) {
      const row = db
        .prepare<[string], { id: number; looked_at: string }>(
          'SELECT id, looked_at FROM session WHERE key = ?',
        )
        .get(key)
      reader?.read(positionsOf(db, row?.id ?? -1), row?.looked_at ?? '')
    },
    take(db, holder, now) {
      const complaints = reader ? takeTokens(db, holder, reader, now) : []
      if (costUsd !== undefined) takeCost(db, holder, Math.round(costUsd * 100), now)
      return { ...usedBy(db, holder, now), complaints }
    },
  }
}

function positionsOf(db: Database, session: number | bigint): (path: string) => Position | undefined {
  const find = db.prepare<[number | bigint, string], Position>(
    'SELECT node, "offset", tail, size, mark FROM transcript WHERE session = ? AND path = ?',
  )
  return (path) => find.get(session, path)
}

function takeTokens(db: Database, holder: Holder, reader: TokenReader, now: number): string[] {
  const { id } = holder
  const isFirst = db.prepare('SELECT 1 FROM transcript WHERE session = ?').get(id) === undefined
  if (isFirst) db.prepare('UPDATE session SET prompt_at = 0 WHERE id = ?').run(id)
  const positionOf = positionsOf(db, id)
  const { looked_at } = sumsOf(db, id)
  const { readings, last } = reader.read(positionOf, looked_at)
  if (last !== looked_at) db.prepare('UPDATE session SET looked_at = ? WHERE id = ?').run(last, id)
  return readings.flatMap((reading) => {
    const known = positionOf(reading.path)
    const mark = known?.mark ?? (isFirst ? reading.size : 0)
    const file = savePosition(db, id, reading, mark)
    count(db, holder, reading, { file, mark, now })
    return reading.problem !== undefined && !known ? [`${reading.path} ${reading.problem}`] : []
  })
}

function savePosition(
  db: Database,
  session: number | bigint,
  { path, ...at }: Reading,
  mark: number,
): number {
  const saved = db
    .prepare<[number | bigint, string, string, number, string, number, number], { id: number }>(
      `INSERT INTO transcript (session, path, node, "offset", tail, size, mark) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (session, path) DO UPDATE SET node = excluded.node, "offset" = excluded."offset",
         tail = excluded.tail, size = excluded.size RETURNING id`,
    )
    .get(session, path, at.node, at.offset, at.tail, at.size, mark)
  return saved?.id ?? 0
}

interface Counting {
  /** The file's number. */
  readonly file: number
  readonly mark: number
  readonly now: number
}

/** The entries in their order: what is before a prompt is known only once the prompt is met. */
function count(
  db: Database,
  holder: Holder,
  { entries, isMain }: Reading,
  { file, mark, now }: Counting,
): void {
  const { prompt_at } = sumsOf(db, holder.id)
  let promptAt = prompt_at
  for (const { offset, at, message, tokens } of entries) {
    const isOld = offset < mark
    if (message === undefined) {
      if (!isOld || !isMain || promptAt === null) continue
      promptAt = at ?? promptAt
      db.prepare('UPDATE session SET tokens_before = tokens, prompt_at = ? WHERE id = ?').run(
        promptAt,
        holder.id,
      )
      continue
    }
    const isBefore = isOld && (promptAt === null || (!isMain && at !== undefined && at < promptAt))
    const more = tokens - countedBefore(db, holder.id, message, file, tokens)
    if (more !== 0) add(db, holder, { tokens: more, cents: 0 }, isBefore, at ?? now)
  }
}

/** What the message counts already. It belongs to the file in which it was met first: others repeat what that says. */
function countedBefore(
  db: Database,
  session: number | bigint,
  message: number,
  file: number,
  tokens: number,
): number {
  const known = db
    .prepare<[number | bigint, number], { file: number; tokens: number }>(
      'SELECT transcript AS file, tokens FROM message WHERE session = ? AND id = ?',
    )
    .get(session, message)
  if (known && known.file !== file) return tokens
  db.prepare(
    `INSERT INTO message (session, id, transcript, tokens) VALUES (?, ?, ?, ?)
     ON CONFLICT (session, id) DO UPDATE SET tokens = excluded.tokens`,
  ).run(session, message, file, tokens)
  return known?.tokens ?? 0
}

/** A client that is started anew may count its cost from 0 again. Of a cost met for the first time, nobody knows since when. */
function takeCost(db: Database, holder: Holder, cents: number, now: number): void {
  const { cost } = sumsOf(db, holder.id)
  const more = cents - (cost === null || cents < cost ? 0 : cost)
  if (more !== 0) add(db, holder, { tokens: 0, cents: more }, cost === null, now)
  db.prepare('UPDATE session SET cost = ? WHERE id = ?').run(cents, holder.id)
}

interface Amount {
  readonly tokens: number
  readonly cents: number
}

function add(
  db: Database,
  { id, identity, root }: Holder,
  { tokens, cents }: Amount,
  isBefore: boolean,
  at: number,
): void {
  const sums = 'UPDATE session SET tokens = tokens + ?, cents = cents + ?'
  db.prepare(`${sums}, tokens_before = tokens_before + ?, cents_before = cents_before + ? WHERE id = ?`).run(
    ...[tokens, cents, isBefore ? tokens : 0, isBefore ? cents : 0, id],
  )
  if (root !== '')
    db.prepare(`${sums} WHERE key = ?`).run(tokens, cents, keyOf({ ...identity, kind: 'session', id: root }))
  db.prepare(
    `INSERT INTO day (tenant, user, day, tokens, cents) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (tenant, user, day) DO UPDATE SET tokens = tokens + excluded.tokens, cents = cents + excluded.cents`,
  ).run(identity.tenant, identity.user, dayOf(at), tokens, cents)
}

function sumsOf(db: Database, session: number | bigint): Sums {
  const sums = db
    .prepare<[number | bigint], Sums>(
      'SELECT tokens, tokens_before, cents, cents_before, cost, prompt_at, looked_at FROM session WHERE id = ?',
    )
    .get(session)
  if (!sums) throw new Error('Expected the session to have its row')
  return sums
}

/** What a session has used up, as it stands. */
function usedBy(db: Database, { id, identity }: Holder, now: number): Required<Used> {
  const { tokens, tokens_before, cents, cents_before } = sumsOf(db, id)
  const day = dayIn(db, identity, now)
  const dayEndsAt = endOfDay(now)
  return {
    tokens: { prompt: tokens - tokens_before, session: tokens, day: day.tokens, dayEndsAt },
    cents: { prompt: cents - cents_before, session: cents, day: day.cents, dayEndsAt },
  }
}

/** What all sessions of the same tenant and user have used up in the day of `now`. */
export function dayIn(
  db: Database,
  { tenant, user }: Pick<Identity, 'tenant' | 'user'>,
  now: number,
): Amount {
  const today = db
    .prepare<[string, string, string], Amount>(
      'SELECT tokens, cents FROM day WHERE tenant = ? AND user = ? AND day = ?',
    )
    .get(tenant, user, dayOf(now))
  return today ?? { tokens: 0, cents: 0 }
}

/** "2026-11-24", of the local day. */
export function dayOf(ms: number): string {
  const date = new Date(ms)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** The next local midnight. */
function endOfDay(ms: number): number {
  const date = new Date(ms)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime()
}
