/** Sessions as they go on from turn to turn: who began each, what it called, and how it ended. */

import type { GuardEvent, Prompter } from '../../src/guard/event.ts'
import type { Settings } from '../../src/guard/policy.ts'
import type { Verdict } from '../../src/guard/verdict.ts'
import { only } from './policies.ts'
import { MAIN, meet, type Session, session } from './table.ts'

export interface Course extends Session {
  seconds: number
  ids: number
  /** A person is at the client. */
  isAttended?: true
}

/** A session that begins with a person's prompt, of which these rules alone look. */
export function course(settings: Settings = {}): Course {
  const made = { ...session(only(['agents', 'unattended'], settings)), seconds: 0, ids: 0 }
  prompt(made, 'person')
  return made
}

function tell(c: Course, event: GuardEvent, afterSeconds = 2): Verdict {
  c.seconds += afterSeconds
  return meet(c, c.seconds, c.isAttended ? { ...event, isAttended: true } : event)
}

export function prompt(c: Course, by: Prompter): Verdict {
  return tell(c, { type: 'prompt', agent: MAIN, by })
}

/** A call of an agent alone in its round, asked about only. */
export function ask(c: Course, { agent = 'main', what = '' } = {}): { id: string; verdict: Verdict } {
  c.ids += 1
  const id = `id-${c.ids}`
  const call = { tool: 'Bash', signature: `${agent} ${what || id}`, isPoll: false, id }
  return { id, verdict: tell(c, { type: 'call', agent: { id: agent, type: '' }, ...call }) }
}

/** The end of that round; a call that was refused did not run. */
export function answer(
  c: Course,
  id: string,
  { result = id, isRefused = false, agent = 'main', what = '' } = {},
) {
  const call = { tool: 'Bash', signature: `${agent} ${what || id}`, isPoll: false, id, result }
  const calls = [isRefused ? { ...call, isRefused: true as const } : call]
  return tell(c, { type: 'results', agent: { id: agent, type: '' }, calls, endsRound: true })
}

/** A call and its result: something new, unless it is said what it was. */
export function work(c: Course, what = '', agent = 'main'): Verdict {
  const { id, verdict } = ask(c, { agent, what })
  answer(c, id, { agent, what, ...(what === '' ? {} : { result: what }) })
  return verdict
}

/** The end of a turn of the main agent. */
export function stop(c: Course, isContinued?: boolean, words?: string): Verdict {
  const said = { ...(isContinued === undefined ? {} : { isContinued }), ...(words ? { words } : {}) }
  return tell(c, { type: 'turn_end', agent: MAIN, ...said })
}

export function start(c: Course, agent: string): Verdict {
  return tell(c, { type: 'agent_start', agent: { id: agent, type: 'general-purpose' } }, 0)
}

export function end(c: Course, agent: string): Verdict {
  return tell(c, { type: 'turn_end', agent: { id: agent, type: 'general-purpose' } }, 0)
}
