/**
 * An answer -> what the client, the model and the person read. Pure. We never say `"permissionDecision":"allow"`:
 * that would skip the person's own permission prompt.
 */

import type { Identity } from '../../guard/identity.ts'
import type { Ask, Block, Figure, Halt, Warn } from '../../guard/verdict.ts'
import {
  askReason,
  blockReason,
  haltReason,
  machineWord,
  type Reason,
  stopReason as stopSentence,
  warnAdvice,
  warningFacts,
} from '../../messages/sentences.ts'
import { pasteable, printable } from '../../system/text.ts'
import type {
  Answer,
  CallStatement,
  OwnFailure,
  PromptStatement,
  SettingsStatement,
  Statement,
} from '../answer.ts'
import { type Reply, SILENCE } from '../reply.ts'

/** Of a reason, in bytes, without the LF at its end. */
const MOST = 599
/** Failures and notices may quote files that others wrote: characters, at most. */
const MAX_FAILURE = 600
const MAX_NOTICE = 300

export function worded({ statement, notices, failure }: Answer): Reply {
  const reply = withNotices(statement ? replyTo(statement) : SILENCE, notices)
  return failure ? withFailure(reply, failure) : reply
}

function replyTo(statement: Statement): Reply {
  switch (statement.about) {
    case 'call':
      return replyToCall(statement)
    case 'prompt':
      return replyToPrompt(statement)
    case 'turn':
      return { ...SILENCE, stdout: stopping(statement.verdict, statement.identity, statement.verdict.scope) }
    case 'tenant':
      return replyToMissingTenant()
    case 'settings':
      return replyToSettings(statement)
  }
}

function replyToCall({ verdict, identity, audit }: CallStatement): Reply {
  switch (verdict.kind) {
    case 'warn':
      return replyToWarn(verdict, identity)
    case 'ask':
      return replyToAsk(verdict, identity)
    case 'block':
      return replyToBlock(verdict, identity, audit)
    case 'halt':
      return replyToHaltedCall(verdict, identity, audit)
  }
}

function replyToSettings({ problem, audit }: SettingsStatement): Reply {
  const facts = `guard_changed: ${printable(problem)}.`
  const advice =
    'This change is blocked: the session keeps the hooks it has. The file stays as it is now, and new sessions will read it so.'
  const person =
    'For the person: spikectl doctor, then spikectl install to put the hooks back; or to remove them spikectl uninstall'
  return blocked(personFirst({ facts, advice }, person, audit))
}

/** The call runs; the model and the person are told once. */
function replyToWarn(warn: Warn, identity: Identity): Reply {
  const facts = warningFacts(warn, identity)
  return said({
    systemMessage: `spikectl: ${facts}. See: spikectl status ${pasteable(identity)}`,
    hookSpecificOutput: { hookEventName: 'PreToolUse', additionalContext: `${facts}.${warnAdvice(warn)}` },
  })
}

/** The client asks the person, in every permission mode. Where nobody can answer, the model is given this reason alone. */
function replyToAsk(ask: Ask, identity: Identity): Reply {
  const permissionDecisionReason = askReason(ask, identity)
  return said({
    hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'ask', permissionDecisionReason },
  })
}

/** The call is blocked; the model reads why. */
function replyToBlock(block: Block, identity: Identity, audit: string | undefined): Reply {
  const reason = blockReason(block, identity)
  const inOrder = machineWord(block) === 'rate_limited' ? personLast : personFirst
  const reply = blocked(inOrder(reason, personLine(identity), audit))
  return block.endsTurn ? { ...reply, stdout: stopping(block, identity, 'agent') } : reply
}

/** The call is blocked and the turn ends; the person reads why. */
function replyToHaltedCall(halt: Halt, identity: Identity, audit: string | undefined): Reply {
  const reason = personFirst(haltReason(halt, identity), personLine(identity), audit)
  return { ...blocked(reason), stdout: stopping(halt, identity, halt.scope) }
}

