/**
 * What Claude Code hands to the command of its status line: who is shown, where they work, what it has cost and how much
 * of the user's limits is used. Pure.
 */

import { membersOf } from '../../guard/members.ts'
import { failure } from '../../system/failure.ts'
import { isCost, limitsIn, type Said } from '../client-limits.ts'
import { idOf, type Payload, parsePayload, textOf } from './payload.ts'

export interface StatusLineInput {
  readonly session: string | undefined
  /** The folder whose settings are in force; undefined when it is not said. */
  readonly project: string | undefined
  /** Of this session, and of the user's limits. */
  readonly said: Said
}

const EXAMPLE = '{"session_id":"s1","workspace":{"project_dir":"/home/dev/app"}}'

/** Translates the whole text of stdin. Throws a Failure that says what is wrong with it. */
export function parseStatusLineInput(text: string): StatusLineInput {
  const payload = parsePayload(text, badStatusInput)
  const workspace = membersOf(payload.workspace)
  return {
    session: idOf(payload, 'session_id', badStatusInput),
    project: textOf(workspace.project_dir) ?? textOf(payload.cwd),
    said: saidIn(payload),
  }
}

/** The limits of a subscription are told from the first answer on; without one they are not. Source: the client's documentation. */
function saidIn({ rate_limits, cost }: Payload): Said {
  const limits = limitsIn(rate_limits, ({ used_percentage, resets_at }) => [
    used_percentage,
    unixMs(resets_at),
  ])
  const { total_cost_usd: costUsd } = membersOf(cost)
  return {
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    ...(isCost(costUsd) ? { costUsd } : {}),
  }
}

/** Of Unix seconds, or of a date and time in ISO 8601; of anything else nothing that is a time. */
function unixMs(value: unknown): number {
  if (typeof value === 'number') return Math.round(value * 1000)
  const isIso = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
  return isIso ? Date.parse(value) : Number.NaN
}

/** A Failure about the text on stdin: `what` completes "stdin …". */
export function badStatusInput(what: string): Error {
  return failure(`stdin ${what}`, `Expected what Claude Code gives its status line, for example ${EXAMPLE}`)
}
