import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Identity, identify } from '../../src/guard/identity.ts'
import type { Block, Halt, Warn } from '../../src/guard/verdict.ts'
import { type Answer, NOTHING, type Statement } from '../../src/hosts/answer.ts'
import { isAgentShell } from '../../src/hosts/claude-code/agent-shell.ts'
import { mayBeCall, parseHookInput } from '../../src/hosts/claude-code/event.ts'
import { isRefusal } from '../../src/hosts/claude-code/refusal.ts'
import { worded } from '../../src/hosts/claude-code/wording.ts'
import { fingerprint } from '../../src/hosts/fingerprint.ts'
import { SILENCE } from '../../src/hosts/reply.ts'

const blocked: Block = { kind: 'block', rule: 'rate', count: 500, limit: 500, retryAfterMs: 36_200 }
const looping: Block = { kind: 'block', rule: 'repeat', count: 5, limit: 5, sinceMs: 41_000 }
const halted: Halt = { kind: 'halt', rule: 'repeat', count: 5, limit: 5, nth: 1, scope: 'session' }
const FILE = '/home/dev/app/.claude/settings.json'
const HINT = 'spikectl status 3f2a9c1e'
const identity = identify({ session: '3f2a9c1e-5b7d-4e8f-9a0b-1c2d3e4f5a6b' })

function saying(statement: Statement): Answer {
  return { ...NOTHING, statement }
}

function toCall(verdict: Warn | Block | Halt, by: Identity = identity, audit?: string) {
  return worded(saying({ about: 'call', verdict, identity: by, audit }))
}

function toChange(problem: string, audit?: string) {
  return worded(saying({ about: 'settings', problem, audit }))
}

