/** Sessions as people see them: what `status`, `reset`, `explain` and completion have in common. */

import { outlook } from '../guard/decide.ts'
import type { Identity } from '../guard/identity.ts'
import { isOff, type Policy } from '../guard/policy.ts'
import { agentsIn } from '../guard/rules/agents.ts'
import { quotaIn } from '../guard/rules/quota.ts'
import { RATE } from '../guard/rules/rate.ts'
import { machineTurnsIn } from '../guard/rules/unattended.ts'
import { counterIn, type SessionState, type Trip } from '../guard/state.ts'
import { ALLOW, type Figure } from '../guard/verdict.ts'
import { aged, countOf } from '../guard/window.ts'
import { withProject } from '../settings/load.ts'
import { onCopy } from '../store/look.ts'
import { readStore } from '../store/sqlite-store.ts'
import type { NamedSession, Snapshot, StoredSession } from '../store/store.ts'
import { type Failure, failure, isFailure } from '../system/failure.ts'
import { type Paths, projectSettingsPath } from '../system/paths.ts'
import { printable, REPLACED } from '../system/text.ts'

export interface SessionView {
  readonly key: string
  readonly identity: Identity
  readonly project: string
  /** What the next call would meet. */
  readonly state: 'allow' | 'warn' | 'block' | 'halt' | 'off'
  /** Why every call is blocked, if it is. */
  readonly trip: Trip | undefined
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
  /** Different agents since a person last wrote, and those that run now. */
  readonly agentsSeen: number
  readonly agentsRunning: number
  /** Turns since a person last wrote that no person began. */
  readonly machineTurns: number
  /** So many of them are warned of; 0: never. */
  readonly warnTurns: number
  /** How much is used of a limit of the user's, from the percentage on that is warned of. */
  readonly quota: Figure | undefined
  readonly parent: StoredSession['parent']
  /** The outermost session, in which it counts too. */
  readonly root: string | undefined
  /** The same where it is halted, and this one with it. */
  readonly haltedWith: string | undefined
  readonly children: StoredSession['children']
  /** What it has used up, and what of its transcripts is still to be read for that: bytes. */
  readonly tokens: StoredSession['tokens']
  readonly unread: StoredSession['unread']
  readonly tools: StoredSession['tools']
  /** A change of the settings that it was kept from. */
  readonly guardChange: StoredSession['guardChange']
  /** What of its limits has become looser while it ran. */
  readonly loosening: StoredSession['loosening']
  readonly firstSeen: number
  readonly lastSeen: number
}

/** Sessions as they were found at `now`. */
export interface Found {
  readonly now: number
  readonly stored: readonly StoredSession[]
}

/** The one session whose id is `name`, or else begins with it; see pickSession. */
export function findSession(seen: Snapshot, name: string, tenant?: string): Found {
  const { key } = pickSession(namesLike(seen, name, tenant), name)
  const session = seen.session(key)
  return { now: seen.now, stored: session ? [session] : [] }
}

/** The same with the limits of its own project. */
export async function loadSession(paths: Paths, policy: Policy, name: string): Promise<SessionView> {
  const found = readStore(paths.stateDb, (seen) => findSession(seen, name))
  const [session] = await viewsOf(found, policy)
  return session ?? pickSession([], name)
}

/** The known sessions that pickSession may choose from. A person has seen no more of an id than is printable. */
export function namesLike(seen: Snapshot, name: string, tenant?: string): NamedSession[] {
  const [begin = ''] = name.split(REPLACED)
  return seen.names({ begin, tenant })
}

/** Asks for what is only shown: where state.db cannot be used, a copy of it is asked, and the problem is said. */
export function askedToShow<T>(
  { stateDb }: Paths,
  ask: (seen: Snapshot) => T,
): { readonly found: T; readonly problem?: Failure } {
  try {
    return { found: readStore(stateDb, ask) }
  } catch (error) {
    if (!isFailure(error)) throw error
    return { found: copied(stateDb, ask, error), problem: error }
  }
}

