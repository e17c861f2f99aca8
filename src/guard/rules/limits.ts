/** Limits of calls a minute: of all calls, of those that start agents, of tools that have limits of their own. */

import type { Limits, Policy } from '../policy.ts'
import { type Meter, meterIn, type SessionState } from '../state.ts'
import { ALLOW, type Allow, type Block, type Rule, type Warn } from '../verdict.ts'
import { aged, countOf, emptiesTo, type Ring, withCall } from '../window.ts'

/** One pair of limits, and the name of the meter that it looks at. */
export interface Gauge {
  readonly meter: string
  readonly rule: Rule
  readonly limits: Limits
  /** The tool or pattern that has these limits. */
  readonly of?: string
}

export const RATE = 'rate'

/** The limits that a call of `tool` is measured against: the narrowest first. */
export function gaugesFor(policy: Policy, tool: string): readonly Gauge[] {
  return gaugesIn(policy).filter(({ rule, of = '' }) => {
    if (rule === 'tools') return isNamed(of, tool)
    return rule !== 'spawn' || policy.spawn.tools.includes(tool)
  })
}

/** All limits: the narrowest first. */
function gaugesIn(policy: Policy): readonly Gauge[] {
  const own = Object.entries(policy.tools).map(
    ([of, limits]): Gauge => ({ meter: `tools.${of}`, rule: 'tools', limits, of }),
  )
  return [
    ...own,
    { meter: 'spawn', rule: 'spawn', limits: policy.spawn },
    { meter: RATE, rule: 'rate', limits: policy.rate },
  ]
}

/** True while some call of the session would be refused by a limit that its window has reached. */
export function isAtLimit(session: SessionState, policy: Policy, now: number): boolean {
  return gaugesIn(policy).some((gauge) => {
    const { ring } = currentMeter(session, gauge, now)
    return countOf(ring) > 0 && judgeGauge(gauge, ring, now).kind === 'block'
  })
}

/** An exact name, or one that ends in `*` for all tools that begin with it. */
function isNamed(name: string, tool: string): boolean {
  return name.endsWith('*') ? tool.startsWith(name.slice(0, -1)) : name === tool
}

/**
 * What limits say of one more call, `ring` being the admitted calls of the window, aged to `now`.
 * A limit is reached with `>=`; the block limit is looked at first; 0 switches a limit off.
 */
export function judgeGauge({ rule, limits, of }: Gauge, ring: Ring, now: number): Allow | Warn | Block {
  const { warnPerMin, blockPerMin } = limits
  const figure = { rule, count: countOf(ring) + 1, ...(of === undefined ? {} : { of }) }
  if (blockPerMin > 0 && figure.count >= blockPerMin) {
    return { kind: 'block', ...figure, limit: blockPerMin, ...retryAfter(ring, blockPerMin, now) }
  }
  if (warnPerMin > 0 && figure.count >= warnPerMin) {
    return { kind: 'warn', ...figure, limit: warnPerMin, blockLimit: blockPerMin }
  }
  return ALLOW
}

/** A place is free when one more call would stay below the limit. */
function retryAfter(ring: Ring, limit: number, now: number): { retryAfterMs?: number } {
  const free = emptiesTo(ring, limit - 2)
  return free === undefined ? {} : { retryAfterMs: Math.max(0, free - now) }
}

/** The meter as it stands at `now`: aged, and its warning armed again if the count has fallen. */
export function currentMeter(session: SessionState, { meter, limits }: Gauge, now: number): Meter {
  const { ring, warned } = meterIn(session, meter)
  const current = aged(ring, now)
  return { ring: current, warned: warned && countOf(current) * 5 >= limits.warnPerMin * 4 }
}

/** The meters with one more admitted call in each of these; `spoken` is the one whose warning is told with it. */
export function withAdmitted(
  session: SessionState,
  gauges: readonly Gauge[],
  spoken: string | undefined,
  now: number,
): SessionState['meters'] {
  const grown = gauges.map((gauge) => {
    const { ring, warned } = currentMeter(session, gauge, now)
    return [gauge.meter, { ring: withCall(ring), warned: warned || gauge.meter === spoken }] as const
  })
  return { ...session.meters, ...Object.fromEntries(grown) }
}
