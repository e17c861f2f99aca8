/**
 * The ledger: what sessions have used up, as their transcripts tell it. Each message counts once and with its last usage,
 * whoever reads it and in whichever file it stands first; a line counts for the stretch in which it was appended.
 *
 * Files grow while hooks read them, several at once. So of what was read without the lock only that is counted under it which
 * no other hook has counted meanwhile; positions, messages and sums change in the event's own transaction.
 *
 * A session's `tokens_before` are those before its last prompt of a person. While files are caught up with that were there
 * before the session was known, only their lines say when that was: then `prompt_at` is the time of the last prompt found
 * (Unix ms; 0: none yet), and else NULL. `mark` is up to where a file stood there at the last prompt, or at first sight.
 */

import { dayOf } from '../system/day.ts'
import type { Database } from '../system/sqlite.ts'
import { BY_TIME, type Entry, type Position, type Reading, type TokenReader } from './reading.ts'
import { add, type Holder, type Sums, sumsOf, type Used, usedBy } from './sums.ts'

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
  const { looked_at, ...sums } = sumsOf(db, id)
  const isMetLate = isFirst && sums.stretch_at === 0
  if (isMetLate) db.prepare('UPDATE session SET prompt_at = 0 WHERE id = ?').run(id)
  const isCatchingUp = isMetLate || sums.prompt_at !== null
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
      isBehind: isCatchingUp && reading.isMain && reading.to < reading.size && reading.offset < mark,
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

function count(db: Database, holder: Holder, { entries, isMain }: Reading, counting: Counting): void {
  if (entries.length === 0) return
  const { file, mark, now } = counting
  const known = sumsOf(db, holder.id)
  const grows = messagesOf(db, holder.id, file)
  const grown = entries.map((entry) => ({ ...entry, tokens: grows(entry) }))
  const { promptAt, ...growth } = growthOf(grown, known, { mark, isMain, now })
  if (promptAt !== known.prompt_at)
    db.prepare('UPDATE session SET prompt_at = ? WHERE id = ?').run(promptAt, holder.id)
  const atRoot = promptAt === null ? growth.more : growth.more - growth.before
  add(db, holder, 'tokens', { ...growth, atRoot })
}

/** What is known of all entries of a file. */
interface Origin {
  readonly mark: number
  readonly isMain: boolean
  readonly now: number
}

/** By how much the sums grow. In the order of the lines: which tokens are of before a prompt is known once it is met. */
function growthOf(entries: readonly Entry[], known: Sums, origin: Origin) {
  const { mark, isMain, now } = origin
  const days = new Map<string, number>()
  let { prompt_at: promptAt } = known
  let [more, before] = [0, 0]
  for (const entry of entries) {
    const { offset, at, message, tokens } = entry
    if (message === undefined) {
      if (offset >= mark || !isMain || promptAt === null) continue
      promptAt = at ?? promptAt
      before = known.tokens + more - known.tokens_before
    } else if (tokens !== 0) {
      more += tokens
      before += isBefore(entry, origin, { ...known, prompt_at: promptAt }) ? tokens : 0
      const day = dayOf(at ?? now)
      days.set(day, (days.get(day) ?? 0) + tokens)
    }
  }
  return { more, before, promptAt, days }
}

function isBefore({ offset, at }: Entry, { mark, isMain }: Origin, { prompt_at, stretch_at }: Sums): boolean {
  const isOlder = (than: number) => at !== undefined && at < than
  if (mark === BY_TIME) return isOlder(prompt_at ?? stretch_at)
  return offset < mark && (prompt_at === null || (!isMain && isOlder(prompt_at)))
}

/**
 * Says by how much a message's usage has grown, and remembers it. It belongs to the file in which it was met first: others
 * repeat what that says.
 */
function messagesOf(db: Database, session: number | bigint, file: number): (entry: Entry) => number {
  const find = db.prepare<[number | bigint, number], { file: number; tokens: number }>(
    'SELECT transcript AS file, tokens FROM message WHERE session = ? AND id = ?',
  )
  const save = db.prepare(
    `INSERT INTO message (session, id, transcript, tokens) VALUES (?, ?, ?, ?)
     ON CONFLICT (session, id) DO UPDATE SET tokens = excluded.tokens`,
  )
  return ({ message, tokens }) => {
    if (message === undefined) return 0
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
