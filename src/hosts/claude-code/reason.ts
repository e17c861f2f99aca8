/**
 * What the model and the person read when a call was refused or is about to be.
 *
 * A reason starts with the machine word, states facts and ends the matter: wording that sounds like a passing
 * fault invites the model to try again. It never repeats the tool's input, and it is never longer than
 * MAX_REASON_BYTES.
 */

import type { Identity } from '../../guard/identity.ts'
import type { Block, Warn } from '../../guard/verdict.ts'
import { shellWord, shortId } from '../../short-id.ts'

export const MAX_REASON_BYTES = 600

/** A place that is free this soon is worth waiting for, so the model is told to wait and not to stop. */
const WORTH_WAITING_SECONDS = 10

/**
 * Why a call was refused. `audit` is the reference of its signed line, or why there is none; it is left out
 * for a call that was refused before, because a repeat is not signed again.
 */
export function blockReason(block: Block, identity: Identity, audit?: string): string {
  const facts = `rate_limited: ${block.count} tool calls in the last 60 s ${scopeOf(identity)} (limit ${block.limit}/min).`
  const id = shellWord(shortId(identity.id))
  const tail = `\nFor the person: spikectl status ${id}, spikectl reset ${id}`
  return clipped(`${facts} ${advice(block)}${tail}`, audit === undefined ? '' : `\n[audit ${audit}]`)
}

export function missingTenantReason(): string {
  return (
    'missing_tenant: no tenant is named, and tenant.strict refuses calls without one. Do not retry: nothing ' +
    'changes until a person names it.\nFor the person: set SPIKECTL_TENANT for Claude Code, or run ' +
    'spikectl config set tenant.strict false'
  )
}

/** What the model reads when the warning is spoken. */
export function warnContext(warn: Warn, identity: Identity): string {
  const end = warn.blockLimit > 0 ? ` At ${warn.blockLimit} they are refused.` : ''
  return `${countOfCalls(warn, identity)}.${end} If you are repeating yourself, stop and say what you are trying to do; else go on with fewer calls.`
}

/** What the person reads when the warning is spoken. */
export function warnMessage(warn: Warn, identity: Identity): string {
  return `spikectl: ${countOfCalls(warn, identity)}. See: spikectl status ${shellWord(shortId(identity.id))}`
}

function countOfCalls(warn: Warn, identity: Identity): string {
  return `${warn.count} tool calls in the last 60 s ${scopeOf(identity)} (warning at ${warn.limit}/min)`
}

function scopeOf(identity: Identity): string {
  switch (identity.kind) {
    case 'session':
      return 'in this session'
    case 'user':
      return 'by this user'
    case 'tenant':
      return 'by this tenant'
    case 'anon':
      return 'by callers without a name'
  }
}

function advice(block: Block): string {
  const stop = 'Do not retry now: say in plain text what you were doing and stop.'
  if (block.retryAfterMs === undefined) return `This limit lets no call through. ${stop}`
  const seconds = Math.ceil(block.retryAfterMs / 1000)
  const wait = 'Wait that long before the next tool call.'
  return `A place is free in ${seconds} s. ${seconds <= WORTH_WAITING_SECONDS ? wait : stop}`
}

function clipped(text: string, end: string): string {
  const room = MAX_REASON_BYTES - Buffer.byteLength(end)
  if (Buffer.byteLength(text) <= room) return text + end
  return Buffer.from(text).subarray(0, room).toString().replace(/�+$/, '') + end
}
