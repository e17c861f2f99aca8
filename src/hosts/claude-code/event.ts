/**
 * Claude Code's hook input, translated. The only file that knows the names in it; pure.
 *
 * Input comes from clients of any version, so only what we rely on is demanded: an id that is empty or no
 * string counts as not given, an event that we do not know is of type "other".
 */

import { MAIN_AGENT, type Prompter } from '../../guard/event.ts'
import { isObject, membersOf } from '../../guard/members.ts'
import { failure } from '../../system/failure.ts'
import type { HookInput, HostCall } from '../input.ts'
import { idOf, type Payload, parsePayload, textOf } from './payload.ts'

const KNOWN = new Set([
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'PostToolBatch',
  'UserPromptSubmit',
  'Stop',
  'StopFailure',
  'SubagentStop',
  'SubagentStart',
  'SessionStart',
  'SessionEnd',
  'ConfigChange',
])

const EXAMPLE =
  '{"session_id":"s1","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{},"tool_use_id":"t1"}'

/** Translates one hook input, the whole text of stdin. Throws a Failure that says what is wrong with it. */
export function parseHookInput(text: string): HookInput {
  return inputIn(parsePayload(text, badInput))
}

/** The same of a hook input that is an object already. */
export function inputIn(payload: Payload): HookInput {
  const name = textOf(payload.hook_event_name)
  if (!name) throw badInput('has no hook_event_name')
  return translate(name, payload)
}

/** True unless the input, which may be malformed or cut off, names another event than a call. */
export function mayBeCall(text: string): boolean {
  const [, name = 'PreToolUse'] = /"hook_event_name"\s*:\s*"(\w+)"/.exec(text) ?? []
  return name === 'PreToolUse'
}

function translate(name: string, payload: Payload): HookInput {
  if (!KNOWN.has(name)) return { type: 'other' }
  const agent = {
    id: idOf(payload, 'agent_id', badInput) ?? MAIN_AGENT,
    type: (textOf(payload.agent_type) ?? '').slice(0, 64),
  }
  const common = { name, session: idOf(payload, 'session_id', badInput), agent, cwd: textOf(payload.cwd) }
  const told = {
    ...common,
    transcript: textOf(payload.transcript_path),
    agentTranscript: textOf(payload.agent_transcript_path),
  }
  switch (name) {
    case 'PreToolUse':
      return { ...common, type: 'call', ...callIn(payload) }
    case 'PostToolUse':
      return { ...told, type: 'results', calls: [returned(payload, payload.tool_response)], endsRound: false }
    case 'PostToolUseFailure':
      return { ...told, type: 'results', calls: [returned(payload, payload.error)], endsRound: false }
    case 'PostToolBatch':
      return { ...told, type: 'results', calls: batchIn(payload.tool_calls), endsRound: true }
    case 'UserPromptSubmit':
      return {
        ...told,
        type: 'prompt',
        promptId: textOf(payload.prompt_id),
        by: prompterOf(payload),
        text: textOf(payload.prompt),
      }
    case 'Stop':
    case 'StopFailure':
    case 'SubagentStop':
      return {
        ...told,
        type: 'turn_end',
        isContinued: typeof payload.stop_hook_active === 'boolean' ? payload.stop_hook_active : undefined,
        words: textOf(payload.last_assistant_message),
        scheduled: scheduledIn(payload.session_crons),
        ...(name === 'StopFailure' && isLimitError(payload) ? { limitError: true } : {}),
      }
    case 'SubagentStart':
      return agent.id === MAIN_AGENT ? { type: 'other' } : { ...common, type: 'agent_start' }
    case 'ConfigChange':
      return { ...common, type: 'settings_change' }
    case 'SessionStart':
      // After a compaction the session goes on, and calls of its subagents may be running.
      return payload.source === 'compact' ? { type: 'other' } : { ...common, type: 'session_start' }
    default:
      return { ...common, type: 'session_end' }
  }
}

/** How prompts begin that the client submits when a task in the background has ended, or when an agent writes to the main one. */
const NOTIFICATION = '<task-notification>'
const OF_ANOTHER_AGENT = '<agent-message '

/** In the `source` of a prompt that was scheduled: "loop_wakeup", "schedule_wakeup". The client may leave it out. */
const SCHEDULED = /schedule|wake[_-]?up|cron/i

/**
 * The client submits prompts of its own: it says so in `source`, or, when a background task has ended, they begin
 * with a tag. Source: client 2.1.330 as observed. Codex and Copilot submit what an agent gives its subagent to do,
 * with the subagent's agent_id.
 */
function prompterOf({ source, prompt, agent_id }: Payload): Prompter {
  if (textOf(agent_id)) return 'machine'
  if (SCHEDULED.test(textOf(source) ?? '')) return 'schedule'
  if (textOf(prompt)?.startsWith(NOTIFICATION)) return 'notification'
  if (textOf(prompt)?.startsWith(OF_ANOTHER_AGENT)) return 'machine'
  const isSaid = source !== undefined && source !== null && source !== ''
  return isSaid && source !== 'user' && source !== 'sdk' ? 'machine' : 'person'
}

/** The user's limit is reached, or nobody pays; an overloaded server ("server_error") is none. Source: client 2.1.330. */
function isLimitError({ error }: Payload): boolean {
  return error === 'rate_limit' || error === 'billing_error'
}

/** The prompts of the client's list of schedules. */
function scheduledIn(crons: unknown): readonly string[] | undefined {
  return Array.isArray(crons) ? crons.flatMap((cron) => textOf(membersOf(cron).prompt) ?? []) : undefined
}

function callIn(payload: Payload): HostCall {
  return {
    tool: toolOf(payload),
    toolUseId: idOf(payload, 'tool_use_id', badInput),
    input: payload.tool_input,
  }
}

function returned(payload: Payload, result: unknown): HostCall {
  const call = callIn(payload)
  return result === undefined || result === null ? call : { ...call, result }
}

function batchIn(calls: unknown): readonly HostCall[] {
  if (!Array.isArray(calls)) throw badInput('has no array of tool_calls, which a PostToolBatch event needs')
  return calls
    .filter(isObject)
    .filter((call) => textOf(call.tool_name))
    .map((call) => returned(call, call.tool_response))
}

function toolOf(payload: Payload): string {
  const tool = idOf(payload, 'tool_name', badInput)
  if (tool) return tool
  throw badInput(`has no tool_name, which a ${textOf(payload.hook_event_name)} event needs`)
}

/** A Failure about the text on stdin: `what` completes "the hook input on stdin …". */
export function badInput(what: string): Error {
  return failure(`the hook input on stdin ${what}`, `Expected one JSON object, for example ${EXAMPLE}`)
}
