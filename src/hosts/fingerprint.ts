/** A host's event in the guard's words: what a call was, but not what it said. Pure, given a hash. */

import type { GuardEvent } from '../guard/event.ts'
import { isObject } from '../guard/members.ts'
import type { Hash } from '../system/keyed-hash.ts'
import { isPoll, isWait } from './claude-code/poll.ts'
import { isRefusal } from './claude-code/refusal.ts'
import { scheduledBy } from './claude-code/schedule.ts'
import type { GuardedInput, HostCall } from './input.ts'

export function fingerprint(input: GuardedInput, hash: Hash): GuardEvent {
  const { agent } = input
  switch (input.type) {
    case 'call':
      return { type: 'call', agent, ...callOf(agent.id, input, hash), ...schedulesOf(input, hash) }
    case 'results': {
      const calls = input.calls.map((call) => ({ ...callOf(agent.id, call, hash), ...resultOf(call, hash) }))
      return { type: 'results', agent, calls, endsRound: input.endsRound }
    }
    case 'prompt': {
      const { by, text, promptId } = input
      return {
        ...{ type: 'prompt', agent, by },
        ...(text === undefined ? {} : { words: hash(text) }),
        ...(promptId === undefined ? {} : { id: hash(promptId) }),
      }
    }
    case 'turn_end': {
      const { isContinued, words, scheduled, limitError } = input
      return {
        type: 'turn_end',
        agent,
        ...(isContinued === undefined ? {} : { isContinued }),
        ...(words === undefined ? {} : { words: hash(words) }),
        ...(scheduled === undefined ? {} : { scheduled: scheduled.map(hash) }),
        ...(limitError ? { limitError } : {}),
      }
    }
    case 'agent_start':
    case 'session_start':
    case 'session_end':
      return { type: input.type, agent }
  }
}

/** A call without what it said. `agent` is part of what makes two calls the same. */
export function callOf(agent: string, call: HostCall, hash: Hash) {
  const { tool, toolUseId, input } = call
  const id = toolUseId === undefined ? {} : { id: hash(toolUseId) }
  const wait = isWait(tool) ? { isWait: true as const } : {}
  return { tool, signature: hash(signatureText(agent, call)), isPoll: isPoll(tool, input), ...wait, ...id }
}

function schedulesOf({ tool, input }: HostCall, hash: Hash): { schedules?: string } {
  const prompt = scheduledBy(tool, input)
  return prompt === undefined ? {} : { schedules: hash(prompt) }
}

/** What a call has returned; nothing while that is not known. */
export function resultOf({ result }: HostCall, hash: Hash): { result?: string; isRefused?: true } {
  if (result === undefined) return {}
  const text = typeof result === 'string' ? result : textFor(result)
  return { result: hash(text), ...(isRefusal(result) ? { isRefused: true } : {}) }
}

/** The client's own tools in whose input some members are no part of what is done. Source: client 2.1.330. */
const TOOLS_WITH_INCIDENTALS = new Set([
  'Bash',
  'PowerShell',
  'Monitor',
  'Agent',
  'Task',
  'TaskOutput',
  'BashOutput',
  'AgentOutput',
])

/** There: what the model rewords, or changes only in passing, between calls that are the same. */
const INCIDENTAL = new Set(['description', 'timeout', 'timeout_ms', 'run_in_background'])

/** Equal for equal calls. */
function signatureText(agent: string, { tool, input }: HostCall): string {
  return JSON.stringify([agent, tool, textFor(TOOLS_WITH_INCIDENTALS.has(tool) ? essential(input) : input)])
}

/** The input without what is incidental. */
function essential(input: unknown): unknown {
  if (!isObject(input)) return input
  return Object.fromEntries(Object.entries(input).filter(([key]) => !INCIDENTAL.has(key)))
}

/**
 * A text for any JSON value, the same whatever the order of an object's keys, and different for different values: each
 * array and object says how many members follow. Walked without recursion, for a host may hand over a value nested
 * 100,000 deep, and without asking objects for their text, for one may have a member `toString`.
 */
function textFor(value: unknown): string {
  const words: string[] = []
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (Array.isArray(next)) {
      words.push(`[${next.length}`)
      for (let at = next.length - 1; at >= 0; at -= 1) rest.push(next[at])
    } else if (isObject(next)) {
      const keys = Object.keys(next).sort()
      words.push(`{${keys.length}`)
      for (const key of keys.reverse()) rest.push(next[key], key)
    } else words.push(JSON.stringify(next) ?? '')
  }
  return words.join('\n')
}
