/** Sessions as people see them: what `status`, `reset` and `metrics` have in common. */

import { existsSync } from 'node:fs'
import { failure } from '../failure.ts'
import { outlook } from '../guard/decide.ts'
import type { Identity } from '../guard/identity.ts'
import { isOff, type Policy } from '../guard/policy.ts'
import { aged, countOf, emptyRing } from '../guard/ring.ts'
import type { Paths } from '../paths.ts'
import { printable, shellWord, shortId } from '../short-id.ts'
import { withStateDb } from '../store/open.ts'
import { NO_TOTALS, readSessions, readTotals, type StoredSession, type Totals } from '../store/sessions.ts'

export interface SessionView {
  readonly key: string
  readonly identity: Identity
  readonly project: string
  /** What the next call would meet. */
  readonly state: 'allow' | 'warn' | 'block' | 'off'
  /** Admitted calls in the window. */
  readonly count: number
  /** Admitted calls in each of the last 60 seconds, oldest first. */
  readonly perSecond: readonly number[]
  readonly warnPerMin: number
  readonly blockPerMin: number
  readonly peak: number
  readonly denied: number
  /** Milliseconds until the next call can run; -1 when the limit lets none through. */
  readonly retryAfterMs: number
  readonly agents: StoredSession['agents']
  readonly tools: StoredSession['tools']
  readonly firstSeen: number
  readonly lastSeen: number
}

/** All known sessions as they stand now, busiest first, and the totals of all time. */
export function loadSessions(paths: Paths, policy: Policy): { sessions: SessionView[]; totals: Totals } {
  const none = { sessions: [], totals: NO_TOTALS }
  if (!existsSync(paths.stateDb)) return none
  const { result } = withStateDb(paths.stateDb, Date.now, (store) =>
    store.read<{ sessions: SessionView[]; totals: Totals }>(
      (db, now) => ({
        sessions: readSessions(db).map((session) => viewOf(session, policy, now)),
        totals: readTotals(db),
      }),
      none,
    ),
  )
  result.sessions.sort((a, b) => b.count - a.count || b.lastSeen - a.lastSeen)
  return result
}

function viewOf(session: StoredSession, policy: Policy, now: number): SessionView {
  const { state: stored, ...known } = session
  const admitted = stored ? aged(stored.admitted, now) : emptyRing(now)
  const verdict = stored ? outlook(stored, policy, now) : undefined
  const wait = verdict?.kind === 'block' ? (verdict.retryAfterMs ?? -1) : 0
  return {
    ...known,
    state: isOff(policy) ? 'off' : (verdict?.kind ?? 'allow'),
    count: countOf(admitted),
    perSecond: admitted.buckets,
    warnPerMin: policy.rate.warnPerMin,
    blockPerMin: policy.rate.blockPerMin,
    retryAfterMs: wait,
  }
}

/**
 * The sessions whose id is `name`, or else begin with it. Throws a Failure when there is none, and one that
 * lists them when there are several: a prefix must be unique.
 */
export function pickSession(sessions: readonly SessionView[], name: string): SessionView {
  const exact = sessions.filter(({ identity }) => identity.id === name)
  const matches = exact.length > 0 ? exact : sessions.filter(({ identity }) => identity.id.startsWith(name))
  const [first, second] = matches
  if (!first) throw failure(`no session ${printable(name)} is known`, 'Run: spikectl status --all', 1)
  if (!second) return first
  const names = matches.slice(0, 5).map(({ identity }) => fullName(identity))
  throw failure(
    `${printable(name)} is not unique, it could be ${names.join(' or ')}`,
    'Give more of the id, or name the tenant with --tenant',
  )
}

/** The id with its tenant, as people can tell it from others. */
function fullName(identity: Identity): string {
  return printable(identity.tenant ? `${identity.id} (tenant ${identity.tenant})` : identity.id)
}

/** How a person names a session in a command. */
export function pasteableId(identity: Identity): string {
  return shellWord(shortId(identity.id))
}
