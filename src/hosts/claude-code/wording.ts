/**
 * Verdict -> what the client, the model and the person read. Pure.
 *
 * A reason starts with the machine word, states facts and ends the matter: wording that sounds like a passing
 * fault invites the model to try again. It never repeats the tool's input. We never say
 * `"permissionDecision":"allow"`: that would skip the person's own permission prompt.
 */

import type { Identity } from '../../guard/identity.ts'
import type { Block, Warn } from '../../guard/verdict.ts'
import { pasteable, printable } from '../../short-id.ts'
import { type Reply, SILENCE } from './reply.ts'

const MAX_REASON_BYTES = 600
/** Failures and notices may quote files that others wrote: characters, at most. */
const MAX_FAILURE = 600
const MAX_NOTICE = 300

/** A place that is free this soon is worth waiting for, so the model is told to wait and not to stop. */
const WORTH_WAITING_SECONDS = 10

/** The call runs; the model and the person are told once. */
export function replyToWarn(warn: Warn, identity: Identity): Reply {
  const facts = `${warn.count} tool calls in the last 60 s ${scopeOf(identity)} (warning at ${warn.limit}/min)`
  const end = warn.blockLimit > 0 ? ` At ${warn.blockLimit} they are refused.` : ''
  const advice =
    'If you are repeating yourself, stop and say what you are trying to do; else go on with fewer calls.'
  return said({
    systemMessage: `spikectl: ${facts}. See: spikectl status ${pasteable(identity)}`,
    hookSpecificOutput: { hookEventName: 'PreToolUse', additionalContext: `${facts}.${end} ${advice}` },
  })
}

/**
 * The call is refused; the model reads why. `audit` is the reference of the signed line, or why there is none;
 * it is left out for a call that was refused before, because a repeat is not signed again.
 */
export function replyToBlock(block: Block, identity: Identity, audit?: string): Reply {
  const facts = `rate_limited: ${block.count} tool calls in the last 60 s ${scopeOf(identity)} (limit ${block.limit}/min).`
  const id = pasteable(identity)
  const person = `For the person: spikectl status ${id}, spikectl reset ${id}`
  const end = audit === undefined ? '' : `\n[audit ${audit}]`
  return refused(clipped(`${facts} ${advice(block)}\n${person}`, end))
}

export function replyToMissingTenant(): Reply {
  return refused(
    'missing_tenant: no tenant is named, and tenant.strict refuses calls without one. Do not retry: nothing ' +
      'changes until a person names it.\nFor the person: set SPIKECTL_TENANT for Claude Code, or run ' +
      'spikectl config set tenant.strict false',
  )
}

/**
 * A failure of ours, in one line: the call runs and the person is told, or with `refuse` it does not run.
 * What `reply` had to say on stdout is said all the same.
 */
export function replyToFailure(what: string, refuse: boolean, reply = SILENCE): Reply {
  const parts = what.split('\n').map((part) => part.trim())
  const line = printable(parts.join(' ')).slice(0, MAX_FAILURE)
  return { stdout: refuse ? '' : reply.stdout, stderr: `spikectl: ${line}\n`, exitCode: refuse ? 2 : 1 }
}

/** The same reply, which also tells the person something; a refusal stays as it is, for the model reads it. */
export function withNotice(reply: Reply, notice: string): Reply {
  if (reply.exitCode !== 0) return reply
  const output: { systemMessage?: string } = reply.stdout === '' ? {} : JSON.parse(reply.stdout)
  const message = [output.systemMessage, `spikectl: ${printable(notice).slice(0, MAX_NOTICE)}`]
    .filter(Boolean)
    .join('\n')
  return said({ ...output, systemMessage: message })
}

function said(output: object): Reply {
  return { ...SILENCE, stdout: `${JSON.stringify(output)}\n` }
}

function refused(reason: string): Reply {
  return { stdout: '', stderr: `${reason}\n`, exitCode: 2 }
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

/** `text` and `end`, of which `text` is shortened to whole characters if both are too long together. */
function clipped(text: string, end: string): string {
  const room = MAX_REASON_BYTES - Buffer.byteLength(end)
  if (Buffer.byteLength(text) <= room) return text + end
  return Buffer.from(text).subarray(0, room).toString().replace(/�+$/, '') + end
}
