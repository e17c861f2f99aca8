/** What a client tells of: whose event it is, and what the model wrote and was given, as it stands. */

import type { Agent, Prompter } from '../guard/event.ts'

interface Common {
  /** As the client names it: "PreToolUse", … */
  readonly name: string
  readonly session: string | undefined
  readonly agent: Agent
  readonly cwd: string | undefined
}

/** An event at which it is known what the session has used up so far. */
export interface TokenInput extends Common {
  /** The session's main transcript; undefined where the client does not name it. */
  readonly transcript: string | undefined
  /** That of the event's agent. */
  readonly agentTranscript: string | undefined
}

/** A call, with what the model wrote and, once it has returned, with what it was given. */
export interface HostCall {
  readonly tool: string
  readonly toolUseId: string | undefined
  readonly input: unknown
  /** Absent when there is none yet. */
  readonly result?: unknown
}

export interface CallInput extends Common, HostCall {
  readonly type: 'call'
}

export interface ResultsInput extends TokenInput {
  readonly type: 'results'
  readonly calls: readonly HostCall[]
  /** All calls of one message of the model, those included of which PreToolUse was never told. */
  readonly endsRound: boolean
}

export interface PromptInput extends TokenInput {
  readonly type: 'prompt'
  readonly promptId: string | undefined
  readonly by: Prompter
  readonly text: string | undefined
}

/** The model has said its last word of a turn. */
export interface TurnEndInput extends TokenInput {
  readonly type: 'turn_end'
  /** A hook had kept this turn going after it had ended once; undefined where the client does not say. */
  readonly isContinued: boolean | undefined
  /** What the model said last. */
  readonly words: string | undefined
  /** Prompts that are scheduled; undefined where the client does not say. */
  readonly scheduled: readonly string[] | undefined
  /** It has ended because the client was refused at a limit of its provider. */
  readonly limitError?: true
}

/** An agent that another one, or a workflow, has started begins, or goes on. */
export interface AgentStartInput extends Common {
  readonly type: 'agent_start'
}

/** A client has begun or resumed a session. */
export interface SessionStartInput extends Common {
  readonly type: 'session_start'
}

export interface SessionEndInput extends Common {
  readonly type: 'session_end'
}

/** A settings file was changed while the session runs. */
export interface SettingsChangeInput extends Common {
  readonly type: 'settings_change'
}

/** An event that does not concern us. */
export interface OtherInput {
  readonly type: 'other'
}

/** The events that the guard hears of. */
export type GuardedInput =
  | CallInput
  | ResultsInput
  | PromptInput
  | TurnEndInput
  | AgentStartInput
  | SessionStartInput
  | SessionEndInput

/** The end of a round or of a turn, or a prompt: then it is looked at what was used up, for no call waits. */
export function isBoundary(input: GuardedInput): input is GuardedInput & TokenInput {
  return input.type === 'prompt' || input.type === 'turn_end' || (input.type === 'results' && input.endsRound)
}

export type HookInput = GuardedInput | SettingsChangeInput | OtherInput