describe('a reason', () => {
  test('starts with the machine word, states facts, and ends the matter', () => {
    assert.equal(
      toCall(blocked, identity, '8828fd03#42 5c0f…').stderr,
      'rate_limited: 500 tool calls in the last 60 s in this session (limit 500/min). A place is free in 37 s. ' +
        'Do not retry now: say in plain text what you were doing and stop.\n' +
        'For the person: spikectl status 3f2a9c1e, spikectl reset 3f2a9c1e\n[audit 8828fd03#42 5c0f…]\n',
    )
  })

  for (const [name, reply, shown] of [
    ['a rate limit', toCall(blocked), ['500 tool calls in the last 60 s', 'free in 37 s.']],
    ['a loop', toCall(looping), ['same result 5 times', HINT]],
    ['a halt', toCall(halted), ['has ended its turn', 'the same call 5 times', HINT]],
    [
      'a prompt to a halted session',
      worded(saying({ about: 'prompt', verdict: { ...halted, nth: 9 }, identity, isScheduled: false })),
      ['halted', HINT],
    ],
    [
      'a prompt with the words of a schedule',
      worded(saying({ about: 'prompt', verdict: halted, identity, isScheduled: true })),
      ['halted: ', 'the words of a scheduled prompt', 'write it in other words.'],
    ],
    ['a missing tenant', worded(saying({ about: 'tenant' })), ['no tenant is named', 'set SPIKECTL_TENANT']],
    ['a changed guard', toChange(`${FILE} sets disableAllHooks`), [FILE, 'spikectl doctor']],
  ] as const) {
    test(`of ${name} says in its first 150 characters what a person needs`, () => {
      for (const text of shown) assert.ok(reply.stderr.slice(0, 150).includes(text), reply.stderr)
    })
  }

  test('of a loop ends with the advice for the model and the audit reference', () => {
    assert.equal(
      toCall(looping, identity, '8828fd03#42 5c0f…').stderr,
      'loop_detected: this call has given the same result 5 times within 41 s (limit 5). ' +
        'For the person: spikectl status 3f2a9c1e, spikectl reset 3f2a9c1e\n' +
        'Its result is known and will not change by asking. Only this call is blocked, others are not: use what ' +
        'you know, or say in plain text what is in your way and stop.\n[audit 8828fd03#42 5c0f…]\n',
    )
  })

  test('says to wait where a place is free within 10 s', () => {
    const { stderr } = toCall({ ...blocked, retryAfterMs: 10_000 }, identity)
    assert.match(stderr, /A place is free in 10 s\. Wait that long before the next tool call\./)
  })

  test('names no second where no call can ever pass', () => {
    const { stderr } = toCall({ kind: 'block', rule: 'rate', count: 1, limit: 1 }, identity)
    assert.match(stderr, /This limit lets no call through\./)
  })

  for (const [claims, scope] of [
    [{ session: 's' }, 'in this session'],
    [{ user: 'u' }, 'by this user'],
    [{ tenant: 't' }, 'by this tenant'],
    [{}, 'by callers without a name'],
  ] as const) {
    test(`says ${scope}`, () => assert.ok(toCall(blocked, identify(claims)).stderr.includes(scope)))
  }

  test('of a guard change by a file of a long name keeps what to run and its audit reference', () => {
    const { stderr } = toChange(`/${'é'.repeat(400)}/settings.json sets disableAllHooks`, '8828fd03#42')
    assert.ok(Buffer.byteLength(stderr) <= 600)
    assert.match(
      stderr,
      /^guard_changed: \/é+ For the person: spikectl doctor, .+\n\[audit 8828fd03#42\]\n$/s,
    )
  })

  test('is never longer than 600 bytes, and keeps its audit reference', () => {
    const { stderr } = toCall(blocked, identity, `not signed: ${'é'.repeat(150)}`)
    const long = toCall(blocked, identify({ session: '\u{1f600}'.repeat(60) }), 'x'.repeat(300))
    for (const text of [stderr, long.stderr])
      assert.ok(Buffer.byteLength(text) <= 601, `${Buffer.byteLength(text)}`)
    assert.match(long.stderr, /\[audit x{300}\]\n$/)
  })

  test('names the tenant and guards a dash in the lines to paste', () => {
    const { stderr } = toCall(blocked, identify({ session: '-x', tenant: 'acme' }))
    assert.ok(stderr.includes('spikectl reset --tenant acme -- -x'))
  })

  test('quotes an id that a shell would not take as it stands', () => {
    const { stderr } = toCall(blocked, identify({ session: "a'; rm" }))
    assert.ok(stderr.includes(`spikectl reset 'a'\\''; rm'`))
  })
})

describe('a reply', () => {
  test('never approves a call: that would skip the person’s own permission prompt', () => {
    const warn = toCall({ kind: 'warn', rule: 'rate', count: 100, limit: 100, blockLimit: 500 })
    assert.equal(warn.stdout.includes('permissionDecision'), false)
    assert.deepEqual([warn.exitCode, warn.stderr], [0, ''])
  })

  test('about our own failure is one line', () => {
    const failing = (what: string, blocks: boolean) => worded({ ...NOTHING, failure: { what, blocks } })
    assert.equal(failing('one\n  two', false).stderr, 'spikectl: one two\n')
    assert.deepEqual([failing('x', false).exitCode, failing('x', true).exitCode], [1, 2])
  })

  const warning = saying({
    about: 'call',
    verdict: { kind: 'warn', rule: 'rate', count: 1, limit: 1, blockLimit: 0 },
    identity,
  })

  test('about our own failure still says what was decided, unless it blocks', () => {
    for (const [blocks, stdout] of [
      [false, worded(warning).stdout],
      [true, ''],
    ] as const)
      assert.equal(worded({ ...warning, failure: { what: 'x', blocks } }).stdout, stdout)
  })

  test('carries notices in the same JSON object, printable and short; a block stays as it is', () => {
    const warn = worded({ ...warning, notices: ['N', 'O'] })
    assert.match(
      JSON.parse(warn.stdout).systemMessage,
      /^spikectl: 1 tool call .+\nspikectl: N\nspikectl: O$/,
    )
    const block = saying({ about: 'call', verdict: blocked, identity })
    assert.deepEqual(worded({ ...block, notices: ['N'] }), worded(block))
    const odd = worded({ notices: [`\u001b[31m${'x'.repeat(1000)}`] })
    assert.equal(JSON.parse(odd.stdout).systemMessage.length, 'spikectl: '.length + 300)
    assert.equal(odd.stdout.includes('\\u001b'), false)
  })

  test('that ends a turn keeps its reason beside a notice', () => {
    const { stdout, exitCode } = worded({
      ...saying({ about: 'turn', verdict: halted, identity }),
      notices: ['N'],
    })
    assert.match(
      stdout,
      /^\{"continue":false,"stopReason":"spikectl ended .+","systemMessage":"spikectl: N"\}\n$/,
    )
    assert.equal(exitCode, 0)
  })

  test('to nothing is silence', () => assert.deepEqual(worded(NOTHING), SILENCE))
})

const REFUSALS = [
  '<tool_use_error>Error: No such tool available: Glob. Glob is not available in this session.</tool_use_error>',
  '<tool_use_error>InputValidationError: Read failed due to the following issue</tool_use_error>',
  'PreToolUse:Bash hook error: [spikectl-hook]: rate_limited: 500 tool calls in the last 60 s',
  'PreToolUse:mcp__db__query hook error: Blocked by hook',
  'PreToolUse:Bash hook error: [spikectl-hook]: timed out; blocking because onFailure is "block"',
  'Permission to use Bash with command rm -r x has been denied.',
  "Permission to use WebFetch has been denied because Claude Code is running in don't ask mode.",
  'Permission for this action was denied by the Claude Code auto mode classifier. Reason: x',
  "Claude requested permissions to write to /etc/x, but you haven't granted it yet.",
  "The user doesn't want to proceed with this tool use. The tool use was rejected",
  "The user doesn't want to take this action right now. STOP what you are doing",
  'This command requires approval',
  "Bash did not run. It needs the user's approval, and the user was not asked",
  '[Tool call skipped: the turn was stopped before this call ran, by the check whose denial is on another call]',
]

const RESULTS = [
  '',
  'done',
  'Exit code 3\nout\nerr',
  'grep found: PreToolUse:Bash hook error: x',
  'see <tool_use_error>',
  ...[null, 5, {}, [], [{ type: 'image' }], { stdout: '<tool_use_error>' }],
]

describe('a result', () => {
  for (const text of REFUSALS) {
    test(`is a refusal when it says: ${text.slice(0, 60)}`, () => {
      assert.equal(isRefusal(text), true)
      assert.equal(isRefusal([{ type: 'image' }, { type: 'text', text }]), true)
    })
  }

  for (const result of RESULTS) {
    test(`is none when it is ${JSON.stringify(result)}`, () => assert.equal(isRefusal(result), false))
  }
})

describe('a prompt', () => {
  const by = (members: object) => {
    const input = parseHookInput(JSON.stringify({ hook_event_name: 'UserPromptSubmit', ...members }))
    return input.type === 'prompt' ? input.by : input.type
  }

  for (const [members, expected] of [
    [{ prompt: 'go' }, 'person'],
    [{ prompt: 'go', source: 'sdk' }, 'person'],
    [{ prompt: 'go', agent_id: '' }, 'person'],
    [{ prompt: 'SUBTASK please', agent_id: 'a1', agent_type: 'general-purpose' }, 'machine'],
    [{ prompt: '<task-notification>done' }, 'notification'],
    [{ prompt: 'go', source: 'loop_wakeup', agent_id: 'a1' }, 'machine'],
    [{ prompt: 'go', source: 'loop_wakeup' }, 'schedule'],
  ] as const) {
    test(`with ${JSON.stringify(members)} is a ${expected}'s`, () => assert.equal(by(members), expected))
  }
})

describe('a hook input', () => {
  const parse = (members: object) => {
    const input = parseHookInput(
      JSON.stringify({ hook_event_name: 'PreToolUse', tool_name: 'T', ...members }),
    )
    assert.ok(input.type === 'call')
    return input
  }

  test('is told main agent and subagent by agent_id, not by agent_type', () => {
    assert.deepEqual(parse({ agent_type: 'reviewer' }).agent, { id: 'main', type: 'reviewer' })
    assert.deepEqual(parse({ agent_id: 'a1', agent_type: 'Explore' }).agent, { id: 'a1', type: 'Explore' })
  })

  for (const value of [5, null, '', {}, [], true]) {
    test(`with a session_id of ${JSON.stringify(value)} has none`, () => {
      assert.equal(parse({ session_id: value }).session, undefined)
    })
  }

  for (const [members, by] of [
    [{ prompt: 'go on' }, 'person'],
    [{ prompt: 'go on', source: 'user' }, 'person'],
    [{ prompt: 'go on', source: 'sdk' }, 'person'],
    [{ prompt: '<task-notification>\n…' }, 'notification'],
    [{ prompt: 'go on', source: 'system' }, 'machine'],
    [{ prompt: 'go on', source: 'poll_event' }, 'machine'],
    [{ prompt: 'go on', source: 'loop_wakeup' }, 'schedule'],
    [{ prompt: 'go on', source: 'schedule_wakeup' }, 'schedule'],
  ] as const) {
    test(`that is the prompt ${JSON.stringify(members)} is by a ${by}`, () => {
      const input = parseHookInput(JSON.stringify({ hook_event_name: 'UserPromptSubmit', ...members }))
      assert.deepEqual(input.type === 'prompt' && input.by, by)
    })
  }

  test('counts bytes, not characters, of an id', () => {
    assert.equal(parse({ session_id: 'é'.repeat(128) }).session?.length, 128)
    assert.throws(() => parse({ session_id: 'é'.repeat(129) }), /session_id over 256 bytes/)
  })

  test('that is malformed or cut off may be a call unless it names another event', () => {
    for (const text of [
      '{"hook_event_name":"PostToolUse","tool_name":5}',
      '{"hook_event_name": "Stop","x":{"to',
    ])
      assert.equal(mayBeCall(text), false)
    for (const text of ['', '[]', '{"hook_event_name":5}', 'x', '{"hook_event_name" : "PreToolUse","tool'])
      assert.equal(mayBeCall(text), true)
  })
})

describe("an agent's own shell", () => {
  for (const [env, expected] of [
    [{ AI_AGENT: 'claude-code_2-1-330_agent', CLAUDECODE: '1' }, true],
    [{ AI_AGENT: 'claude-code_2-1-330_harness', CLAUDECODE: '1' }, false],
    [{ CLAUDECODE: '1' }, true],
    [{}, false],
  ] as const) {
    test(`is ${expected ? '' : 'not '}one with ${JSON.stringify(env)}`, () =>
      assert.equal(isAgentShell(env), expected))
  }
})

/** As client 2.1.330 has written them, with other words. */
const OF_CLIENT = {
  session_id: 'bdf9d3e5-c862-4e9e-9976-cd8face73118',
  transcript_path: '/home/dev/.claude/projects/-home-dev-app/bdf9d3e5-c862-4e9e-9976-cd8face73118.jsonl',
  cwd: '/home/dev/app',
  prompt_id: 'bda22de7-3193-42b7-94e1-d9143a61df1e',
}
const STOP = {
  ...OF_CLIENT,
  permission_mode: 'bypassPermissions',
  effort: { level: 'medium' },
  hook_event_name: 'Stop',
  stop_hook_active: true,
  last_assistant_message: 'Done.',
  background_tasks: [
    { id: 'bcn6wfqus', type: 'shell', status: 'running', description: 'step', command: 'x' },
  ],
  session_crons: [
    { id: '11c9d21a', schedule: '* * * * *', recurring: true, prompt: 'look at it' },
    { id: 'fde2bcda', schedule: '45 15 * * *', recurring: false, prompt: '/loop check' },
    { id: 'broken' },
  ],
}
const SUBAGENT = { agent_id: 'a5cfe5427559c7d9f', agent_type: 'workflow-subagent' }

describe('the real client', () => {
  const parse = (payload: object) => parseHookInput(JSON.stringify(payload))

  test('tells at the end of a turn whether a hook kept it going, in which words it ended, and what is scheduled', () => {
    const { session_id: session, cwd } = OF_CLIENT
    const common = { name: 'Stop', session, cwd, agent: { id: 'main', type: '' } }
    const scheduled = ['look at it', '/loop check']
    assert.deepEqual(parse(STOP), {
      ...common,
      ...{ type: 'turn_end', isContinued: true, words: 'Done.', scheduled },
      ...{ transcript: OF_CLIENT.transcript_path, agentTranscript: undefined },
    })
  })

  test('tells of a turn that ended at the limit of the provider', () => {
    const { session_crons: _, stop_hook_active: __, ...failed } = STOP
    const input = parse({ ...failed, hook_event_name: 'StopFailure', error: 'rate_limit' })
    assert.ok(input.type === 'turn_end')
    assert.deepEqual([input.isContinued, input.scheduled], [undefined, undefined])
    assert.deepEqual(fingerprint(input, String), {
      ...{ type: 'turn_end', agent: input.agent, words: 'Done.', limitError: true },
    })
  })

  test('was refused at a limit by these names of an error alone', () => {
    for (const [hook_event_name, error, expected] of [
      ['StopFailure', 'rate_limit', true],
      ['StopFailure', 'billing_error', true],
      ['StopFailure', 'server_error', undefined],
      ['StopFailure', 'Rate_Limit', undefined],
      ['StopFailure', ['rate_limit'], undefined],
      ['StopFailure', undefined, undefined],
      ['Stop', 'rate_limit', undefined],
    ] as const) {
      const input = parse({ ...STOP, hook_event_name, error })
      assert.ok(input.type === 'turn_end')
      assert.equal(input.limitError, expected, `${hook_event_name} ${error}`)
    }
  })

  test('tells of the start of an agent, and of nothing where it names none', () => {
    const start = { ...OF_CLIENT, hook_event_name: 'SubagentStart' }
    const input = parse({ ...start, ...SUBAGENT })
    assert.ok(input.type === 'agent_start')
    assert.deepEqual(input.agent, { id: 'a5cfe5427559c7d9f', type: 'workflow-subagent' })
    assert.deepEqual(parse(start), { type: 'other' })
  })

  for (const [prompt, by] of [
    ['look at it', 'person'],
    ['/loop check', 'person'],
    ['<task-notification>\n<task-id>bcn6wfqus</task-id>', 'notification'],
    ['<agent-message from="mate">\nhello\n</agent-message>', 'machine'],
  ] as const) {
    test(`says of the prompt ${JSON.stringify(prompt)} no more than that it is a ${by}'s`, () => {
      const input = parse({ ...OF_CLIENT, hook_event_name: 'UserPromptSubmit', prompt })
      assert.deepEqual(input.type === 'prompt' && [input.by, input.text], [by, prompt])
    })
  }
})

describe('a question', () => {
  const verdict = { kind: 'ask', rule: 'unattended', of: 'turns', count: 50, limit: 50 } as const

  test('is asked in the words of its rule, and lets the client decide how', () => {
    const reply = worded(saying({ about: 'call', verdict, identity }))
    assert.deepEqual([reply.exitCode, reply.stderr], [0, ''])
    assert.deepEqual(JSON.parse(reply.stdout), {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'ask',
        permissionDecisionReason:
          'spikectl asks: 50 turns that no person began, since a person last wrote (unattended_limit: limit 50). Yes lets as many again; no ends the turn.',
      },
    })
  })

  test('that nobody could answer is the result of a call that did not run', () => {
    const { stdout } = worded(saying({ about: 'call', verdict, identity }))
    assert.ok(isRefusal(JSON.parse(stdout).hookSpecificOutput.permissionDecisionReason))
  })
})

describe('the end of a turn that no person began', () => {
  for (const [rule, of, wayOut] of [
    ['unattended', 'turns', 'spikectl config set unattended.halt false'],
    ['agents', undefined, 'x in /workflows'],
  ] as const) {
    test(`by the rule ${rule} says what else a person can do`, () => {
      const verdict = { ...halted, rule, ...(of ? { of } : {}) }
      const { stdout } = worded(saying({ about: 'turn', verdict, identity }))
      assert.ok(JSON.parse(stdout).stopReason.includes(wayOut), stdout)
    })
  }
})

describe('the end of a turn', () => {
  for (const [name, members, agent] of [
    ['Stop', {}, 'main'],
    ['SubagentStop', { agent_id: 'a1', agent_type: 'Explore' }, 'a1'],
  ] as const) {
    test(`is told of by ${name}`, () => {
      const input = parseHookInput(JSON.stringify({ session_id: 's', hook_event_name: name, ...members }))
      assert.ok(input.type === 'turn_end')
      assert.equal(input.agent.id, agent)
    })
  }
})
