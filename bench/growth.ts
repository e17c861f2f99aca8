/** Does a call, or a look at one session, get slower, or the file out of hand, as more sessions are known? */

import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  call,
  command,
  HOOK_PROGRAM,
  inTemporaryHome,
  median,
  NODE_ALONE,
  type Program,
  printTable,
  run,
} from './measure.ts'

/** In a process of its own: a bench with a large heap starts others slowly, and would measure itself. */
const FILL = fileURLToPath(new URL('./fill.ts', import.meta.url))

const SESSIONS = [1, 100, 1_000, 10_000]
const ROUNDS = 60

/** What people, and their shells and collectors, run: with as many sessions as a busy machine keeps for 30 days. */
const MOST_SESSIONS = 50_000
const LOOKS: readonly Program[] = [
  command('status', 'session-1234'),
  command('metrics'),
  command('complete', '--', 'status', 'session-1234'),
  command('complete', '--', 'status', ''),
  command('explain', '--session', 'session-1234'),
]
const LOOK_ROUNDS = 15

/** Each session has as many calls as half of the real ones have at most in a minute. */
const CALLS_EACH = 12

export async function growth(): Promise<void> {
  const rows = []
  for (const sessions of SESSIONS) {
    rows.push(
      await inTemporaryHome(undefined, async (home) => {
        execFileSync(process.execPath, [FILL, join(home, 'state.db'), String(sessions), String(CALLS_EACH)])
        const hook: number[] = []
        const base: number[] = []
        for (let round = 0; round < ROUNDS; round += 1) {
          base.push((await run(NODE_ALONE, home, '')).ms)
          hook.push((await run(HOOK_PROGRAM, home, call(`session-${round % sessions}`))).ms)
        }
        const bytes = statSync(join(home, 'state.db')).size
        return [
          String(sessions),
          median(hook).toFixed(1),
          (median(hook) / median(base)).toFixed(2),
          (bytes / 1024 / 1024).toFixed(2),
          (bytes / 1024 / sessions).toFixed(1),
        ]
      }),
    )
  }
  console.log(`Node ${process.versions.node}, ${ROUNDS} runs of each, ${CALLS_EACH} calls in each session\n`)
  printTable(['known sessions', 'p50 ms', 'times node -e 0', 'state.db MB', 'kB a session'], rows)
  await looks()
}

async function looks(): Promise<void> {
  const few = await timesOfLooks(2000)
  const many = await timesOfLooks(MOST_SESSIONS)
  console.log(`\nA look at it, times node -e 0, ${LOOK_ROUNDS} runs of each\n`)
  printTable(
    ['command', '2000 sessions', `${MOST_SESSIONS} sessions`],
    LOOKS.map(({ name }, index) => [name, few[index] ?? '', many[index] ?? '']),
  )
}

/** For each command, how many times as long as Node alone it takes. */
function timesOfLooks(sessions: number): Promise<string[]> {
  return inTemporaryHome(undefined, async (home) => {
    execFileSync(process.execPath, [FILL, join(home, 'state.db'), String(sessions), '1', 'ended'])
    const times = [NODE_ALONE, ...LOOKS].map((program): { program: Program; ms: number[] } => ({
      program,
      ms: [],
    }))
    for (let round = 0; round < LOOK_ROUNDS; round += 1) {
      for (const { program, ms } of times) ms.push((await run(program, home, '')).ms)
    }
    const [base = Number.NaN, ...taken] = times.map(({ ms }) => median(ms))
    return taken.map((ms) => (ms / base).toFixed(1))
  })
}
