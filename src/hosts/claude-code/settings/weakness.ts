/** A hook of ours in settings, compared with one that does what it should. Pure. */

import type { OwnHook } from './hooks.ts'

export interface Weakness {
  /** Completes "the hook …". */
  readonly what: string
  /** It guards nothing at all; else it may let some calls pass. */
  readonly isTotal: boolean
}

/** What a hook may say of itself. Anything else may be a way to switch it off that a later client knows. */
const PLAIN = new Set(['type', 'command', 'args', 'onFailure', 'statusMessage', 'shell'])

/** Seconds in which the hook has answered on any machine; when they are over, the client lets the call run. */
const LEAST_TIMEOUT_S = 5

/** The first member that is not as it should be. */
export function weaknessOf({ matcher = '*', hook }: OwnHook): Weakness | undefined {
  const members = [...Object.entries(hook), ['matcher', matcher] as const]
  const weak = members.find(([name, value]) => !isSound(name, value))
  if (!weak) return undefined
  const [name, value] = weak
  return { what: `has ${name} ${JSON.stringify(value)}`, isTotal: isTotal(name, value) }
}

function isSound(name: string, value: unknown): boolean {
  if (name === 'matcher') return value === '*' || value === ''
  if (name === 'timeout') return typeof value === 'number' && value >= LEAST_TIMEOUT_S
  return PLAIN.has(name)
}

/** Nobody waits for its answer; or its matcher is no regular expression, and matches nothing. */
function isTotal(name: string, value: unknown): boolean {
  if (name !== 'matcher') return ['async', 'asyncRewake', 'timeout'].includes(name)
  try {
    return !new RegExp(String(value))
  } catch {
    return true
  }
}
