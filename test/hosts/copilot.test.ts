/** GitHub Copilot CLI 1.0.102: what it was seen to write on stdin, shortened, and what it is answered. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { COPILOT } from '../../src/hosts/copilot/copilot.ts'
import { copilotReply } from '../../src/hosts/copilot/reply.ts'
import { hostOf } from '../../src/hosts/known.ts'

const SESSION = '50d64e8c-75df-4702-bb29-19c2731cfe71'
const SUBAGENT = '008b68d9-4469-4ce6-9870-3be332c78d64'
const AT = '2026-11-24T06:32:47.413Z'
const COMMON = { session_id: SESSION, timestamp: AT, cwd: '/home/user/project' }
const OF_SUBAGENT = {
  ...{ session_id: SUBAGENT, timestamp: AT, cwd: '/home/user/project' },
  ...{ agent_id: SUBAGENT, agent_type: 'general-purpose', parent_agent_id: SESSION },
}
const CAMEL = { sessionId: SESSION, timestamp: 1795503487389, cwd: '/home/user/project' }
const BASH = { tool_name: 'Bash', tool_input: { command: 'echo ok', description: 'd' } }

const MAIN = { id: 'main', type: '' }
const AGENT = { id: SUBAGENT, type: 'general-purpose' }
/** It names no transcripts. */
const UNTOLD = { transcript: undefined, agentTranscript: undefined }
const SEEN = { session: SESSION, agent: MAIN, cwd: '/home/user/project' }
const CALL = { tool: 'Bash', toolUseId: undefined, input: BASH.tool_input }

const EVENTS: readonly (readonly [string, object, object])[] = [
  [
    'a call',
    { hook_event_name: 'PreToolUse', ...COMMON, ...BASH },
    { ...SEEN, name: 'PreToolUse', type: 'call', ...CALL },
  ],
  [
    'a call of a subagent, which counts with the session that has started it',
    { hook_event_name: 'PreToolUse', ...OF_SUBAGENT, ...BASH },
    { ...SEEN, agent: AGENT, name: 'PreToolUse', type: 'call', ...CALL },
  ],
  [
    'a result',
    {
      hook_event_name: 'PostToolUse',
      ...COMMON,
      ...BASH,
      tool_result: { result_type: 'success', text_result_for_llm: 'ok\n' },
    },
    {
      ...SEEN,
      name: 'PostToolUse',
      type: 'results',
      ...UNTOLD,
      calls: [{ ...CALL, result: 'ok\n' }],
      endsRound: false,
    },
  ],
  [
    'a failed call',
    { hook_event_name: 'PostToolUseFailure', ...COMMON, ...BASH, error: '"command": Required' },
    {
      ...{ ...SEEN, name: 'PostToolUseFailure', type: 'results', ...UNTOLD },
      ...{ calls: [{ ...CALL, result: '"command": Required' }], endsRound: false },
    },
  ],
  [
    'a prompt',
    { hook_event_name: 'UserPromptSubmit', ...COMMON, prompt: 'go' },
    {
      ...SEEN,
      name: 'UserPromptSubmit',
      type: 'prompt',
      ...UNTOLD,
      by: 'person',
      text: 'go',
      promptId: undefined,
    },
  ],
  [
    'what an agent gives its subagent to do, which is no prompt of a person',
    { hook_event_name: 'UserPromptSubmit', ...OF_SUBAGENT, prompt: 'SUBTASK please' },
    {
      ...SEEN,
      agent: AGENT,
      name: 'UserPromptSubmit',
      type: 'prompt',
      ...UNTOLD,
      by: 'machine',
      text: 'SUBTASK please',
      promptId: undefined,
    },
  ],
  [
    'the end of a session',
    { hook_event_name: 'SessionEnd', ...COMMON, reason: 'complete' },
    { ...SEEN, name: 'SessionEnd', type: 'session_end' },
  ],
  [
    'a call in camelCase',
    { ...CAMEL, toolName: 'bash', toolArgs: BASH.tool_input },
    { ...SEEN, name: 'PreToolUse', type: 'call', ...CALL, tool: 'bash' },
  ],
  [
    'a result in camelCase',
    {
      ...{ ...CAMEL, toolName: 'bash', toolArgs: BASH.tool_input },
      toolResult: { resultType: 'success', textResultForLlm: 'hi\n' },
    },
    {
      ...{ ...SEEN, name: 'PostToolUse', type: 'results', ...UNTOLD },
      ...{ calls: [{ ...CALL, tool: 'bash', result: 'hi\n' }], endsRound: false },
    },
  ],
  [
    'a prompt in camelCase',
    { ...CAMEL, prompt: 'go' },
    {
      ...SEEN,
      name: 'UserPromptSubmit',
      type: 'prompt',
      ...UNTOLD,
      by: 'person',
      text: 'go',
      promptId: undefined,
    },
  ],
  [
    'a request for a permission',
    { hookName: 'permissionRequest', ...CAMEL, toolName: 'bash', toolInput: BASH.tool_input },
    { type: 'other' },
  ],
  [
    'the start of a subagent, which names no event',
    { ...CAMEL, transcriptPath: '/x/events.jsonl', agentName: 'general-purpose', agent_id: SUBAGENT },
    { type: 'other' },
  ],
]

