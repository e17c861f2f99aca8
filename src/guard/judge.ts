/** What the rules say. */

import { type CallEvent, type GuardEvent, MAIN_AGENT } from './event.ts'
import type { Policy } from './policy.ts'
import { RULES } from './rules/rules.ts'
import type { State } from './state.ts'
import type { Block, Finding, Halt } from './verdict.ts'

/** What every rule says of an event at `now` (Unix ms), in their order. */
export function judge(state: State, event: GuardEvent, policy: Policy, now: number): Finding[] {
  return RULES.flatMap((rule) => rule.judge(state, event, policy, now))
}

export function firstBlock(findings: readonly Finding[]): Block | undefined {
  for (const { verdict } of findings) if (verdict.kind === 'block') return verdict
  return undefined
}

export function firstHalt(findings: readonly Finding[]): Halt | undefined {
  for (const { verdict } of findings) if (verdict.kind === 'halt') return verdict
  return undefined
}

/** A call of this tool by the main agent that repeats none. */
export function callOf(tool: string): CallEvent {
  return { type: 'call', agent: { id: MAIN_AGENT, type: '' }, tool, signature: '', isPoll: false }
}

/**
 * What the rules that count for the whole session say of calls that repeat none: of any, and of each tool that some rule
 * has limits for. Each limit once.
 */
export function judgeSession(state: State, policy: Policy, now: number): Finding[] {
  const tools = ['', ...RULES.flatMap((rule) => rule.tools?.(policy) ?? [])]
  const session = RULES.filter(({ counts }) => counts === 'the session')
  const findings = tools.flatMap((tool) =>
    session.flatMap((rule) => rule.judge(state, callOf(tool), policy, now)),
  )
  return [...new Map(findings.map((finding) => [`${finding.rule}.${finding.of}`, finding])).values()]
}

/** What the rules that count for each agent say of a call. */
export function judgeAgent(state: State, call: CallEvent, policy: Policy, now: number): Finding[] {
  return RULES.filter(({ counts }) => counts === 'each agent').flatMap((rule) =>
    rule.judge(state, call, policy, now),
  )
}
