/** A host's event in the guard's words: what a call was, but not what it said. Pure, given a hash. */

import type { Event } from '../../guard/event.ts'
import type { Hash } from '../../hash.ts'
import type { GuardedInput, HostCall } from './event.ts'
import { isPoll } from './poll.ts'

export function fingerprint(input: GuardedInput, hash: Hash): Event {
  const { agent } = input
  switch (input.type) {
    case 'call':
      return { type: 'call', agent, ...callOf(agent.id, input, hash) }
    case 'results': {
      const calls = input.calls.map((call) => ({ ...callOf(agent.id, call, hash), ...resultOf(call, hash) }))
      return { type: 'results', agent, calls, endsRound: input.endsRound }
    }
    case 'prompt':
      return { type: 'prompt', agent, by: input.by }
    case 'session_end':
      return { type: 'session_end', agent }
  }
}

/** A call without what it said. `agent` is part of what makes two calls the same. */
export function callOf(agent: string, call: HostCall, hash: Hash) {
  const { tool, toolUseId, input } = call
  const id = toolUseId === undefined ? {} : { id: hash(toolUseId) }
  return { tool, signature: hash(signatureText(agent, call)), isPoll: isPoll(tool, input), ...id }
}

/** What a call has returned; nothing while that is not known. */
export function resultOf({ result }: HostCall, hash: Hash): { result?: string } {
  if (result === undefined) return {}
  return { result: hash(typeof result === 'string' ? result : jsonOf(result, String(result))) }
}

/** What the model rewords, or changes only in passing, between calls that are the same. */
const INCIDENTAL = new Set(['description', 'timeout', 'run_in_background'])

/** Equal for equal calls. An input nested too deep to be written down is equal only to the same call again. */
function signatureText(agent: string, { tool, toolUseId, input }: HostCall): string {
  return JSON.stringify([agent, tool, jsonOf(essential(input), `unreadable ${toolUseId}`)])
}

/** The input without what is incidental. */
function essential(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  return Object.fromEntries(Object.entries(input).filter(([key]) => !INCIDENTAL.has(key)))
}

/** The value with the keys of its objects in order. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(ordered)
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, child]) => [key, ordered(child)])
}

function jsonOf(value: unknown, fallback: string): string {
  try {
    return JSON.stringify(ordered(value)) ?? ''
  } catch (error) {
    if (error instanceof RangeError) return fallback
    throw error
  }
}
