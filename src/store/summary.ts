/** What people ask about a session: kept for 30 days, long after its rings are gone. */

import * as v from 'valibot'
import type { Tally } from '../guard/decide.ts'
import type { Event } from '../guard/event.ts'
import type { Identity } from '../guard/identity.ts'
import { countOf } from '../guard/ring.ts'
import type { SessionState } from '../guard/state.ts'

/** More tools than this are counted together. */
const MAX_TOOLS = 40
const OTHER_TOOLS = '(other)'

const Count = v.pipe(v.number(), v.integer(), v.minValue(0))

const SummarySchema = v.object({
  tenant: v.string(),
  user: v.string(),
  kind: v.picklist(['session', 'user', 'tenant', 'anon']),
  id: v.string(),
  project: v.string(),
  peak: Count,
  denied: Count,
  warned: Count,
  tools: v.record(v.string(), Count),
  firstSeen: Count,
  lastSeen: Count,
  /** What the person was told last about this session's settings; empty when nothing. */
  notice: v.string(),
})

export type Summary = v.InferOutput<typeof SummarySchema>

export function newSummary(identity: Identity, project: string, now: number): Summary {
  const counts = { peak: 0, denied: 0, warned: 0, tools: {}, firstSeen: now, lastSeen: now }
  return { ...identity, project, ...counts, notice: '' }
}

/** The summary after one more event. `state` is the session's state after it. */
export function summed(summary: Summary, event: Event, state: SessionState, tally: Tally, now: number): Summary {
  if (event.type !== 'call' || tally.calls === 0) return summary
  return {
    ...summary,
    peak: Math.max(summary.peak, countOf(state.admitted)),
    denied: summary.denied + tally.blocked,
    warned: summary.warned + tally.warned,
    tools: tally.blocked === 0 ? withTool(summary.tools, event.tool) : summary.tools,
    lastSeen: Math.max(summary.lastSeen, now),
  }
}

function withTool(tools: Summary['tools'], tool: string): Summary['tools'] {
  const name = Object.hasOwn(tools, tool) || Object.keys(tools).length < MAX_TOOLS ? tool : OTHER_TOOLS
  return { ...tools, [name]: (Object.hasOwn(tools, name) ? (tools[name] ?? 0) : 0) + 1 }
}

/** Undefined when the text is no summary. */
export function parseSummary(text: string): Summary | undefined {
  try {
    const parsed = v.safeParse(SummarySchema, JSON.parse(text))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined // the caller drops the row and says so
  }
}
