/**
 * Claude Code's hook input, translated. The only file that knows the names in it; pure.
 *
 * Input comes from clients of any version, so only what we rely on is demanded: an id that is empty or no
 * string counts as not given, an event that we do not know is of type "other".
 */

import * as v from 'valibot'
import { failure } from '../../failure.ts'
import { type Agent, MAIN_AGENT } from '../../guard/event.ts'

interface Common {
  /** As the client names it: "PreToolUse", … */
  readonly name: string
  readonly session: string | undefined
  readonly agent: Agent
  readonly cwd: string | undefined
}

export interface CallInput extends Common {
  readonly type: 'call'
  readonly tool: string
  readonly toolUseId: string | undefined
  readonly input: unknown
}

export interface ResultsInput extends Common {
  readonly type: 'results'
  readonly toolUseIds: readonly string[]
}

export interface SessionEndInput extends Common {
  readonly type: 'session_end'
}

/** An event that does not concern us. */
export interface OtherInput extends Common {
  readonly type: 'other'
}

/** The events that the guard hears of. */
export type GuardedInput = CallInput | ResultsInput | SessionEndInput

export type HookInput = GuardedInput | OtherInput

/** The longest id or tool name, in bytes of UTF-8. */
const MAX_ID_BYTES = 256

const EXAMPLE =
  '{"session_id":"s1","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{},"tool_use_id":"t1"}'

const Text = v.fallback(v.optional(v.string()), undefined)
const Id = v.pipe(
  Text,
  v.check((id) => !id?.includes('\0'), 'holds a NUL character'),
  v.check((id) => Buffer.byteLength(id ?? '') <= MAX_ID_BYTES, `is longer than ${MAX_ID_BYTES} bytes`),
  v.transform((id) => id || undefined),
)
const Payload = v.object(
  {
    hook_event_name: v.pipe(v.string('is missing'), v.nonEmpty('is empty')),
    session_id: Id,
    agent_id: Id,
    agent_type: Id,
    cwd: Text,
    tool_name: Id,
    tool_use_id: Id,
    tool_input: v.optional(v.unknown()),
    tool_calls: v.optional(v.array(v.object({ tool_use_id: Id }, 'is no object'), 'is no array'), []),
  },
  'is no JSON object',
)
type Payload = v.InferOutput<typeof Payload>

/** Translates one hook input, the whole text of stdin. Throws a Failure that says what is wrong with it. */
export function parseHookInput(text: string): HookInput {
  if (text.trim() === '') throw badInput('is empty')
  const parsed = v.safeParse(Payload, fromJson(text), { abortEarly: true })
  if (parsed.success) return translate(parsed.output)
  const [issue] = parsed.issues
  throw badInput([v.getDotPath(issue), issue.message].filter(Boolean).join(' '))
}

/**
 * The event's name in an input that may be otherwise malformed; undefined when none can be read.
 * `onError: "block"` holds for tool calls only, so a failure has to know what it failed at.
 */
export function eventNameIn(text: string): string | undefined {
  try {
    return v.parse(v.object({ hook_event_name: v.string() }), JSON.parse(text)).hook_event_name
  } catch {
    return undefined // not even a name: parseHookInput has said, or will say, what is wrong
  }
}

function translate(payload: Payload): HookInput {
  const name = payload.hook_event_name
  const agent = { id: payload.agent_id ?? MAIN_AGENT, type: payload.agent_type ?? '' }
  const common = { name, session: payload.session_id, agent, cwd: payload.cwd || undefined }
  switch (name) {
    case 'PreToolUse':
      return {
        ...common,
        type: 'call',
        tool: toolOf(payload),
        toolUseId: payload.tool_use_id,
        input: payload.tool_input,
      }
    case 'PostToolUse':
    case 'PostToolUseFailure':
      toolOf(payload)
      return { ...common, type: 'results', toolUseIds: idsOf([payload]) }
    case 'PostToolBatch':
      return { ...common, type: 'results', toolUseIds: idsOf(payload.tool_calls) }
    case 'SessionEnd':
      return { ...common, type: 'session_end' }
    default:
      return { ...common, type: 'other' }
  }
}

function toolOf(payload: Payload): string {
  if (payload.tool_name) return payload.tool_name
  throw badInput(`tool_name is missing (a ${payload.hook_event_name} event needs one)`)
}

function idsOf(calls: readonly { readonly tool_use_id?: string | undefined }[]): readonly string[] {
  return calls.flatMap((call) => call.tool_use_id ?? [])
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badInput('is not JSON') // the parser's own message quotes the input, which may hold secrets
  }
}

/** A Failure about the text on stdin: `what` completes "the hook input on stdin …". */
export function badInput(what: string): Error {
  return failure(`the hook input on stdin ${what}`, `Expected one JSON object, for example ${EXAMPLE}`)
}
