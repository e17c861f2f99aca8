/** Agents at work: messages of a model with tool calls, and what those return. */

import type { Event, Prompter, ReturnedCall } from '../../src/guard/event.ts'
import { applySettings, DEFAULT_POLICY, type Policy, type Settings } from '../../src/guard/policy.ts'
import type { Verdict } from '../../src/guard/verdict.ts'
import { meet, type Session, session } from './table.ts'

/** A call as a row of a test says it: what it is, and what it returns. */
export interface Made {
  readonly call: string
  readonly result?: string
  readonly tool?: string
  readonly poll?: boolean
  /** The host tells of it only at the end of its round. */
  readonly unasked?: boolean
}

export interface Scene extends Session {
  /** Seconds since the start. */
  seconds: number
  ids: number
}

/** Rules but for the rate, which would get in the way; with other settings laid over them. */
export function scene(settings: Settings = {}): Scene {
  const policy: Policy = applySettings(
    applySettings(DEFAULT_POLICY, { rate: { warnPerMin: 0, blockPerMin: 0 } }),
    settings,
  )
  return { ...session(policy), seconds: 0, ids: 0 }
}

/** What one message came to: a verdict for each call that was asked about, and one for the end of the round. */
export interface Answers {
  readonly calls: readonly Verdict['kind'][]
  readonly verdicts: readonly Verdict[]
  readonly end: Verdict
}

/** One message of an agent: all its calls are asked about at once, then the round ends with their results. */
export function round(s: Scene, made: readonly Made[], agent = 'main', afterSeconds = 5): Answers {
  s.seconds += afterSeconds
  const id = { id: agent, type: '' }
  const calls = made.map(({ call, tool = 'Bash', poll = false }) => {
    s.ids += 1
    return { tool, id: `id${s.ids}`, signature: `${agent} ${tool} ${call}`, isPoll: poll }
  })
  const verdicts = calls.flatMap((call, index) =>
    made[index]?.unasked ? [] : [meet(s, s.seconds, { type: 'call', agent: id, ...call })],
  )
  s.seconds += 1
  const returned: ReturnedCall[] = calls.map((call, index) => {
    const result = made[index]?.result
    return result === undefined ? call : { ...call, result }
  })
  const event: Event = { type: 'results', agent: id, calls: returned, endsRound: true }
  return { calls: verdicts.map(({ kind }) => kind), verdicts, end: meet(s, s.seconds, event) }
}

/** The same message so many times; what its first call met each time, and how each round ended. */
export function rounds(
  s: Scene,
  times: number,
  made: Made | ((i: number) => Made),
  agent = 'main',
): string[] {
  return Array.from({ length: times }, (_, i) => {
    const { calls, end } = round(s, [typeof made === 'function' ? made(i) : made], agent)
    return end.kind === 'halt' ? `${calls[0] ?? 'unasked'}, halt` : (calls[0] ?? 'unasked')
  })
}

export function prompt(s: Scene, by: Prompter = 'person'): Verdict {
  s.seconds += 1
  return meet(s, s.seconds, { type: 'prompt', agent: { id: 'main', type: '' }, by })
}

/** The only message of a session before the one that matters, so that it is known to tell of rounds. */
export function begun(settings?: Settings): Scene {
  const s = scene(settings)
  prompt(s)
  return s
}
