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

import type { Database } from '../system/sqlite.ts'
import { add, dayOf, type Holder, sumsOf, type Used, usedBy } from './sums.ts'

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
  /** Lines that begin before this are older than the last prompt of a person, or than the session's first event; or BY_TIME. */
  readonly mark: number
}

/** The mark of a file that may have been there for long, when there were more files than are looked at in one event. */
const BY_TIME = -1

/** What stands in a file behind a position. */
export interface Reading extends Omit<Position, 'mark'> {
  readonly path: string
  /** It is the main agent's. */
  readonly isMain: boolean
  /** What was read, in bytes: from where on, which is 0 where it is not the file of that position, and up to where. */
  readonly from: number
  readonly to: number
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

export interface Ledger {
  /** It has files to read: then any event begins a session, for what was used before it counts. */
  readonly reads: boolean
  /** Reads ahead, without the lock. */
  prepare(db: Database, key: string): void
  /** Counts what is new, under the lock, and complains once of each file that is not read. */
  take(db: Database, holder: Holder, now: number): Used & { readonly complaints: readonly string[] }
}

/** What the client says that the session has cost so far. */
export interface Cost {
  readonly costUsd: number
  /** When it said so, Unix ms. */
  readonly at: number
}

/** `cost` is undefined where the client says nothing. */
export function ledgerOf(reader: TokenReader | undefined, cost: Cost | undefined): Ledger {
  return {
    reads: reader !== undefined,
    prepare(db, key) {
      const row = db
        .prepare<[string], { id: number; looked_at: string }>(
          'SELECT id, looked_at FROM session WHERE key = ?',
        )
        .get(key)
      reader?.read(positionsOf(db, row?.id ?? -1), row?.looked_at ?? '')
    },
    take(db, holder, now) {
      const { complaints, isBehind } = reader ? takeTokens(db, holder, reader, now) : NOTHING_NEW
      if (cost !== undefined) takeCost(db, holder, cost, now)
      const { tokens, cents } = usedBy(db, holder, now)
      return { tokens: isBehind ? { ...tokens, prompt: 0 } : tokens, cents, complaints }
    },
  }
}

interface Taken {
  readonly complaints: readonly string[]
  /** Which prompt of those that were there before the session was known is the last is not read yet. */
  readonly isBehind: boolean
}

const NOTHING_NEW: Taken = { complaints: [], isBehind: false }

function positionsOf(db: Database, session: number | bigint): (path: string) => Position | undefined {
  const find = db.prepare<[number | bigint, string], Position>(
    'SELECT node, "offset", tail, size, mark FROM transcript WHERE session = ? AND path = ?',
  )
  return (path) => find.get(session, path)
}

function takeTokens(db: Database, holder: Holder, reader: TokenReader, now: number): Taken {
  const { id } = holder
  const isFirst =
    db.prepare("SELECT 1 FROM transcript WHERE session = ? AND node <> ''").get(id) === undefined
  // Where a person's prompt was seen and no file, all that is in one now came after it.
  const isMetLate = isFirst && sumsOf(db, id).stretch_at === 0
  if (isMetLate) db.prepare('UPDATE session SET prompt_at = 0 WHERE id = ?').run(id)
  const { looked_at, prompt_at } = sumsOf(db, id)
  const positionOf = positionsOf(db, id)
  const { readings, last } = reader.read(positionOf, looked_at)
  if (last !== looked_at) db.prepare('UPDATE session SET looked_at = ? WHERE id = ?').run(last, id)
  const unknown = isMetLate ? undefined : looked_at === '' ? 0 : BY_TIME
  const taken = readings.map((reading) => {
    const known = positionOf(reading.path)
    const wasRead = known !== undefined && known.size > 0
    const mark = wasRead ? markOf(known, reading) : (unknown ?? reading.size)
    count(db, holder, reading, { file: savePosition(db, id, reading, mark), mark, now })
    const isNews = reading.problem !== undefined && known?.node !== ''
    return {
      complaints: isNews ? [`${reading.path} ${reading.problem}`] : [],
      isBehind: prompt_at !== null && reading.isMain && reading.to < reading.size && reading.offset < mark,
    }
  })
  return {
    complaints: taken.flatMap(({ complaints }) => complaints),
    isBehind: taken.some(({ isBehind }) => isBehind),
  }
}

/** What stands in a file that was written anew is new, unless the one before was not read up to its mark. */
function markOf(known: Position, { from, size }: Reading): number {
  if (from >= known.offset || known.mark === BY_TIME) return known.mark
  return known.offset < known.mark ? size : 0
}

const ALL_OF_POSITION = `node = excluded.node, "offset" = excluded."offset", tail = excluded.tail,
  size = excluded.size, mark = excluded.mark`

/** Of a file that cannot be read for a while, how far it was read stays known. */
function savePosition(
  db: Database,
  session: number | bigint,
  { path, node, offset, tail, size, problem }: Reading,
  mark: number,
): number {
  const saved = db
    .prepare<[number | bigint, string, string, number, string, number, number], { id: number }>(
      `INSERT INTO transcript (session, path, node, "offset", tail, size, mark) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (session, path) DO UPDATE SET ${problem === undefined ? ALL_OF_POSITION : 'node = excluded.node'}
       RETURNING id`,
    )
    .get(session, path, node, offset, tail, size, mark)
  return saved?.id ?? 0
}

interface Counting {
  /** The file's number. */
  readonly file: number
  readonly mark: number
  readonly now: number
}

/** The entries in their order: what is before a prompt is known only once the prompt is met. */
function count(db: Database, holder: Holder, { entries, isMain }: Reading, counting: Counting): void {
  if (entries.length === 0) return
  const { file, mark, now } = counting
  const known = sumsOf(db, holder.id)
  const grows = messagesOf(db, holder.id, file)
  const days = new Map<string, number>()
  let { prompt_at: promptAt } = known
  let [tokens, before] = [0, 0]
  for (const { offset, at, message, tokens: all } of entries) {
    const isOld = offset < mark
    if (message === undefined) {
      if (!isOld || !isMain || promptAt === null) continue
      promptAt = at ?? promptAt
      before = known.tokens + tokens - known.tokens_before
      continue
    }
    const more = grows(message, all)
    if (more === 0) continue
    const isOlder = (than: number) => at !== undefined && at < than
    const isBefore =
      mark === BY_TIME
        ? isOlder(promptAt ?? known.stretch_at)
        : isOld && (promptAt === null || (!isMain && isOlder(promptAt)))
    tokens += more
    before += isBefore ? more : 0
    const day = dayOf(at ?? now)
    days.set(day, (days.get(day) ?? 0) + more)
  }
  if (promptAt !== known.prompt_at)
    db.prepare('UPDATE session SET prompt_at = ? WHERE id = ?').run(promptAt, holder.id)
  const atRoot = promptAt === null ? tokens : tokens - before
  add(db, holder, 'tokens', { more: tokens, before, atRoot, days })
}

/**
 * Says by how much a message's usage has grown, and remembers it. It belongs to the file in which it was met first: others
 * repeat what that says.
 */
function messagesOf(
  db: Database,
  session: number | bigint,
  file: number,
): (message: number, tokens: number) => number {
  const find = db.prepare<[number | bigint, number], { file: number; tokens: number }>(
    'SELECT transcript AS file, tokens FROM message WHERE session = ? AND id = ?',
  )
  const save = db.prepare(
    `INSERT INTO message (session, id, transcript, tokens) VALUES (?, ?, ?, ?)
     ON CONFLICT (session, id) DO UPDATE SET tokens = excluded.tokens`,
  )
  return (message, tokens) => {
    const known = find.get(session, message)
    if (known && (known.file !== file || known.tokens === tokens)) return 0
    save.run(session, message, file, tokens)
    return tokens - (known?.tokens ?? 0)
  }
}

/**
 * A client that is started anew may count its cost from 0 again; but what was said before what is known already is no news.
 * Of a cost that is met for the first time nobody knows since when: it is the session's alone.
 */
function takeCost(db: Database, holder: Holder, { costUsd, at }: Cost, now: number): void {
  const { cost, cost_at } = sumsOf(db, holder.id)
  if (at <= cost_at) return
  const cents = Math.round(costUsd * 100)
  const more = cents - (cost === null || cents < cost ? 0 : cost)
  const growth =
    cost === null
      ? { more, before: more, atRoot: 0, days: new Map() }
      : { more, before: 0, atRoot: more, days: new Map([[dayOf(now), more]]) }
  if (more !== 0) add(db, holder, 'cents', growth)
  db.prepare('UPDATE session SET cost = ?, cost_at = ? WHERE id = ?').run(cents, at, holder.id)
}
