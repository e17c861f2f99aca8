/** Homes in which only budgets act, with transcripts as the client writes them. */

import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { tokensOf } from './ledgers.ts'
import { ALL_OFF } from './policies.ts'
import { event, runCli, runHook, temporaryHome } from './processes.ts'
import { sessionsIn, storeAt } from './stores.ts'

type Limits = { readonly warnTokens?: number; readonly haltTokens?: number }

/** What only counts: no session reaches it. */
const NEVER: Limits = { haltTokens: 1_000_000_000_000 }

export function spendingHome(
  t: TestContext,
  limits: Readonly<Partial<Record<'prompt' | 'session' | 'day', Limits>>> = { session: NEVER },
): string {
  return temporaryHome(t, { ...ALL_OFF, budget: { ...limits, prompt: { ...OFF, ...limits.prompt } } })
}

const OFF = { warnTokens: 0, haltTokens: 0 }

/** Where the client of this home keeps it. */
export function transcriptOf(home: string, session = 's1'): string {
  return join(home, '.claude/projects/app', `${session}.jsonl`)
}

/** That of an agent of the session; `folder` ends with a slash. */
export function agentTranscriptOf(home: string, agent: string, folder = '', session = 's1'): string {
  return join(
    transcriptOf(home, session).replace(/\.jsonl$/, ''),
    'subagents',
    `${folder}agent-${agent}.jsonl`,
  )
}

/** One line of a message, whose usage so far is in all four kinds of tokens. `tokens`: at least 3. */
export function answerLine(id: string, tokens: number, members: object = {}): string {
  return usageLine(
    id,
    {
      input_tokens: 1,
      cache_creation_input_tokens: 1,
      cache_read_input_tokens: 1,
      output_tokens: tokens - 3,
    },
    members,
  )
}

export function usageLine(id: string, usage: unknown, members: object = {}): string {
  const message = { id, role: 'assistant', model: 'm', content: [{ type: 'text', text: 'so' }], usage }
  return lineOf({ type: 'assistant', message, ...members })
}

export function promptLine(members: object = {}): string {
  return lineOf({ type: 'user', message: { role: 'user', content: 'do it' }, ...members })
}

function lineOf(members: object): string {
  return `${JSON.stringify({ sessionId: 's1', timestamp: new Date().toISOString(), ...members })}\n`
}

/** Adds to a file, as it is: a line ends where the text says so. */
export function add(file: string, ...lines: string[]): void {
  mkdirSync(dirname(file), { recursive: true })
  appendFileSync(file, lines.join(''))
}

/** The end of a round of one call, told with the session's transcript. */
export function batch(home: string, members: { session_id?: string; [name: string]: unknown } = {}): string {
  return told(home, 'PostToolBatch', {
    tool_calls: [{ tool_name: 'Bash', tool_input: {}, tool_response: 'done' }],
    ...members,
  })
}

export function told(
  home: string,
  name: string,
  members: { session_id?: string; [name: string]: unknown } = {},
): string {
  return event({
    hook_event_name: name,
    transcript_path: transcriptOf(home, members.session_id),
    ...members,
  })
}

/** What a session has used up, as state.db has it: since a person last wrote, in all, and today. */
export function usedIn(t: TestContext, home: string, session = 's1'): readonly number[] {
  return tokensOf(openedAt(t, home), session)
}

/** Bytes that are still to be read. */
export function unreadIn(t: TestContext, home: string, session = 's1'): number | undefined {
  return sessionsIn(openedAt(t, home)).find(({ identity }) => identity.id === session)?.unread
}

function openedAt(t: TestContext, home: string) {
  const store = storeAt(t, join(home, 'state.db'))
  store.clock.now = Date.now()
  return store
}

/** Only what hangs is ended by it. */
const HANGS = 60_000

/** What the person is told at the end of a round. */
export async function toldAt(home: string, members: object = {}, options: object = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await runHook({
    ...{ home, input: batch(home, { ...members }), killAfterMs: HANGS },
    ...options,
  })
  assert.deepEqual([exitCode, stderr], [0, ''])
  return stdout === '' ? '' : JSON.parse(stdout).systemMessage
}

/** The notices in the log. */
export async function noticesIn(home: string): Promise<string[]> {
  const { stdout } = await runCli(['log', '--json'], { home })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines
    .map((line) => JSON.parse(line))
    .flatMap(({ event, message }) => (event === 'notice' ? message : []))
}
