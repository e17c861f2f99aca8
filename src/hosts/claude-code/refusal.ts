/**
 * Results that stand for a call that did not run: its input was invalid or its tool unknown, or a hook, a permission
 * rule or the person refused it. The client says so in the text that it gives the model, and nowhere else. A tool whose
 * own output begins so counts as refused. Source: the texts of client 2.1.330.
 */

import { isObject } from '../../guard/members.ts'

const REFUSALS = [
  /^<tool_use_error>/,
  /^(PreToolUse|PermissionRequest):\S+ hook error: /,
  /^Permission (to use|for this) /,
  /^Claude requested permissions? to /,
  /^The user doesn['’]t want to (proceed with this tool use|take this action right now)/,
  /^This command requires approval/,
  /^\S+ did not run\. It needs the user['’]s /,
  /^spikectl asks: /, // where nobody could answer, our question itself is the result
  /^\[Tool call (skipped|not completed): /,
]

/** True when the result, as the model is given it, says that the call was refused. */
export function isRefusal(result: unknown): boolean {
  const text = firstText(result)
  return text !== undefined && REFUSALS.some((refusal) => refusal.test(text))
}

/** A result is a text, or a list of blocks of which some are texts. */
function firstText(result: unknown): string | undefined {
  if (!Array.isArray(result)) return typeof result === 'string' ? result : undefined
  const block = result.find((one) => isObject(one) && typeof one.text === 'string')
  return isObject(block) && typeof block.text === 'string' ? block.text : undefined
}
