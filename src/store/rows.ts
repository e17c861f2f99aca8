/** The rows that nearly every call reads and writes: what is asked of them, how they are read, and what is kept in them. */

import type { GuardEvent } from '../guard/event.ts'
import { membersIn } from '../guard/members.ts'
import { freshAgent, freshSession, freshState, type State } from '../guard/state.ts'
import type { Database } from '../system/sqlite.ts'
import { decodeAgent, decodeLasting, decodeSession, isWhole } from './codec.ts'
import type { Place } from './nesting.ts'
import type { Decided, Update } from './store.ts'

export const FIND = `SELECT session.id, parent, root, notice, policy, tools, session.live, lasting, agent.live AS agentLive, swept_ms AS sweptMs
  FROM retired LEFT JOIN session ON session.key = ?
  LEFT JOIN agent ON agent.session = session.id AND agent.agent = ?`

export const SAVE_SESSION = `UPDATE session SET live = ?, lasting = ?, notice = ?, policy = ?, tools = ?, last_ms = ?,
  last_minute = ?, peak = max(peak, ?), calls = calls + ?, warned = warned + ?, blocked = blocked + ?,
  halted = halted + ?, unasked = unasked + ? WHERE id = ?`

export const SAVE_AGENT = `INSERT INTO agent (session, agent, type, calls, last_minute, live, latched)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (session, agent) DO UPDATE SET calls = calls + excluded.calls,
    last_minute = excluded.last_minute, live = excluded.live, latched = excluded.latched`

/** Columns of a session row that is there. */
export interface Found extends Place {
  readonly id: number | bigint
  readonly notice: string
  readonly policy: string
  readonly tools: string
}

/** A session as it was found under the lock; all but the time of the last sweep are null for a new one. */
export type FoundRow = (Found | { readonly id: null }) & {
  readonly live: string | null
  readonly lasting: string | null
  readonly agentLive: string | null
  readonly sweptMs: number
}

/** Undefined for a new session. */
export function foundIn(row: FoundRow): Found | undefined {
  return row.id === null ? undefined : row
}

/** What was remembered; what cannot be read is as if it had never been. */
export function stateIn(
  { live, lasting, agentLive }: Pick<FoundRow, 'live' | 'lasting' | 'agentLive'>,
  now: number,
): { state: State; isWhole: boolean } {
  const fresh = freshState(now)
  const lasts = lasting ? decodeLasting(lasting) : fresh.session.lasting
  const kept = lasts ?? { ...fresh.session.lasting, asked: 'not all' as const }
  const session = live === null ? freshSession(now, kept) : decodeSession(live, kept)
  const agent = agentLive === null ? freshAgent(kept.epoch) : decodeAgent(agentLive)
  return {
    state: { session: session ?? freshSession(now, kept), agent: agent ?? freshAgent(kept.epoch) },
    isWhole: Boolean(lasts && session && agent),
  }
}

/** What is used up from here on is of a new stretch: see ledger.ts. */
export function beginStretch(db: Database, session: number | bigint, now: number): void {
  db.prepare(
    `UPDATE session SET tokens_before = tokens, cents_before = cents, prompt_at = NULL, stretch_at = ?
     WHERE id = ?`,
  ).run(now, session)
  db.prepare('UPDATE transcript SET mark = size WHERE session = ?').run(session)
}

/** An event, as the host or the guard has it. */
type AnyEvent =
  | { readonly type: Exclude<GuardEvent['type'], 'results'> }
  | { readonly type: 'results'; readonly endsRound: boolean; readonly calls: readonly unknown[] }

/** Results of single calls and ends of sessions are of no use without what came before them. */
export function mayBegin(event: AnyEvent): boolean {
  if (event.type === 'results') return event.endsRound && event.calls.length > 0
  return event.type !== 'session_end' && event.type !== 'turn_end'
}

/** Only a call that is counted is answered, so only then can a person be told something. */
export function isHeard(update: Update, outcome: Decided): boolean {
  return update.event.type === 'call' && !update.isNested && outcome.tally.calls > 0
}

/** As much of a notice as is kept to know it again. */
const MAX_NOTICE = 200

export function noticeOf(update: Update): string {
  return update.notice?.slice(0, MAX_NOTICE) ?? ''
}

/** More tools than this are counted together. */
const MAX_TOOLS = 40
const OTHER_TOOLS = '(other)'

/** How often each tool was called; none when the text is not what we write: for show only, no reason to drop the session. */
export function parseTools(text: string): Record<string, number> {
  const known = Object.entries(membersIn(text)).flatMap(([tool, calls]) =>
    isWhole(calls) ? [[tool, calls] as const] : [],
  )
  return Object.fromEntries(known)
}

/** The text with one more call of `tool`. */
export function withTool(text: string, tool: string): string {
  const tools = new Map(Object.entries(parseTools(text)))
  const name = tools.has(tool) || tools.size < MAX_TOOLS ? tool : OTHER_TOOLS
  tools.set(name, (tools.get(name) ?? 0) + 1)
  return JSON.stringify(Object.fromEntries(tools))
}