describe('Copilot', () => {
  for (const [name, input, expected] of EVENTS) {
    test(`tells of ${name}`, async () => {
      const text = `${JSON.stringify(input)}\n`
      const host = await hostOf(text)
      assert.equal(host, COPILOT)
      assert.deepEqual(host.parse(text), expected)
    })
  }

  const calls = { hook_event_name: 'PreToolUse', ...BASH }
  for (const [what, text, isCopilots] of [
    ['a time and no call id', JSON.stringify({ ...calls, timestamp: AT }), true],
    [
      'a time after the input',
      JSON.stringify({ ...BASH, hook_event_name: 'PreToolUse', timestamp: 5 }),
      true,
    ],
    ['a time, and is cut off', '{"hook_event_name":"PreToolUse","timestamp":"2026","tool_input":{"c', true],
    ['no time', JSON.stringify(calls), false],
    ['a call id', JSON.stringify({ ...calls, timestamp: AT, tool_use_id: 't1' }), false],
    ['a transcript', JSON.stringify({ ...calls, timestamp: AT, transcript_path: '/x' }), false],
    ['a time in its input', JSON.stringify({ ...calls, tool_input: { timestamp: AT } }), false],
    ['a time, but cut off within its input', '{"tool_input":{"timestamp":"2026","c', false],
    ['no JSON', 'x "timestamp": 5', false],
  ] as const) {
    test(`is ${isCopilots ? '' : 'not '}recognised by input with ${what}`, async () => {
      assert.equal((await hostOf(text)) === COPILOT, isCopilots)
    })
  }
})

describe('an answer to Copilot', () => {
  const reason = 'rate_limited: 10 tool calls'
  const denied = `{"permissionDecision":"deny","permissionDecisionReason":"${reason}"}\n`
  for (const [name, answer, expected] of [
    [
      'to a call that is allowed is empty',
      { stdout: '', stderr: '', exitCode: 0 },
      { stdout: '', stderr: '', exitCode: 0 },
    ],
    [
      'that blocks gives the reason on stdout',
      { stdout: '', stderr: `${reason}\n`, exitCode: 2 },
      { stdout: denied, stderr: `${reason}\n`, exitCode: 2 },
    ],
    [
      'that halts says the same, since it cannot end the turn',
      { stdout: '{"continue":false,"stopReason":"x"}\n', stderr: `${reason}\n`, exitCode: 2 },
      { stdout: denied, stderr: `${reason}\n`, exitCode: 2 },
    ],
    [
      'about our own failure lets the call run',
      { stdout: '', stderr: 'spikectl: x\n', exitCode: 1 },
      { stdout: '', stderr: 'spikectl: x\n', exitCode: 0 },
    ],
    [
      'that warns gives the model the context',
      {
        stdout:
          '{"systemMessage":"s","hookSpecificOutput":{"hookEventName":"PreToolUse","additionalContext":"c"}}\n',
        stderr: '',
        exitCode: 0,
      },
      { stdout: '{"additionalContext":"c"}\n', stderr: '', exitCode: 0 },
    ],
    [
      'that ends a round says nothing',
      { stdout: '{"continue":false,"stopReason":"x"}\n', stderr: '', exitCode: 0 },
      { stdout: '', stderr: '', exitCode: 0 },
    ],
  ] as const) {
    test(name, () => assert.deepEqual(copilotReply(answer), expected))
  }
})
