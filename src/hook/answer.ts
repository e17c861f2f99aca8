/** From a verdict to an answer: signs what must be signed, logs what people want to read, and words it. */

import type { Identity } from '../guard/identity.ts'
import type { Block, Figure, Halt } from '../guard/verdict.ts'
import { WINDOW_MS } from '../guard/window.ts'
import {
  replyToBlock,
  replyToHaltedCall,
  replyToHaltedPrompt,
  replyToHaltedRound,
  replyToMissingTenant,
  replyToWarn,
  withNotice,
} from '../hosts/claude-code/wording.ts'
import type { CallInput, GuardedInput } from '../hosts/input.ts'
import { type Reply, SILENCE } from '../hosts/reply.ts'
import { factsOf, machineWord } from '../messages/sentences.ts'
import type { Updated } from '../store/store.ts'
import type { LogEntry } from '../system/log.ts'
import type { Paths } from '../system/paths.ts'
import { callerOf, toolOf } from './caller.ts'
import { logged } from './logged.ts'
import { record } from './record.ts'
import type { Destination } from './sign.ts'
import { unaskedEntry } from './unasked.ts'

/**
 * The answer to an event that was decided. `ignored` is why the project's settings are ignored, which is told
 * once in a session.
 */
export async function answerEvent(
  destination: Destination,
  input: GuardedInput,
  identity: Identity,
  updated: Updated,
  ignored: string | undefined,
): Promise<Reply> {
  const reply = await answerVerdict(destination, input, identity, updated, ignored)
  const { unasked } = updated
  return unasked.length > 0
    ? logged(reply, destination.paths, unaskedEntry(unasked, callerOf(input, identity)))
    : reply
}

async function answerVerdict(
  destination: Destination,
  input: GuardedInput,
  identity: Identity,
  updated: Updated,
  ignored: string | undefined,
): Promise<Reply> {
  if (updated.would) return shadowed(destination.paths, input, identity, updated)
  if (input.type !== 'call') return answerHalt(destination, input, identity, updated)
  const reply = await answerCall(destination, input, identity, updated)
  if (!ignored || !updated.noticeIsNew) return reply
  return logged(withNotice(reply, ignored), destination.paths, { event: 'notice', message: ignored })
}

/** A call that was answered before gets the same answer, and nothing is recorded. */
async function answerCall(
  destination: Destination,
  call: CallInput,
  identity: Identity,
  { verdict, tally }: Updated,
): Promise<Reply> {
  const isRepeat = tally.calls === 0
  switch (verdict.kind) {
    case 'allow':
      return SILENCE
    case 'warn': {
      const reply = replyToWarn(verdict, identity)
      return isRepeat ? reply : logged(reply, destination.paths, entryOf('warn', call, identity, verdict))
    }
    case 'block':
    case 'halt': {
      const word = (audit?: string) =>
        verdict.kind === 'halt'
          ? replyToHaltedCall(verdict, identity, audit)
          : replyToBlock(verdict, identity, audit)
      if (isRepeat) return word()
      const line = auditLine(call, identity, verdict)
      const entry = entryOf(verdict.kind, call, identity, verdict)
      return word((await record(destination, { line, entry })).audit)
    }
  }
}

/** A round after which the turn ends, or a prompt that may not begin one. */
async function answerHalt(
  destination: Destination,
  input: Exclude<GuardedInput, CallInput>,
  identity: Identity,
  { verdict, tally }: Updated,
): Promise<Reply> {
  if (verdict.kind !== 'halt') return SILENCE
  if (input.type === 'prompt') return replyToHaltedPrompt(verdict, identity)
  const reply = replyToHaltedRound(verdict, identity)
  if (tally.halted === 0) return reply
  const line = auditLine(input, identity, verdict)
  const { problem } = await record(destination, { line, entry: entryOf('halt', input, identity, verdict) })
  return problem ? withNotice(reply, problem) : reply
}

/** Shadow mode: what would have been said is logged, and nothing is said. */
function shadowed(paths: Paths, input: GuardedInput, identity: Identity, { verdict, would }: Updated): Reply {
  const isNew = would && (input.type === 'call' ? would.calls : would.halted) > 0
  if (verdict.kind === 'allow' || !isNew) return SILENCE
  return logged(SILENCE, paths, entryOf(`would_${verdict.kind}`, input, identity, verdict))
}

/** The answer to a call without the tenant that the policy demands. */
export async function answerMissingTenant(
  destination: Destination,
  call: CallInput,
  identity: Identity,
): Promise<Reply> {
  const message = 'blocked: no tenant is named'
  await record(destination, {
    entry: { event: 'missing_tenant', message, ...callerOf(call, identity), tool: call.tool },
  })
  return replyToMissingTenant()
}

/** The members of an audit line that say what was blocked. Never the tool's input. */
function auditLine(input: GuardedInput, identity: Identity, verdict: Block | Halt) {
  return {
    event: verdict.kind,
    type: machineWord(verdict),
    rule: verdict.rule,
    limit_of: verdict.of,
    count: verdict.count,
    limit: verdict.limit,
    window_ms: WINDOW_MS,
    retry_after_ms: verdict.kind === 'block' ? verdict.retryAfterMs : undefined,
    ...callerOf(input, identity),
    tool: toolOf(input),
    tool_use_id: input.type === 'call' ? input.toolUseId : undefined,
    cwd: input.cwd,
  }
}

const SAID = {
  warn: 'warned',
  block: 'blocked',
  halt: 'halted',
  would_warn: 'would have warned',
  would_block: 'would have blocked',
  would_halt: 'would have halted',
} as const

function entryOf(
  event: keyof typeof SAID,
  input: GuardedInput,
  identity: Identity,
  figure: Figure,
): LogEntry {
  const { rule, count, limit } = figure
  const message = `${SAID[event]}: ${factsOf(figure, identity)}, limit ${limit}`
  return { event, message, ...callerOf(input, identity), tool: toolOf(input), rule, count, limit }
}