/** What the copy cannot show either is said as it was found first. */
function copied<T>(file: string, ask: (seen: Snapshot) => T, problem: Failure): T {
  try {
    return onCopy(file, ask)
  } catch {
    throw problem
  }
}

/** Sessions as they stand, each with the limits of its own project. */
export async function viewsOf({ now, stored }: Found, policy: Policy): Promise<SessionView[]> {
  const inForce = new Map<string, Policy>()
  for (const { project } of stored) {
    if (inForce.has(project)) continue
    inForce.set(project, (await withProject(policy, projectSettingsPath(project))).policy)
  }
  return stored.map((one) => {
    const own = inForce.get(one.project) ?? policy
    return viewOf(one, own, isOff(own) ? undefined : haltedWith(one, policy, now), now)
  })
}

/** The outermost session whose breaker its next call would meet: `policy` is that one's, of which no project has a say. */
function haltedWith({ root }: StoredSession, policy: Policy, now: number): string | undefined {
  if (root === undefined || policy.mode === 'shadow') return undefined
  return outlook(root.state, policy, now).kind === 'halt' ? root.id : undefined
}

function viewOf(
  session: StoredSession,
  policy: Policy,
  haltedWith: string | undefined,
  now: number,
): SessionView {
  const { state: stored, policy: _, root, ...known } = session
  const admitted = aged(counterIn(stored, RATE).window, now)
  const verdict = policy.mode === 'shadow' ? ALLOW : outlook(stored, policy, now)
  const trip = policy.mode === 'shadow' ? undefined : stored.lasting.trip
  const { seen, running } = agentsIn(stored)
  const kind = haltedWith === undefined ? verdict.kind : 'halt'
  const wait = kind === 'halt' ? -1 : verdict.kind === 'block' ? (verdict.retryAfterMs ?? -1) : 0
  return {
    ...known,
    state: isOff(policy) ? 'off' : kind,
    trip,
    root: root?.id,
    haltedWith,
    count: countOf(admitted),
    perSecond: admitted.buckets,
    warnPerMin: policy.rate.warnPerMin,
    blockPerMin: policy.rate.blockPerMin,
    retryAfterMs: wait,
    agentsSeen: seen,
    agentsRunning: running,
    machineTurns: machineTurnsIn(stored),
    warnTurns: policy.unattended.warnTurns,
    quota: warnedQuota(stored, policy, now),
  }
}

function warnedQuota(session: SessionState, { quota }: Policy, now: number): Figure | undefined {
  const figure = quotaIn(session, quota.warnPercent, now)
  return figure.limit > 0 && figure.count >= figure.limit ? figure : undefined
}

/**
 * The session whose id is `name`, or else begins with it. Throws a Failure when there is none, and one that
 * lists them when there are several: a prefix must be unique.
 */
export function pickSession<T extends NamedSession>(sessions: readonly T[], name: string): T {
  if (name === '') throw failure('expected a session id, got an empty one', 'Run: spikectl status')
  const exact = sessions.filter(({ identity: { id } }) => id === name || printable(id) === name)
  const isBegun = (id: string) => id.startsWith(name) || printable(id).startsWith(name)
  const matches = exact.length > 0 ? exact : sessions.filter(({ identity }) => isBegun(identity.id))
  const [first, second] = matches
  if (!first) throw failure(`no session ${printable(name)} is known`, 'Run: spikectl status --all', 1)
  if (!second) return first
  const names = matches.slice(0, 5).map(({ identity }) => fullName(identity))
  throw failure(
    `${printable(name)} is not unique, it could be ${names.join(' or ')}`,
    "Give more of the id, or name the tenant with --tenant NAME ('' for none)",
  )
}

/** The last folder of the path, as people call a project. */
export function projectName({ project }: SessionView): string {
  return printable(project.split(/[\\/]/).at(-1) || project).slice(0, 20)
}

/** The id with its tenant, as people can tell it from others. */
export function fullName(identity: NamedSession['identity']): string {
  return printable(identity.tenant ? `${identity.id} (tenant ${identity.tenant})` : identity.id)
}
