/** The status line as Claude Code draws it: a process of its own, its JSON on stdin. */

import { CLI, type Ended, type Options, run } from './processes.ts'

/** What Claude Code gives its status line. */
export function given(members: object = {}): string {
  return JSON.stringify({
    session_id: 's1',
    transcript_path: '/home/dev/.claude/projects/app/s1.jsonl',
    cwd: '/',
    model: { id: 'claude-opus-5', display_name: 'Opus' },
    workspace: { current_dir: '/', project_dir: '/' },
    version: '2.1.330',
    cost: { total_cost_usd: 0.12 },
    ...members,
  })
}

export function draw(options: Options, ...args: readonly string[]): Promise<Ended> {
  return run([CLI, 'statusline', ...args], { input: given(), ...options })
}

/** The line in plain text; of one that says what is wrong, the rest is on stderr. */
export async function line(options: Options): Promise<string> {
  return (await draw(options, '--no-color')).stdout
}
