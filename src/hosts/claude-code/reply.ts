/**
 * Verdict -> what Claude Code reads. Pure.
 *
 * Exit 0 lets the call run, exit 2 refuses it and gives stderr to the model, any other code lets it run and
 * shows stderr to the person. JSON on stdout is read with exit 0, 1 and 2. We never say
 * `"permissionDecision":"allow"`: that would skip the person's own permission prompt.
 * Source: Claude Code hooks reference, "Exit code output", and client 2.1.330 as observed.
 */

import type { Identity } from '../../guard/identity.ts'
import type { Block, Warn } from '../../guard/verdict.ts'
import { blockReason, missingTenantReason, warnContext, warnMessage } from './reason.ts'

export interface Reply {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: 0 | 1 | 2
}

/** Nothing to say: the call runs. */
export const SILENCE: Reply = { stdout: '', stderr: '', exitCode: 0 }

/** The call runs; the model and the person are told once. */
export function replyToWarn(warn: Warn, identity: Identity): Reply {
  const hookSpecificOutput = { hookEventName: 'PreToolUse', additionalContext: warnContext(warn, identity) }
  return said({ systemMessage: warnMessage(warn, identity), hookSpecificOutput })
}

/** The call is refused; the model reads why. */
export function replyToBlock(block: Block, identity: Identity, audit?: string): Reply {
  return { stdout: '', stderr: `${blockReason(block, identity, audit)}\n`, exitCode: 2 }
}

export function replyToMissingTenant(): Reply {
  return { stdout: '', stderr: `${missingTenantReason()}\n`, exitCode: 2 }
}

/** A failure of ours: the call runs and the person is told, or with `refuse` it does not. */
export function replyToFailure(what: string, refuse: boolean): Reply {
  const line = what.replace(/\s*\n\s*/g, ' ')
  return { stdout: '', stderr: `spikectl: ${line}\n`, exitCode: refuse ? 2 : 1 }
}

/** The same reply, which also tells the person something once. A refusal tells it on stderr. */
export function withNotice(reply: Reply, notice: string): Reply {
  if (reply.exitCode !== 0) return { ...reply, stderr: `${reply.stderr}spikectl: ${notice}\n` }
  const output: { systemMessage?: string } = reply.stdout === '' ? {} : JSON.parse(reply.stdout)
  const message = [output.systemMessage, `spikectl: ${notice}`].filter(Boolean).join('\n')
  return said({ ...output, systemMessage: message })
}

function said(output: object): Reply {
  return { ...SILENCE, stdout: `${JSON.stringify(output)}\n` }
}
