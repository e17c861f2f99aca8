/** One prompt to the real client in print mode, and what came of it. */

import type { Ended } from '../../support/processes.ts'
import { runClient, tailOf } from './client.ts'
import { type Asked, type Scenario, serveMessagesApi } from './messages-api.ts'
import type { Workplace } from './workplace.ts'

export interface PromptOptions {
  readonly text?: string
  /** More arguments for the client, such as `--resume`. */
  readonly args?: readonly string[]
}

export interface Outcome {
  readonly exitCode: number | null
  /** How each turn ended: that of the prompt, and those that the client began by itself. */
  readonly results: readonly ResultEvent[]
  /** The last of them. */
  readonly result: ResultEvent
  /** All that the client said. */
  readonly events: readonly ClientEvent[]
  /** All that it asked the model. */
  readonly asked: readonly Asked[]
}

/** One line of the client's output: what we read of it. */
export interface ClientEvent {
  readonly type: string
  readonly subtype?: string
  /** Of subtype "hook_started" and "hook_response". */
  readonly hook_event?: string
  /** Of subtype "hook_response". */
  readonly exit_code?: number
  readonly stdout?: string
  readonly stderr?: string
}

export interface ResultEvent extends ClientEvent {
  readonly session_id: string
  readonly is_error: boolean
  readonly result: string
  /** Absent when no model was asked. */
  readonly terminal_reason?: string
}

const PRINT = ['--output-format', 'stream-json', '--verbose', '--include-hook-events']
const UNASKED = ['--permission-mode', 'bypassPermissions']

/** Lets the client work on a prompt, with a model that says what the scenario says. */
export async function prompt(
  { project, env }: Workplace,
  scenario: Scenario,
  { text = 'go', args = [] }: PromptOptions = {},
): Promise<Outcome> {
  const api = await serveMessagesApi(scenario)
  try {
    const ended = await runClient(['-p', text, ...PRINT, ...UNASKED, ...args], {
      cwd: project,
      env: { ...env, ANTHROPIC_BASE_URL: api.url },
    })
    if (api.problems.length > 0) throw new Error(`${api.problems[0]}${tailOf(ended)}`)
    return { exitCode: ended.exitCode, asked: api.asked, ...readEvents(ended) }
  } finally {
    await api.close()
  }
}

function readEvents(ended: Ended): Pick<Outcome, 'events' | 'results' | 'result'> {
  const events: ClientEvent[] = ended.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const results = events.filter((event): event is ResultEvent => event.type === 'result')
  const result = results.at(-1)
  if (!result) throw new Error(`the client ended without a result${tailOf(ended)}`)
  return { events, results, result }
}

/** What the hooks of this event answered, in the order in which they ended. */
export function answersTo(event: string, { events }: Outcome): readonly ClientEvent[] {
  return events.filter(({ subtype, hook_event }) => subtype === 'hook_response' && hook_event === event)
}
