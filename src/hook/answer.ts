/** From a verdict to an answer: signs what must be signed, and logs what people want to read. */

import type { Block, Figure, Halt } from '../guard/verdict.ts'
import { WINDOW_MS } from '../guard/window.ts'
import { type Answer, NOTHING, type Statement } from '../hosts/answer.ts'
import { factsOf, machineWord } from '../messages/sentences.ts'
import type { Updated } from '../store/store.ts'
import type { LogEntry } from '../system/log.ts'
import { callerOf, toolOf } from './caller.ts'
import type { Context } from './context.ts'
import { logged, withNotice } from './logged.ts'
import { record } from './record.ts'
import { unaskedEntry } from './unasked.ts'

/** The answer to an event that was decided. */
export async function answerEvent(context: Context, updated: Updated): Promise<Answer> {
  const { unasked, complaints } = updated
  const verdict = await answerVerdict(context, updated)
  const answer = complaints.length > 0 ? told(verdict, context, complaint(complaints)) : verdict
  return unasked.length > 0 ? logged(answer, context.paths, unaskedEntry(unasked, callerOf(context))) : answer
}

function complaint([first, ...others]: readonly string[]): string {
  const rest = others.length > 0 ? `, nor from ${others.length} more like it` : ''
  return `${first}: no tokens are counted from it${rest}`
}

function told(answer: Answer, context: Context, message: string): Answer {
  const entry = { event: 'notice', message, ...callerOf(context) } as const
  return logged(withNotice(answer, message), context.paths, entry)
}

async function answerVerdict(context: Context, updated: Updated): Promise<Answer> {
  const { paths, input, ignored } = context
  if (updated.would) return shadowed(context, updated)
  if (input.type !== 'call') return answerHalt(context, updated)
  const answer = await answerCall(context, updated)
  if (!ignored || !updated.noticeIsNew) return answer
  return logged(withNotice(answer, ignored), paths, { event: 'notice', message: ignored })
}

/** A call that was answered before gets the same answer, and nothing is recorded. */
async function answerCall(context: Context, { verdict, tally }: Updated): Promise<Answer> {
  if (verdict.kind === 'allow') return NOTHING
  const call = { about: 'call', verdict, identity: context.identity } as const
  if (tally.calls === 0) return saying(call)
  if (verdict.kind === 'warn' || verdict.kind === 'ask')
    return logged(saying(call), context.paths, entryOf(verdict.kind, context, verdict))
  const { audit } = await recordVerdict(context, verdict)
  return saying({ ...call, audit })
}

/** A round after which the turn ends, or a prompt that may not begin one. */
async function answerHalt(context: Context, updated: Updated): Promise<Answer> {
  const { verdict, tally, prompter } = updated
  const { input, identity } = context
  if (verdict.kind !== 'halt') return NOTHING
  const answer =
    input.type === 'prompt'
      ? saying({
          about: 'prompt',
          verdict,
          identity,
          isScheduled: prompter === 'schedule' && input.by === 'person',
        })
      : saying({ about: 'turn', verdict, identity })
  return tally.halted === 0 ? answer : withNotice(answer, (await recordVerdict(context, verdict)).problem)
}

function saying(statement: Statement): Answer {
  return { ...NOTHING, statement }
}

/** Shadow mode: what would have been said is logged, and nothing is said. */
function shadowed(context: Context, { verdict, would }: Updated): Answer {
  const isNew = would && (context.input.type === 'call' ? would.calls : would.halted) > 0
  if (verdict.kind === 'allow' || verdict.kind === 'ask' || !isNew) return NOTHING
  return logged(NOTHING, context.paths, entryOf(`would_${verdict.kind}`, context, verdict))
}

/** The answer to a call without the tenant that the policy demands. */
export async function answerMissingTenant(context: Context): Promise<Answer> {
  const message = 'blocked: no tenant is named'
  await record(context, {
    entry: { event: 'missing_tenant', message, ...callerOf(context), tool: toolOf(context) },
  })
  return saying({ about: 'tenant' })
}

function recordVerdict(context: Context, verdict: Block | Halt) {
  return record(context, {
    line: auditLine(context, verdict),
    entry: entryOf(verdict.kind, context, verdict),
  })
}

/** The members of an audit line that say what was blocked. Never the tool's input. */
function auditLine(context: Context, verdict: Block | Halt) {
  const { input } = context
  return {
    event: verdict.kind,
    type: machineWord(verdict),
    rule: verdict.rule,
    limit_of: verdict.of,
    count: verdict.count,
    limit: verdict.limit,
    window_ms: WINDOW_MS,
    retry_after_ms: verdict.kind === 'block' ? verdict.retryAfterMs : undefined,
    ...callerOf(context),
    tool: toolOf(context),
    tool_use_id: input.type === 'call' ? input.toolUseId : undefined,
    cwd: input.cwd,
  }
}

const SAID = {
  warn: 'warned',
  ask: 'asked',
  block: 'blocked',
  halt: 'halted',
  would_warn: 'would have warned',
  would_block: 'would have blocked',
  would_halt: 'would have halted',
} as const

function entryOf(event: keyof typeof SAID, context: Context, figure: Figure): LogEntry {
  const { rule, count, limit } = figure
  const message = `${SAID[event]}: ${factsOf(figure, context.identity)}, limit ${limit}`
  return { event, message, ...callerOf(context), tool: toolOf(context), rule, count, limit }
}
