/** Does a call get slower, or the file out of hand, as more sessions are known? */

import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { call, HOOK_PROGRAM, inTemporaryHome, median, NODE_ALONE, printTable, run } from './measure.ts'

/** In a process of its own: a bench with a large heap starts others slowly, and would measure itself. */
const FILL = fileURLToPath(new URL('./fill.ts', import.meta.url))

const SESSIONS = [1, 100, 1_000, 10_000]
const ROUNDS = 60

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
}
