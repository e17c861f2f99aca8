/** Sessions as people see them: what `status`, `reset` and `metrics` have in common. */

import { withProject } from '../config.ts'
import { type Failure, failure, isFailure } from '../failure.ts'
import { isAbsent } from '../files.ts'
import { outlook } from '../guard/decide.ts'
import type { Identity } from '../guard/identity.ts'
import { RATE } from '../guard/meters.ts'
import { isOff, type Policy } from '../guard/policy.ts'
import { aged, countOf } from '../guard/ring.ts'
import { type Latch, meterIn } from '../guard/state.ts'
import { ALLOW } from '../guard/verdict.ts'
import { type Paths, projectSettingsPath } from '../paths.ts'
import { printable } from '../short-id.ts'
import type { Database } from '../sqlite.ts'
import { onCopy } from '../store/copy.ts'
import { withStateDb } from '../store/open.ts'
import { NO_TOTALS, readSessions, readTotals, type StoredSession, type Totals } from '../store/sessions.ts'

export interface SessionView {
  readonly key: string
  readonly identity: Identity
  readonly project: string
  /** What the next call would meet. */
  readonly state: 'allow' | 'warn' | 'block' | 'halt' | 'off'
  /** Why every call is refused, if it is. */
  readonly latch: Latch | undefined
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
  readonly calls: number
  /** Of them: calls that ran without our having been asked. */
  readonly unasked: number
  readonly agents: StoredSession['agents']
  readonly tools: StoredSession['tools']
  /** A change of the settings that it was kept from. */
  readonly guardChange: StoredSession['guardChange']
  readonly firstSeen: number
  readonly lastSeen: number
}

/** Known sessions, busiest first, each with the limits of its own project; and the totals of all time. */
export interface Loaded {
  readonly sessions: SessionView[]
  readonly totals: Totals
}

/** All sessions as they stand now. */
export async function loadSessions(paths: Paths, policy: Policy): Promise<Loaded> {
  if (isAbsent(paths.stateDb)) return viewed(NOTHING, policy)
  const { result } = withStateDb(paths.stateDb, Date.now, (store) => store.read(readAll, NOTHING))
  return viewed(result, policy)
}

/** The same; where state.db cannot be used, as a copy of it shows them, with the problem. For what is only shown. */
export async function showSessions(
  paths: Paths,
  policy: Policy,
): Promise<Loaded & { readonly problem?: Failure }> {
  try {
    return await loadSessions(paths, policy)
  } catch (error) {
    if (!isFailure(error)) throw error
    return { ...(await viewed(copied(paths.stateDb, error), policy)), problem: error }
  }
}

/** What the copy cannot show either is said as it was found first. */
function copied(file: string, problem: Failure): Stored {
  try {
    return onCopy(file, readAll, NOTHING)
  } catch {
    throw problem
  }
}

function readAll(db: Database, now: number): Stored {
  return { now, stored: readSessions(db, now), totals: readTotals(db) }
}

async function viewed({ stored, now, totals }: Stored, policy: Policy): Promise<Loaded> {
  const sessions = await viewsOf(stored, policy, now)
  sessions.sort((a, b) => b.count - a.count || b.lastSeen - a.lastSeen)
  return { sessions, totals }
}

interface Stored {
  readonly now: number
  readonly stored: StoredSession[]
  readonly totals: Totals
}

const NOTHING: Stored = { now: 0, stored: [], totals: NO_TOTALS }

/** Sessions as they stand at `now`, each with the limits of its own project. */
export async function viewsOf(
  stored: readonly StoredSession[],
  policy: Policy,
  now: number,
): Promise<SessionView[]> {
  const inForce = new Map<string, Policy>()
  for (const { project } of stored) {
    if (inForce.has(project)) continue
    inForce.set(project, (await withProject(policy, projectSettingsPath(project))).policy)
  }
  return stored.map((one) => viewOf(one, inForce.get(one.project) ?? policy, now))
}

function viewOf(session: StoredSession, policy: Policy, now: number): SessionView {
  const { state: stored, ...known } = session
  const admitted = aged(meterIn(stored, RATE).ring, now)
  const verdict = policy.mode === 'shadow' ? ALLOW : outlook(stored, policy, now)
  const latch = policy.mode === 'shadow' ? undefined : stored.lasting.latch
  const wait = verdict.kind === 'block' ? (verdict.retryAfterMs ?? -1) : verdict.kind === 'halt' ? -1 : 0
  return {
    ...known,
    state: isOff(policy) ? 'off' : verdict.kind,
    latch,
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
  if (name === '') throw failure('expected a session id, got an empty one', 'Run: spikectl status')
  const isNamed = ({ id }: Identity) => id === name || printable(id) === name
  const isBegun = ({ id }: Identity) => id.startsWith(name) || printable(id).startsWith(name)
  const exact = sessions.filter(({ identity }) => isNamed(identity))
  const matches = exact.length > 0 ? exact : sessions.filter(({ identity }) => isBegun(identity))
  const [first, second] = matches
  if (!first) throw failure(`no session ${printable(name)} is known`, 'Run: spikectl status --all', 1)
  if (!second) return first
  const names = matches.slice(0, 5).map(({ identity }) => fullName(identity))
  throw failure(
    `${printable(name)} is not unique, it could be ${names.join(' or ')}`,
    "Give more of the id, or name the tenant with --tenant NAME ('' for none)",
  )
}

/** The sessions of one tenant; all when none is asked for. */
export function ofTenant(
  sessions: readonly SessionView[],
  tenant: string | undefined,
): readonly SessionView[] {
  return tenant === undefined ? sessions : sessions.filter(({ identity }) => identity.tenant === tenant)
}

/** The last folder of the path, as people call a project. */
export function projectName({ project }: SessionView): string {
  return printable(project.split(/[\\/]/).at(-1) || project).slice(0, 20)
}

/** The id with its tenant, as people can tell it from others. */
export function fullName(identity: Identity): string {
  return printable(identity.tenant ? `${identity.id} (tenant ${identity.tenant})` : identity.id)
}
