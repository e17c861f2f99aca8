/** From a verdict to an answer: signs what must be signed, logs what people want to read, and words it. */

import { describe } from '../failure.ts'
import { MAIN_AGENT } from '../guard/event.ts'
import type { Identity } from '../guard/identity.ts'
import { WINDOW_MS } from '../guard/ring.ts'
import type { Block, Warn } from '../guard/verdict.ts'
import type { CallInput } from '../hosts/claude-code/event.ts'
import { type Reply, SILENCE } from '../hosts/claude-code/reply.ts'
import { replyToBlock, replyToMissingTenant, replyToWarn, withNotice } from '../hosts/claude-code/wording.ts'
import { type LogEntry, tryLog } from '../log.ts'
import type { Paths } from '../paths.ts'
import { patienceOf, sinceStart } from '../pause.ts'
import type { Updated } from '../store/state-db.ts'
import { countIn } from './failed.ts'

/** All waits of one hook run together stay below this: at the client's timeout the call would run. */
const PATIENCE_MS = 3500
/** A lock is waited for this long even if the locks before took up all our patience. */
const LEAST_WAIT_MS = 100

/** Where answers are written down. */
export interface Desk {
  readonly paths: Paths
  /** From this size on the audit log goes on in a new file. */
  readonly segmentBytes: number
}

/**
 * The answer to a call that was decided. `ignored` is why the project's settings are ignored, which is told
 * once in a session.
 */
export async function answerCall(
  desk: Desk,
  call: CallInput,
  identity: Identity,
  updated: Updated,
  ignored: string | undefined,
): Promise<Reply> {
  const reply = await answerVerdict(desk, call, identity, updated)
  if (!ignored || !updated.noticeIsNew) return reply
  return logged(withNotice(reply, ignored), desk.paths, { event: 'notice', message: ignored })
}

/** A call that was answered before gets the same answer, and nothing is recorded. */
async function answerVerdict(
  desk: Desk,
  call: CallInput,
  identity: Identity,
  { verdict, tally }: Updated,
): Promise<Reply> {
  const { paths } = desk
  const isRepeat = tally.calls === 0
  switch (verdict.kind) {
    case 'allow':
      return SILENCE
    case 'warn': {
      const reply = replyToWarn(verdict, identity)
      return isRepeat ? reply : logged(reply, paths, warnEntry(call, identity, verdict))
    }
    case 'block': {
      if (isRepeat) return replyToBlock(verdict, identity)
      const { audit, detail } = await signed(desk, call, identity, verdict)
      const reply = replyToBlock(verdict, identity, audit)
      return logged(reply, paths, { ...blockEntry(call, identity, verdict), audit: detail })
    }
  }
}

/** The answer to a call without the tenant that the policy demands. */
export function answerMissingTenant(paths: Paths, call: CallInput, identity: Identity): Reply {
  const message = 'refused: no tenant is named'
  return logged(replyToMissingTenant(), paths, {
    event: 'missing_tenant',
    message,
    ...partiesOf(call, identity),
  })
}

/** What became of the signed line: its reference, or that there is none. The refusal stands either way. */
interface Signature {
  /** For the model and the person: short. */
  readonly audit: string
  /** For the log: also why. */
  readonly detail: string
}

async function signed(
  { paths, segmentBytes }: Desk,
  call: CallInput,
  identity: Identity,
  block: Block,
): Promise<Signature> {
  try {
    const { append, reference } = await import('../audit/append.ts')
    const patience = patienceOf(Math.max(LEAST_WAIT_MS, PATIENCE_MS - sinceStart()))
    const options = { patience, clock: Date.now, segmentBytes }
    const line = append(paths, blockLine(call, identity, block), options)
    if (line.remark) tryLog(paths.log, { event: 'error', message: line.remark })
    return { audit: reference(line), detail: reference(line) }
  } catch (error) {
    const uncounted = countUnsigned(paths)
    return { audit: 'not signed: see spikectl log', detail: `not signed: ${describe(error)}${uncounted}` }
  }
}

/** Returns what to add to the log when it cannot be counted. */
function countUnsigned({ stateDb }: Paths): string {
  try {
    countIn(stateDb, 'unsigned', patienceOf(LEAST_WAIT_MS))
    return ''
  } catch (error) {
    return `; and not counted: ${describe(error)}`
  }
}

/** The members of an audit line that say what was refused. Never the tool's input. */
function blockLine(call: CallInput, identity: Identity, block: Block) {
  return {
    event: 'block',
    type: 'rate_limited',
    rule: block.rule,
    count: block.count,
    limit: block.limit,
    window_ms: WINDOW_MS,
    ...(block.retryAfterMs === undefined ? {} : { retry_after_ms: block.retryAfterMs }),
    ...partiesOf(call, identity),
    ...(call.toolUseId ? { tool_use_id: call.toolUseId } : {}),
    ...(call.cwd ? { cwd: call.cwd } : {}),
  }
}

/** Who called what. */
function partiesOf(call: CallInput, identity: Identity) {
  return {
    session: identity.id,
    tenant: identity.tenant,
    ...(identity.user ? { user: identity.user } : {}),
    ...(call.agent.id === MAIN_AGENT ? {} : { agent: call.agent.id }),
    tool: call.tool,
  }
}

function warnEntry(call: CallInput, identity: Identity, { rule, count, limit }: Warn): LogEntry {
  const message = `${count} tool calls in 60 s, warning at ${limit}`
  return { event: 'warn', message, ...partiesOf(call, identity), rule, count, limit }
}

function blockEntry(call: CallInput, identity: Identity, { rule, count, limit }: Block): LogEntry {
  const message = `refused: ${count} tool calls in 60 s, limit ${limit}`
  return { event: 'block', message, ...partiesOf(call, identity), rule, count, limit }
}

function logged(reply: Reply, paths: Paths, entry: LogEntry): Reply {
  const problem = tryLog(paths.log, entry)
  return problem ? withNotice(reply, problem) : reply
}