/** A prompt that is blocked reaches no model: what a person can do about it comes first. */
function replyToPrompt({ verdict, identity, isScheduled }: PromptStatement): Reply {
  const reason = haltReason(verdict, identity)
  return blocked(personFirst(isScheduled ? otherWords(reason) : reason, personLine(identity)))
}

/** No client marks a schedule's prompt: so a person may have written it, and is told why it is not taken for theirs. */
function otherWords({ facts, advice }: Reason): Reason {
  const scheduled = 'halted: these are the words of a scheduled prompt, which lets no halted session go on.'
  return { facts: `${scheduled} To go on, write it in other words.`, advice: `${facts}\n${advice}` }
}

/** Source: `continue: false` ends the turn of the agent whose event is answered; client 2.1.330 as observed. */
function stopping(figure: Figure, identity: Identity, who: Halt['scope']): string {
  const id = pasteable(identity)
  const stopReason = `${stopSentence(figure, identity, who)} To go on, write a prompt or run: spikectl reset ${id}. Why: spikectl status ${id}`
  return `${JSON.stringify({ continue: false, stopReason })}\n`
}

function personLine(identity: Identity): string {
  const id = pasteable(identity)
  return `For the person: spikectl status ${id}, spikectl reset ${id}`
}

/**
 * The client shows a person about a line and a half of a reason (2.1.330 as observed), so facts and what to run come
 * first. The model reads all of it. What is for the person, and the reference of the signed line, are never cut off.
 */
function personFirst({ facts, advice }: Reason, person: string, audit?: string): string {
  const end = reference(audit)
  const begin = clipped(facts, ` ${person}`, MOST - Buffer.byteLength(end))
  return clipped(`${begin}\n${advice}`, end, MOST)
}

/** Of a rate limit the wording is promised to scripts up to the advice: here the facts are what a person sees. */
function personLast({ facts, advice }: Reason, person: string, audit?: string): string {
  return clipped(`${facts} ${advice}`, `\n${person}${reference(audit)}`, MOST)
}

function reference(audit: string | undefined): string {
  return audit === undefined ? '' : `\n[audit ${audit}]`
}

function replyToMissingTenant(): Reply {
  const facts = 'missing_tenant: no tenant is named, and tenant.strict blocks calls without one.'
  const advice = 'Do not retry: nothing changes until a person names it.'
  const person =
    'For the person: set SPIKECTL_TENANT for Claude Code, or run spikectl config set tenant.strict false'
  return blocked(personFirst({ facts, advice }, person))
}

/** In one line: the call runs, the person is told, and what else there was for stdout is said; or it does not run. */
function withFailure({ stdout }: Reply, { what, blocks }: OwnFailure): Reply {
  const parts = what.split('\n').map((part) => part.trim())
  const line = printable(parts.join(' ')).slice(0, MAX_FAILURE)
  return { stdout: blocks ? '' : stdout, stderr: `spikectl: ${line}\n`, exitCode: blocks ? 2 : 1 }
}

/** The same reply, which also tells the person something; a block stays as it is, for the model reads it. */
function withNotices(reply: Reply, notices: readonly string[]): Reply {
  if (reply.exitCode !== 0 || notices.length === 0) return reply
  const output: { systemMessage?: string } = reply.stdout === '' ? {} : JSON.parse(reply.stdout)
  const lines = notices.map((notice) => `spikectl: ${printable(notice).slice(0, MAX_NOTICE)}`)
  const systemMessage = [output.systemMessage, ...lines].filter(Boolean).join('\n')
  return said({ ...output, systemMessage })
}

function said(output: object): Reply {
  return { ...SILENCE, stdout: `${JSON.stringify(output)}\n` }
}

function blocked(reason: string): Reply {
  return { stdout: '', stderr: `${reason}\n`, exitCode: 2 }
}

/** `text` and `end` in at most so many bytes: `text` is shortened to whole characters if both are too long together. */
function clipped(text: string, end: string, most: number): string {
  const room = Math.max(0, most - Buffer.byteLength(end))
  if (Buffer.byteLength(text) <= room) return text + end
  return Buffer.from(text).subarray(0, room).toString().replace(/�+$/, '') + end
}
