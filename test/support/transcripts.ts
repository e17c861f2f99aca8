/** Transcripts as the client writes them, made for the tests. */

import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { runCli, temporaryHome, times } from './processes.ts'

const START = Date.parse('2026-11-01T09:00:00Z')

export interface Step {
  readonly command: string
  readonly result?: string
  /** Seconds after the start. */
  readonly at: number
  readonly id?: string
  /** What its message has used up. */
  readonly tokens?: number
}

let ids = 0

/** A line of a session, so many seconds after the start. The members come last but for the time, as a large line has them. */
export function line(session: string | undefined, at: number, row: object): string {
  const timestamp = new Date(START + at * 1000).toISOString()
  return JSON.stringify({ ...row, ...(session === undefined ? {} : { sessionId: session }), timestamp })
}

export function promptLine(session: string | undefined, at: number, content = 'do it'): string {
  return line(session, at, { type: 'user', message: { role: 'user', content } })
}

/** A line of an answer in text, with what its message has used up so far. */
export function textLine(
  session: string,
  at: number,
  message: string,
  usage: object,
  members: object = {},
): string {
  const content = [{ type: 'text', text: 'done' }]
  return line(session, at, {
    ...members,
    type: 'assistant',
    message: { id: message, role: 'assistant', content, usage },
  })
}

/** So many tokens, of all four kinds. */
export function usageOf(tokens: number): object {
  return {
    input_tokens: 1,
    cache_creation_input_tokens: 2,
    cache_read_input_tokens: tokens - 6,
    output_tokens: 3,
    service_tier: 'standard',
  }
}

/** For each step a call and its result, which comes a second later. */
export function callLines(
  session: string | undefined,
  steps: readonly Step[],
  members: object = {},
): string[] {
  return steps.flatMap(({ command, result, at, id, tokens }) => {
    ids += 1
    const name = id ?? `toolu_${ids}`
    const call = { type: 'tool_use', id: name, name: 'Bash', input: { command, description: `${ids}` } }
    const used = tokens === undefined ? {} : { usage: usageOf(tokens) }
    const message = { id: `msg_${name}`, role: 'assistant', content: [call], ...used }
    const made = line(session, at, { ...members, type: 'assistant', message })
    if (result === undefined) return [made]
    const content = [{ tool_use_id: name, type: 'tool_result', content: result }]
    return [made, line(session, at + 1, { ...members, type: 'user', message: { role: 'user', content } })]
  })
}

/** A main agent's transcript: a prompt, and what it did then. */
export function transcript(session: string | undefined, steps: readonly Step[]): string[] {
  return [promptLine(session, 0), ...callLines(session, steps)]
}

/** A subagent's. */
export function sidechain(session: string, agent: string, steps: readonly Step[]): string[] {
  return callLines(session, steps, { isSidechain: true, agentId: agent })
}

/** One call, again and again, every 10 seconds unless said otherwise. */
export function loop(count: number, every = 10): Step[] {
  return times(count, (i) => ({ command: 'make', result: 'error', at: 1 + i * every }))
}

/** Calls that all differ. */
export function work(count: number, every = 10): Step[] {
  return times(count, (i) => ({ command: `work ${i}`, result: `${i}`, at: 1 + i * every }))
}

export type Files = Readonly<Record<string, readonly string[]>>

/** A folder laid out like ~/.claude/projects; the files were changed in the order in which they are given. */
export function projects(t: TestContext, files: Files): string {
  const folder = join(temporaryHome(t), 'projects')
  for (const [index, [name, lines]] of Object.entries(files).entries()) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${lines.join('\n')}\n`)
    utimesSync(file, START / 1000, START / 1000 + index)
  }
  return folder
}

export async function replayed(t: TestContext, folder: string, ...options: string[]) {
  const { stdout } = await runCli(['replay', folder, '--json', ...options], { home: temporaryHome(t) })
  return JSON.parse(stdout)
}
