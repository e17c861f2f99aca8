/** Do the commands that are about one session, or sum up, get slower as more sessions are known? */

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { command, inTemporaryHome, median, NODE_ALONE, type Program, printTable, run } from './measure.ts'

/** In a process of its own: a bench with a large heap starts others slowly, and would measure itself. */
const FILL = fileURLToPath(new URL('./fill.ts', import.meta.url))

/** What people, and their shells and collectors, run: with as many sessions as a busy machine keeps for 30 days. */
const MOST_SESSIONS = 50_000
const COMMANDS: readonly Program[] = [
  command('status', 'session-1234'),
  command('metrics'),
  command('complete', '--', 'status', 'session-1234'),
  command('complete', '--', 'status', ''),
  command('explain', '--session', 'session-1234'),
]
const ROUNDS = 15

export async function looks(): Promise<void> {
  const few = await timesOf(2000)
  const many = await timesOf(MOST_SESSIONS)
  console.log(`Node ${process.versions.node}, ${ROUNDS} runs of each, times node -e 0\n`)
  printTable(
    ['command', '2000 sessions', `${MOST_SESSIONS} sessions`],
    COMMANDS.map(({ name }, index) => [name, few[index] ?? '', many[index] ?? '']),
  )
}

/** For each command, how many times as long as Node alone it takes. */
function timesOf(sessions: number): Promise<string[]> {
  return inTemporaryHome(undefined, async (home) => {
    execFileSync(process.execPath, [FILL, join(home, 'state.db'), String(sessions), '1', 'ended'])
    const times = [NODE_ALONE, ...COMMANDS].map((program): { program: Program; ms: number[] } => ({
      program,
      ms: [],
    }))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { program, ms } of times) ms.push((await run(program, home, '')).ms)
    }
    const [base = Number.NaN, ...taken] = times.map(({ ms }) => median(ms))
    return taken.map((ms) => (ms / base).toFixed(1))
  })
}
