/**
 * What is asked of whoever keeps the sessions, and what comes back: values alone. No database leaves this room, so another
 * engine could keep them.
 */

import type { GuardEvent, Spent } from '../guard/event.ts'
import type { Identity } from '../guard/identity.ts'
import type { Outcome, Tally } from '../guard/outcome.ts'
import type { How } from '../guard/reset.ts'
import type { AgentState, SessionState, State } from '../guard/state.ts'
import type { Ledger } from './ledger.ts'
import type { Used } from './sums.ts'

/** What an event asks: all that the hook loads for a call that is allowed. */
export interface EventStore {
  /** Decides one event and saves what follows from it. Only what may begin a session creates one. */
  update(update: Update): Updated
}

/** What a use of the store returned, and what a person should know, in words for them. */
export interface Opened<T> {
  readonly result: T
  readonly notices: readonly string[]
}

/** All that is asked, also by people and by events that are rare. */
export interface SessionStore extends EventStore {
  /** Counts a failure of ours, or a block that could not be signed. */
  count(what: 'errors' | 'unsigned'): void
  /**
   * Forgets what is idle. Gives way when another process writes: the next hook will sweep. Never throws, because what was
   * decided before must be answered; returns what went wrong, in words for a person.
   */
  sweep(): string | undefined
  /** Asks, all on one state of the store. */
  read<T>(ask: (seen: Snapshot) => T): T
  /** Clears windows, trips and what agents did of the sessions with these keys; what was counted before stays known. */
  reset(keys: readonly string[]): void
  /**
   * Notes that a session which met the policy `before` now meets `after`, in which `settings` are looser. Returns false
   * when it did not meet `before` last: another hook has noted it.
   */
  notePolicy(identity: Identity, change: PolicyChange, settings: readonly string[]): boolean
  /**
   * Notes what was found in a session's settings; undefined when all is well again. Returns false when the same was noted
   * a moment ago.
   */
  noteGuardChange(identity: Identity, project: string, found: Omit<GuardChange, 'at'> | undefined): boolean
  /** Takes note of all blocks that could not be signed until now; returns how many of them were new. */
  acknowledgeUnsigned(): number
}

/** What is known, as it stands at one moment. */
export interface Snapshot {
  /** That moment: Unix ms. */
  readonly now: number
  /** What was counted since the store began, sessions that are forgotten by now included. */
  totals(): Totals
  /** Known sessions, the latest first. */
  sessions(wanted?: Wanted): StoredSession[]
  session(key: string): StoredSession | undefined
  /** Known sessions in the order of their keys; at most so many of each tenant and kind of identity. */
  names(beginning?: Beginning, most?: number): NamedSession[]
  tenants(): string[]
  /** What is remembered of a session and one of its agents, as the next event finds it. */
  state(key: string, agent: string): State
  /** The outermost session in which this one's next event counts too, where its client tells of `parent` (see Update). */
  root(identity: Identity, parent: string | undefined): string | undefined
  /** What the agents of a session have done since it was reset last, the latest first. */
  agentStates(key: string): { readonly id: string; readonly state: AgentState }[]
  unsigned(): Unsigned
  /** Tokens that all sessions have processed in the local day of that moment. */
  tokensToday(): number
  /** False when the store is damaged. */
  isSound(): boolean
}

export interface Update {
  readonly identity: Identity
  readonly event: GuardEvent
  /** Where the session works: kept for people to recognise it by. */
  readonly project: string
  /** The policy that it meets, as text that is equal for equal ones. */
  readonly policy: string
  /** It is an event of another session, whose client is an agent of this one: this one's notice stays as it is. */
  readonly isNested?: true | undefined
  /** Something that the person should be told once in this session. */
  readonly notice?: string | undefined
  /**
   * The session from whose agent's shell the client was started; empty for a person's own, undefined where this event does
   * not tell. Called under the lock with whether the session is new.
   */
  readonly parent?: (isNew: boolean) => string | undefined
  /** Counts what the session has used up, where the event is one at which that is looked for. */
  readonly ledger?: Ledger | undefined
  /**
   * Called under the lock with the state of session and agent, the time (Unix ms), whether the session is new, and what it
   * has used up.
   */
  readonly decide: (state: State, now: number, isNew: boolean, used: Used) => Decided
}

