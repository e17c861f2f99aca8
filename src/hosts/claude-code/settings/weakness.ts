/** Ways in which a hook of ours stands in settings, and does not do what it should. Pure. */

import type { OwnHook } from './hooks.ts'

export interface Weakness {
  /** Completes "the hook …". */
  readonly what: string
  readonly why: string
  /** It guards nothing at all. */
  readonly isTotal: boolean
}

/** What a hook may say of itself. Anything else may be a way to switch it off that a later client knows. */
const PLAIN = new Set(['type', 'command', 'args', 'timeout', 'onFailure', 'statusMessage', 'shell'])

/** Seconds in which the hook has answered on any machine; when they are over, the client lets the call run. */
const LEAST_TIMEOUT_S = 5

export function weaknessOf({ matcher, hook }: OwnHook): Weakness | undefined {
  const { timeout = LEAST_TIMEOUT_S } = hook
  if (hook.async || hook.asyncRewake) {
    return { what: 'is async', why: 'the client does not wait for what it says', isTotal: true }
  }
  if (typeof timeout !== 'number' || timeout < LEAST_TIMEOUT_S) {
    const why = 'the client gives up on it, and lets the call run'
    return { what: `has ${JSON.stringify(timeout)} s to answer`, why, isTotal: true }
  }
  if (matcher !== undefined && matcher !== '' && matcher !== '*') return narrowed(matcher)
  if (hook.if !== undefined) return { what: `runs only if ${hook.if}`, why: PASSES, isTotal: false }
  const other = Object.keys(hook).find((name) => !PLAIN.has(name))
  if (other === undefined) return undefined
  return { what: `has a member ${other}`, why: 'it may not do what it should', isTotal: false }
}

const PASSES = 'all else passes by it'

function narrowed(matcher: unknown): Weakness {
  const text = typeof matcher === 'string' ? matcher : JSON.stringify(matcher)
  try {
    new RegExp(text)
    return { what: `matches ${text} alone`, why: PASSES, isTotal: false }
  } catch {
    return { what: `has a broken matcher, ${text}`, why: 'it matches nothing, in silence', isTotal: true }
  }
}
