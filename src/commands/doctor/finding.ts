/** What a check of `spikectl doctor` has found. */

import { isFailure, mendable } from '../../system/failure.ts'
import { shellWord } from '../../system/text.ts'

export type Level = 'ok' | 'warning' | 'failure'

export interface Finding {
  /** What was checked, in a word. */
  readonly check: string
  readonly level: Level
  readonly what: string
  /** Why it matters; empty when all is well. */
  readonly why: string
  /** A line to paste; empty when all is well. */
  readonly run: string
}

/** The line to paste in the hint of a Failure. */
export function lineIn(hint: string): string {
  return /[Rr]un: (.+)$/.exec(hint)?.[1] ?? 'spikectl doctor'
}

export function editing(file: string): string {
  return `"\${EDITOR:-vi}" ${shellWord(file)}`
}

export function ok(check: string, what: string): Finding {
  return { check, level: 'ok', what, why: '', run: '' }
}

export function warning(check: string, what: string, why: string, run: string): Finding {
  return { check, level: 'warning', what, why, run }
}

export function failed(check: string, what: string, why: string, run: string): Finding {
  return { check, level: 'failure', what, why, run }
}

/** What a look brings; one that fails brings `otherwise`, and a finding that says so. */
export interface Gathered<T> {
  readonly found: T
  readonly problems: readonly Finding[]
}

export async function gathered<T>(
  check: string,
  look: () => T | Promise<T>,
  otherwise: T,
): Promise<Gathered<T>> {
  try {
    return { found: await look(), problems: [] }
  } catch (error) {
    const known = mendable(error)
    const what = known instanceof Error ? known.message : String(known)
    const why = 'this cannot be checked, and what needs it may fail as well'
    return {
      found: otherwise,
      problems: [failed(check, what, why, lineIn(isFailure(known) ? known.hint : ''))],
    }
  }
}

/** A check that fails is a finding like others: the rest goes on. */
export async function findingsOf(
  check: string,
  look: () => Finding[] | Promise<Finding[]>,
): Promise<Finding[]> {
  const { found, problems } = await gathered(check, look, [])
  return [...found, ...problems]
}