/** An outcome; in shadow mode with what it would have added to the counters, had it been in force. */
export type Decided = Outcome & { readonly would?: Tally }

export type Updated = Decided & {
  /** Nobody has swept for a minute. */
  readonly sweepIsDue: boolean
  /** The notice was not told in this session yet. */
  readonly noticeIsNew: boolean
  /** The policy that the session met last, if it was another one; what is remembered stays so until that is noted. */
  readonly policyBefore?: string
  /** How what was stopped, the session or one of its agents, goes on. */
  readonly resumed?: How
  /** The outermost session, in which the event counts too: an agent has started the client. */
  readonly root?: string
  /** What was found damaged and dropped, in words for a person. */
  readonly dropped?: string
  /** Files that were met for the first time and are not read, each with why. */
  readonly complaints: readonly string[]
}

/** A known session, as its key names it. */
export interface NamedSession {
  readonly key: string
  readonly identity: Pick<Identity, 'id' | 'tenant'>
}

export interface StoredSession extends NamedSession {
  readonly identity: Identity
  readonly project: string
  readonly peak: number
  readonly denied: number
  readonly tools: Readonly<Record<string, number>>
  readonly agents: readonly AgentCalls[]
  /** Unix ms. */
  readonly firstSeen: number
  readonly lastSeen: number
  readonly calls: number
  /** Of them: calls that ran without our having been asked. */
  readonly unasked: number
  /** The policy that it met last, as text; empty where it has met none yet. */
  readonly policy: string
  /** Of the settings that the hooks stand in: one that the session was kept from, and that still lies there. */
  readonly guardChange: GuardChange | undefined
  /** What of its limits has become looser while it ran. */
  readonly loosening: Loosening | undefined
  readonly state: SessionState
  /** The session from whose agent's shell a client of it was started; undefined for a person's own. */
  readonly parent: string | undefined
  /** The outermost session, in which it counts too; undefined where a person has started its client last. */
  readonly root: { readonly id: string; readonly state: SessionState } | undefined
  /** Sessions whose clients were started from its own agents' shells. */
  readonly children: readonly string[]
  /** What it has used up, as its transcripts tell it. */
  readonly tokens: Pick<Spent, 'prompt' | 'session' | 'day'>
  /** Bytes of its transcripts that are still to be read. */
  readonly unread: number
}

export interface AgentCalls {
  readonly agent: string
  readonly type: string
  readonly count: number
  /** Its own breaker is tripped. */
  readonly halted?: true
}

/** Which ids are meant: all, unless it is said. */
export interface Beginning {
  /** How the id begins. */
  readonly begin?: string
  readonly tenant?: string | undefined
}

/** Which sessions are wanted: all, unless it is said. */
export interface Wanted extends Beginning {
  /** Those that were seen since (Unix ms). */
  readonly since?: number
  /** So many of the latest. */
  readonly most?: number
}

/** The policy that a session met last, and the one that it meets now, each as text. */
export interface PolicyChange {
  readonly before: string
  readonly after: string
}

/** Settings that have become looser while a session ran. */
export interface Loosening {
  /** When the last of them did: Unix ms. */
  readonly at: number
  /** Dotted names. */
  readonly settings: readonly string[]
}

/** A change of Claude Code's settings that a session was kept from. */
export interface GuardChange {
  /** Unix ms. */
  readonly at: number
  readonly file: string
  /** Completes "FILE …". */
  readonly problem: string
}

/** Blocks that could not be signed. */
export interface Unsigned {
  /** All since the store began. */
  readonly count: number
  /** Those that nobody has taken note of. */
  readonly fresh: number
}

export interface Totals {
  readonly calls: number
  readonly warned: number
  readonly blocked: number
  readonly halted: number
  readonly errors: number
  /** Blocks that stand in no audit log. */
  readonly unsigned: number
  /** Calls that ran without our having been asked. */
  readonly unasked: number
  /** How often a halted session, or one with a halted agent, was let go on. */
  readonly resumed: number
  /** Settings that have become looser while a session ran. */
  readonly loosened: number
  /** What shadow mode would have done. */
  readonly wouldWarn: number
  readonly wouldBlock: number
  readonly wouldHalt: number
}
