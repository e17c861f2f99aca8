/** What the rules would have said in a session, and what would not have happened then. */

import type { Verdict } from '../guard/verdict.ts'

/** The first time that a rule would have warned, blocked or halted in a session. */
export interface Spoken {
  readonly rule: string
  readonly verdict: 'warn' | 'block' | 'halt'
  /** RFC 3339. */
  readonly at: string
  /** Which call of the session it was, the first being 1; 0 before the first. */
  readonly call: number
  /** Calls of the session that this rule would have blocked from then on, or kept from being made. */
  readonly saved: number
  /** Minutes that they took, from the halt on. */
  readonly minutes: number
  /** Tokens of messages after it: while the halt held, or until a call ran again. */
  readonly savedTokens: number
}

/** Calls that would not have been made, and the time until the last of them. */
export interface Saved {
  readonly calls: number
  readonly ms: number
}

/** `ms` is what the calls took that it would have blocked from a halt on. */
type Noted = Omit<Spoken, 'minutes'> & { readonly ms: number }

/** What was said so far, each rule's verdicts apart. */
export type Notes = Map<string, Noted>

/** Notes what is said at `at` (Unix ms) of the session's so many calls. Gives the name under which it is noted. */
export function note(
  notes: Notes,
  verdict: Verdict,
  { at, call }: { readonly at: number; readonly call: number },
  saved: Saved,
): string | undefined {
  if (verdict.kind === 'allow') return undefined
  const { rule } = verdict
  // Of a session that is over, nobody can be asked.
  const kind = verdict.kind === 'ask' ? 'halt' : verdict.kind
  const name = nameOf(rule, kind)
  const known = notes.get(name) ?? {
    rule,
    verdict: kind,
    at: new Date(at).toISOString(),
    call,
    saved: 0,
    ms: 0,
    savedTokens: 0,
  }
  notes.set(name, { ...known, saved: known.saved + saved.calls, ms: known.ms + saved.ms })
  return name
}

export function nameOf(rule: string, verdict: Spoken['verdict']): string {
  return `${rule} ${verdict}`
}

/** Notes tokens that would not have been used up, had what is noted under this name been said. */
export function noteTokens(notes: Notes, name: string, tokens: number): void {
  const known = notes.get(name)
  if (known) notes.set(name, { ...known, savedTokens: known.savedTokens + tokens })
}

export function spokenIn(notes: Notes): Spoken[] {
  return [...notes.values()].map(({ ms, savedTokens, ...each }) => ({
    ...each,
    minutes: Math.round(ms / 60_000),
    savedTokens,
  }))
}
