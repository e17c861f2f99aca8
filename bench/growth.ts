/** Does a call get slower, or the file out of hand, as more sessions are known? */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { decide } from '../src/guard/decide.ts'
import type { CallEvent } from '../src/guard/event.ts'
import { identify } from '../src/guard/identity.ts'
import { DEFAULT_POLICY } from '../src/guard/policy.ts'
import { StateDb } from '../src/store/state-db.ts'
import { call, HOOK_PROGRAM, inTemporaryHome, median, type Program, printTable, run } from './measure.ts'
import type { Peer } from './run.ts'

const SESSIONS = [1, 100, 1_000, 10_000]
const ROUNDS = 60

/** Each session has as many calls as half of the real ones have at most in a minute. */
const CALLS_EACH = 12

export async function growth(_peers: readonly Peer[]): Promise<void> {
  const nothing: Program = { name: 'node -e 0', file: process.execPath, args: ['-e', '0'] }
  const rows = []
  for (const sessions of SESSIONS) {
    rows.push(
      await inTemporaryHome({}, async (home) => {
        fill(join(home, 'state.db'), sessions)
        const hook: number[] = []
        const base: number[] = []
        for (let round = 0; round < ROUNDS; round += 1) {
          base.push((await run(nothing, home, '')).ms)
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

/** Fills the file through the store itself, as so many sessions would. */
function fill(file: string, sessions: number): void {
  const store = new StateDb(file, 0, Date.now)
  for (let session = 0; session < sessions; session += 1) {
    for (let i = 0; i < CALLS_EACH; i += 1) {
      const unique = (session * CALLS_EACH + i).toString(16).padStart(16, '0')
      const event: CallEvent = {
        type: 'call',
        agent: { id: i % 3 === 0 ? 'a03da67495ce62c0e' : 'main', type: 'Explore' },
        tool: ['Bash', 'Read', 'Edit', 'mcp__github__search_code'][i % 4] ?? 'Bash',
        id: unique,
        signature: unique,
      }
      store.update({
        identity: identify({ session: `session-${session}` }),
        event,
        project: '/home/dev/projects/some-application',
        decide: (state, now) => decide(state, event, DEFAULT_POLICY, now),
      })
    }
  }
  store.close()
}
