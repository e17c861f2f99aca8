/**
 * Copilot's hook input in the words of Claude Code's, which then is translated as such. Hooks that are named as Claude
 * Code names them get its members, and some of Copilot's own; hooks that are named as Copilot does (`preToolUse`) get
 * members in camelCase, and are not told which event it is.
 */

import { isObject } from '../../guard/members.ts'
import { badInput, inputIn } from '../claude-code/event.ts'
import { type Payload, parsePayload, textOf } from '../claude-code/payload.ts'
import type { HookInput } from '../input.ts'

/** How input begins, of which the rest is cut off or no JSON. */
const BEGINNING = /^\s*\{\s*"(hook_event_name|sessionId)"[^{}]{0,600}?"timestamp"\s*:/

/** True for what only Copilot writes: a time, and neither a call's id nor the place of a transcript. */
export function isCopilots(text: string): boolean {
  const payload = payloadIn(text)
  if (!payload) return BEGINNING.test(text)
  const { timestamp, tool_use_id, transcript_path } = payload
  const hasTime = typeof timestamp === 'string' || typeof timestamp === 'number'
  return hasTime && tool_use_id === undefined && transcript_path === undefined
}

function payloadIn(text: string): Payload | undefined {
  try {
    return parsePayload(text, badInput)
  } catch {
    return undefined // what is wrong with it is said when it is translated
  }
}

/** Translates one hook input, the whole text of stdin. Throws a Failure that says what is wrong with it. */
export function parseCopilotInput(text: string): HookInput {
  const payload = parsePayload(text, badInput)
  const named = textOf(payload.hook_event_name) ? payload : fromCamelCase(payload)
  return named ? inputIn({ ...named, session_id: sessionIn(named), tool_response: resultIn(named) }) : OTHER
}

const OTHER: HookInput = { type: 'other' }

/** Undefined for events that do not concern us. */
function fromCamelCase(payload: Payload): Payload | undefined {
  const { sessionId, toolName, toolArgs, toolResult, prompt, hookName } = payload
  const said = { ...payload, session_id: sessionId, tool_name: toolName, tool_input: toolArgs }
  if (hookName !== undefined) return undefined
  if (toolResult !== undefined) return { ...said, tool_result: toolResult, hook_event_name: 'PostToolUse' }
  if (toolArgs !== undefined) return { ...said, hook_event_name: 'PreToolUse' }
  return prompt === undefined ? undefined : { ...said, hook_event_name: 'UserPromptSubmit' }
}

/** A subagent has a session id of its own there; it counts with the session that has started it. */
function sessionIn({ session_id, agent_id, parent_agent_id }: Payload): unknown {
  return textOf(agent_id) && textOf(parent_agent_id) ? parent_agent_id : session_id
}

/** What the model is given. */
function resultIn({ tool_result }: Payload): unknown {
  return isObject(tool_result) ? (tool_result.text_result_for_llm ?? tool_result.textResultForLlm) : undefined
}
