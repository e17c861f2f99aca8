/** What a check of `spikectl doctor` has found. */

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

export function ok(check: string, what: string): Finding {
  return { check, level: 'ok', what, why: '', run: '' }
}

export function warning(check: string, what: string, why: string, run: string): Finding {
  return { check, level: 'warning', what, why, run }
}

export function failed(check: string, what: string, why: string, run: string): Finding {
  return { check, level: 'failure', what, why, run }
}
