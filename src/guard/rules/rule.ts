/** What a rule is. A new one is a file beside this one and a line in rules.ts. */

import type { GuardEvent } from '../event.ts'
import type { General } from '../general.ts'
import type { Row, ValuesOf } from '../settings.ts'
import type { State } from '../state.ts'
import { ALLOW, type Block, type Figure, type Finding, type Warn } from '../verdict.ts'

export interface Rule<Name extends string, R extends Row> {
  /** As in settings, audit lines and --json. */
  readonly name: Name
  /** Its settings, which stand under its name. */
  readonly settings: R
  /** Whose events it counts together. */
  readonly counts: 'each agent' | 'the session'
  /**
   * What lifts a block: time, or another call that brings something new. A round with a block counts towards a halt
   * when the agent did not wait for the one, or nothing came of the other.
   */
  readonly lifts: 'with time' | 'with progress'
  /** Who is halted beside the agent that did not stop: nobody, all when a second agent is halted too, or all. */
  readonly halts: 'the agent' | 'the session with a second agent' | 'the session'
  readonly words: Words
  /** What it says of an event, its own settings and the general ones being in force at `now` (Unix ms). */
  judge(state: State, event: GuardEvent, policy: PolicyOf<Name, R>, now: number): readonly Finding[]
  /** What the event changes in its own memory; absent for a rule that remembers nothing by itself. */
  remember?(state: State, event: GuardEvent, done: Done): State
  /** The tools that it has limits of their own for. */
  tools?(policy: PolicyOf<Name, R>): readonly string[]
}

type PolicyOf<Name extends string, R extends Row> = General & { readonly [N in Name]: ValuesOf<R> }

/** What became of an event. */
export interface Done {
  /** It is a call, and it runs. */
  readonly isAdmitted: boolean
  /** The warning that is told with it. */
  readonly spoken?: Finding
  /** It ends a round, in which a call has brought what it had not brought before. */
  readonly bringsNews?: boolean
  /** Unix ms. */
  readonly now: number
}

/** What is said of a rule's figures. `where` is such as "in this session". */
export interface Words {
  /** For programs: a block's reason starts with it, and it is the `type` of the audit line. */
  readonly machine: string
  /** "500 tool calls in the last 60 s in this session". */
  facts(figure: Figure, where: string): string
  /** Why a call is blocked, in sentences. */
  blockFacts(block: Block, where: string): string
  /** What the model should do then. */
  blockAdvice(block: Block): string
  /** What the warning is about. */
  warning(warn: Warn, where: string): string
  /** What the model should do about it. */
  warnAdvice(warn: Warn): string
  /** A count of this rule's with its unit, "12.3 M tokens"; absent where the number alone says it. */
  amount?(count: number, of?: string): string
  /** When the turn has ended: what else the person can do, in a sentence; absent where a prompt or a reset is all. */
  wayOut?(figure: Figure): string
}

/** The same where the turn ends at the second limit: nothing that the model could do instead would help. */
export function againstHalt(
  figure: Omit<Figure, 'limit'>,
  { warnAt, haltAt }: { readonly warnAt: number; readonly haltAt: number },
): Pick<Finding, 'rule' | 'count' | 'of' | 'warnAt' | 'blockAt' | 'verdict'> {
  const found = againstLimits(figure, { warnAt, blockAt: haltAt })
  if (found.verdict.kind !== 'block') return found
  return { ...found, verdict: { kind: 'halt', ...figure, limit: haltAt, scope: 'session', nth: 0 } }
}

/** A count held against its limits: reached with >=, block before warn, 0 switches a limit off. */
export function againstLimits(
  figure: Omit<Figure, 'limit'>,
  { warnAt, blockAt }: { readonly warnAt: number; readonly blockAt: number },
): Pick<Finding, 'rule' | 'count' | 'of' | 'warnAt' | 'blockAt' | 'verdict'> {
  const { count } = figure
  const found = { ...figure, warnAt, blockAt }
  if (blockAt > 0 && count >= blockAt)
    return { ...found, verdict: { kind: 'block', ...figure, limit: blockAt } }
  if (warnAt > 0 && count >= warnAt) {
    return { ...found, verdict: { kind: 'warn', ...figure, limit: warnAt, blockLimit: blockAt } }
  }
  return { ...found, verdict: ALLOW }
}
