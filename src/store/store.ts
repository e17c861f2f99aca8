/** What is asked of state.db when an event is decided, what comes back, and how a row is read. */

import type { Outcome, Tally } from '../guard/decide.ts'
import type { GuardEvent } from '../guard/event.ts'
import type { Identity } from '../guard/identity.ts'
import type { How } from '../guard/reset.ts'
import { freshAgent, freshSession, freshState, type State } from '../guard/state.ts'
import { decodeAgent, decodeLasting, decodeSession } from './codec.ts'

/** As much of a notice as is kept to know it again. */
const MAX_NOTICE = 200

export interface Update {
  readonly identity: Identity
  readonly event: GuardEvent
  /** Where the session works: kept for people to recognise it by. */
  readonly project: string
  /** The policy that it meets, as text that is equal for equal ones. */
  readonly policy: string
  /** Something that the person should be told once in this session. */
  readonly notice?: string | undefined
  /** Called under the lock with the state of session and agent, the time (Unix ms), and whether the session is new. */
  readonly decide: (state: State, now: number, isNew: boolean) => Decided
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
  /** What was found damaged and dropped, in words for a person. */
  readonly dropped?: string
}

/** A session as it was found under the lock; all but the time of the last sweep are null for a new one. */
export interface FoundRow {
  readonly id: number | null
  readonly notice: string | null
  readonly policy: string | null
  readonly tools: string | null
  readonly live: string | null
  readonly lasting: string | null
  readonly agentLive: string | null
  readonly sweptMs: number
}

/** Columns of a session row that is there. */
export interface Found {
  readonly id: number | bigint
  readonly notice: string
  readonly policy: string
  readonly tools: string
}

/** Undefined for a new session. */
export function foundIn({ id, notice, policy, tools }: FoundRow): Found | undefined {
  return id === null ? undefined : { id, notice: notice ?? '', policy: policy ?? '', tools: tools ?? '{}' }
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

/** Results of single calls and ends of sessions are of no use without what came before them. */
export function mayBegin(event: GuardEvent): boolean {
  if (event.type === 'results') return event.endsRound && event.calls.length > 0
  return event.type !== 'session_end'
}

/** Only a call that is counted is answered, so only then can a person be told something. */
export function isHeard(update: Update, outcome: Decided): boolean {
  return update.event.type === 'call' && outcome.tally.calls > 0
}

export function noticeOf(update: Update): string {
  return update.notice?.slice(0, MAX_NOTICE) ?? ''
}
