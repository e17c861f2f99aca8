/** A state.db with a clock of its own, and sessions that are counted in it: the only file of the tests that knows its queries. */

import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { decide, outlook } from '../../src/guard/decide.ts'
import type { Agent, CallEvent, GuardEvent, ReturnedCall } from '../../src/guard/event.ts'
import { identify, keyOf } from '../../src/guard/identity.ts'
import { applySettings, DEFAULT_POLICY, type Policy, type Settings } from '../../src/guard/policy.ts'
import { asCounted } from '../../src/guard/shadow.ts'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import type { SessionStore, StoredSession, Totals, Updated, Wanted } from '../../src/store/store.ts'
import { withSqlite } from '../../src/system/sqlite.ts'
import { only } from './policies.ts'
import { temporaryHome, times } from './processes.ts'
import { START } from './table.ts'

export interface Store {
  readonly file: string
  readonly clock: { now: number }
  readonly db: SessionStore
}

/** In a folder of its own unless a file is given, at START. */
export function storeAt(t: TestContext, file = join(temporaryHome(t), 'state.db')): Store {
  const clock = { now: START }
  const db = new SqliteStore(
    file,
    () => 0,
    () => clock.now,
  )
  t.after(() => db.close())
  return { file, clock, db }
}

export const ENFORCED = only(['repeat', 'tools', 'spawn'])

export interface Told {
  readonly policy?: Policy
  readonly notice?: string
  readonly tenant?: string
  readonly project?: string
  /** The policy as text. */
  readonly policyText?: string
}

/** One event of a session, decided and saved. */
export function tell({ db }: Store, session: string, event: GuardEvent, told: Told = {}): Updated {
  const { policy = ENFORCED, notice, tenant, project = '/home/dev/app', policyText = '' } = told
  return db.update({
    identity: identify({ session, tenant }),
    event,
    project,
    policy: policyText,
    notice,
    decide: (state, now) => asCounted(policy, decide(state, event, policy, now)),
  })
}

let ids = 0

/** A call that is like no other, or, with a signature, like all that have the same. */
export function callBy(agent: string, signature?: string, tool = 'Bash'): CallEvent {
  ids += 1
  return {
    ...{ type: 'call', agent: agentOf(agent), tool, id: `id ${ids}`, isPoll: false },
    signature: signature ?? `${ids}`,
  }
}

export function agentOf(id: string): Agent {
  return { id, type: id === 'main' ? '' : 'Explore' }
}

export function promptBy(by: 'person' | 'schedule' | 'machine', agent = 'main'): GuardEvent {
  return { type: 'prompt', agent: agentOf(agent), by }
}

/** The end of the session, as the main agent tells of it. */
export const END: GuardEvent = { type: 'session_end', agent: agentOf('main') }

/** One message of an agent with one call, and its result. */
export function round(
  store: Store,
  session: string,
  agent: string,
  signature: string,
  told: Told = {},
): Updated {
  const call = callBy(agent, signature)
  const { verdict } = tell(store, session, call, told)
  const { type: _, agent: by, ...made } = call
  const returned: ReturnedCall = { ...made, result: verdict.kind === 'block' ? 'blocked' : 'same' }
  return tell(store, session, { type: 'results', agent: by, calls: [returned], endsRound: true }, told)
}

/** The agent repeats one call until it is halted: five calls run, three are blocked. */
export function halt(store: Store, session: string, agent: string, told: Told = {}): void {
  for (const _ of times(8, () => 0)) round(store, session, agent, 'loop', told)
}

/** What one more call of an agent meets: `halt:session`, `block:rate` and so on. */
export function next(
  store: Store,
  session: string,
  agent: string,
  told: Told & { readonly signature?: string } = {},
) {
  const { verdict } = tell(store, session, callBy(agent, told.signature), told)
  if (verdict.kind === 'allow') return 'allow'
  return `${verdict.kind}:${verdict.kind === 'halt' ? verdict.scope : verdict.rule}`
}

export function sessionsIn({ db }: Store, wanted?: Wanted): StoredSession[] {
  return db.read((seen) => seen.sessions(wanted))
}

/** Each known session in a line: what its next call would meet, and its agents with their calls. */
export function linesOf(store: Store, policy: Policy = ENFORCED): string[] {
  const line = ({ identity, state, agents }: StoredSession) => {
    const told = agents.map(({ agent, count, halted }) => `${agent} ${count}${halted ? ' halted' : ''}`)
    return `${identity.id} ${outlook(state, policy, store.clock.now).kind}: ${told.join(', ')}`
  }
  return sessionsIn(store).map(line).sort()
}

/** All counters that are not 0. */
export function totalsIn({ db }: Store): Partial<Totals> {
  const totals = db.read((seen) => seen.totals())
  return Object.fromEntries(Object.entries(totals).filter(([, count]) => count !== 0))
}

export function sweepAt(store: Store, secondsLater: number): void {
  store.clock.now += secondsLater * 1000
  store.db.sweep()
}

export function reset({ db }: Store, ...sessions: string[]): void {
  db.reset(sessions.map((session) => keyOf(identify({ session }))))
}

/** Puts another text into a row, as damage or a later version may. */
export function overwrite({ file }: Store, sql: string, ...values: (string | number)[]): void {
  withSqlite(file, (raw) => raw.prepare(sql).run(...values))
}

/** Makes of a file one that the version before has written. */
export function toVersionBefore(file: string): void {
  withSqlite(file, (raw) => {
    raw.exec(`DROP TABLE transcript; DROP TABLE message; DROP TABLE day;
      ALTER TABLE session DROP COLUMN tokens;
      ALTER TABLE session DROP COLUMN tokens_before;
      ALTER TABLE session DROP COLUMN cents;
      ALTER TABLE session DROP COLUMN cents_before;
      ALTER TABLE session DROP COLUMN cost; ALTER TABLE session DROP COLUMN cost_at;
      ALTER TABLE session DROP COLUMN prompt_at;
      ALTER TABLE session DROP COLUMN stretch_at;
      ALTER TABLE session DROP COLUMN looked_at;`)
    raw.pragma(`user_version = ${Number(raw.pragma('user_version', { simple: true })) - 1}`)
  })
}

/** The one value that a query finds. */
export function valueIn({ file }: Store, sql: string): unknown {
  return withSqlite(file, (raw) => raw.prepare(sql).pluck().get())
}

/**
 * A call of each of these sessions, counted in this process as the hook would count them. So they are all in the window,
 * where a process for each may take a slow machine longer than a minute.
 */
export function countCalls(
  home: string,
  sessions: readonly string[],
  settings: Settings,
  told: Told = {},
): void {
  const clock = { now: Date.now() - 10 * sessions.length }
  const file = join(home, 'state.db')
  const db = new SqliteStore(
    file,
    () => 0,
    () => clock.now,
  )
  const policy = applySettings(DEFAULT_POLICY, settings)
  for (const session of sessions) {
    clock.now += 10
    tell({ file, clock, db }, session, callBy('main'), { policy, ...told })
  }
  db.close()
}
