/** What the benches have in common: running programs, and medians. */

import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { table } from '../src/terminal/table.ts'

const HOOK = fileURLToPath(new URL('../bin/spikectl-hook.js', import.meta.url))

/** Another hook, to be measured beside ours. */
export interface Peer {
  readonly name: string
  /** Run by /bin/sh, with a hook event on stdin. */
  readonly command: string
}

export interface Program {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
}

export interface Run {
  readonly exitCode: number | null
  readonly stdout: string
  readonly ms: number
  /** When it ended, ms since the epoch. */
  readonly endedAt: number
}

/** Runs a program to its end, with `input` on stdin. */
export function run(program: Program, home: string, input: string): Promise<Run> {
  const env = { PATH: process.env.PATH ?? '', HOME: home, SPIKECTL_HOME: home }
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(program.file, program.args, { env, cwd: home, stdio: ['pipe', 'pipe', 'ignore'] })
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stdin.on('error', () => undefined) // a program that reads nothing is fine
    child.on('error', reject)
    child.on('close', (exitCode) =>
      resolve({ exitCode, stdout, ms: performance.now() - start, endedAt: Date.now() }),
    )
    child.stdin.end(input)
  })
}

/** Runs `use` with a folder that is gone afterwards; with settings, they are in its config.json. */
export async function inTemporaryHome<T>(
  settings: object | undefined,
  use: (home: string) => Promise<T>,
): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'spikectl-bench-'))
  try {
    if (settings) writeFileSync(join(home, 'config.json'), JSON.stringify(settings))
    return await use(home)
  } finally {
    rmSync(home, { recursive: true })
  }
}

let calls = 0

/** A PreToolUse event of a call that was not made before. */
export function call(session = 'bench'): string {
  calls += 1
  return `${JSON.stringify({ ...common(session), hook_event_name: 'PreToolUse', ...lastCall() })}\n`
}

/** The PostToolBatch event of the last call. */
export function roundEnd(session = 'bench', members: object = {}): string {
  const returned = { ...lastCall(), tool_response: ` M src/file-${calls}.ts\n`.repeat(20) }
  const event = { ...common(session), hook_event_name: 'PostToolBatch', tool_calls: [returned], ...members }
  return `${JSON.stringify(event)}\n`
}

/** The same, with another megabyte in the session's transcript: messages of the model, and what their calls returned. */
export function longRoundEnd(session: string, home: string): string {
  const folder = join(home, '.claude', 'projects', 'app')
  mkdirSync(folder, { recursive: true })
  const transcript = join(folder, `${session}.jsonl`)
  appendFileSync(transcript, Array.from({ length: 64 }, exchange).join(''))
  return roundEnd(session, { transcript_path: transcript })
}

let messages = 0

/** 16 kB of a transcript. */
function exchange(): string {
  messages += 1
  const timestamp = new Date().toISOString()
  const used = {
    input_tokens: 10,
    cache_creation_input_tokens: 900,
    cache_read_input_tokens: 90_000,
    output_tokens: 200,
  }
  const text = [{ type: 'text', text: 'I look at the next file. '.repeat(160) }]
  const message = { id: `msg_bench_${messages}`, role: 'assistant', content: text, usage: used }
  const results = [
    { type: 'tool_result', tool_use_id: `toolu_${messages}`, content: 'export const x = 1\n'.repeat(620) },
  ]
  const lines = [
    { type: 'assistant', timestamp, message },
    { type: 'user', timestamp, message: { role: 'user', content: results } },
  ]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** What the client gives its status line. */
export function statusLine(session = 'bench'): string {
  const folders = { current_dir: '/', project_dir: '/' }
  const model = { id: 'claude-opus-5', display_name: 'Opus' }
  return JSON.stringify({ ...common(session), model, workspace: folders, cost: { total_cost_usd: 1.25 } })
}

function lastCall() {
  const input = { command: `git status --short # ${calls}`, description: 'Show the changed files' }
  return { tool_name: 'Bash', tool_input: input, tool_use_id: `toolu_bench_${calls}` }
}

function common(session: string) {
  const transcript = '/home/dev/.claude/projects/app/bench.jsonl'
  return { session_id: session, transcript_path: transcript, cwd: '/', permission_mode: 'default' }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Prints rows under titles; all columns but the first are numbers. */
export function printTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const columns = titles.map((title, index) => (index === 0 ? { title } : { title, align: 'right' as const }))
  for (const line of table(columns, rows)) console.log(line)
}

export function shell(name: string, command: string): Program {
  return { name, file: '/bin/sh', args: ['-c', command] }
}

/** What every hook that runs on Node costs at least: the measure of all others. */
export const NODE_ALONE: Program = { name: 'node -e 0', file: process.execPath, args: ['-e', '0'] }

export const HOOK_PROGRAM: Program = { name: 'spikectl-hook', file: process.execPath, args: [HOOK] }

export const CLI = fileURLToPath(new URL('../bin/spikectl.js', import.meta.url))

export function command(...args: string[]): Program {
  return { name: `spikectl ${args.join(' ')}`, file: process.execPath, args: [CLI, ...args] }
}

export const STATUS_LINE_PROGRAM = command('statusline')
