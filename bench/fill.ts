/**
 * `node bench/fill.ts FILE SESSIONS CALLS [ended]`: fills a state.db through the store itself, as so many sessions
 * would: all at once, or spread over the last four weeks, and each has ended.
 */

import { decide } from '../src/guard/decide.ts'
import type { CallEvent, GuardEvent } from '../src/guard/event.ts'
import { identify } from '../src/guard/identity.ts'
import { DEFAULT_POLICY } from '../src/guard/policy.ts'
import { remembered } from '../src/settings/load.ts'
import { SqliteStore } from '../src/store/sqlite-store.ts'

const [file = '', sessions = '0', calls = '0', ended] = process.argv.slice(2)
const WEEKS_MS = 4 * 7 * 24 * 3600 * 1000
const TOOLS = ['Bash', 'Read', 'Edit', 'mcp__github__search_code']

const began = Date.now()
let session = 0
const spread = () => began - WEEKS_MS + Math.floor((session * WEEKS_MS) / Number(sessions))
const store = new SqliteStore(file, () => 0, ended ? spread : Date.now)
for (; session < Number(sessions); session += 1) {
  for (let i = 0; i < Number(calls); i += 1) count(i)
  if (ended) see({ type: 'session_end', agent: { id: 'main', type: '' } })
}
store.close()

function count(i: number): void {
  const unique = (session * Number(calls) + i).toString(16).padStart(16, '0')
  const call: CallEvent = {
    type: 'call',
    agent: { id: i % 3 === 0 ? 'a03da67495ce62c0e' : 'main', type: 'Explore' },
    tool: TOOLS[i % TOOLS.length] ?? '',
    id: unique,
    signature: unique,
    isPoll: false,
  }
  see(call)
}

function see(event: GuardEvent): void {
  store.update({
    identity: identify({ session: `session-${session}` }),
    event,
    policy: remembered('/home/dev/.config/spikectl/config.json', DEFAULT_POLICY, DEFAULT_POLICY),
    project: '/home/dev/projects/some-application',
    decide: (state, now) => decide(state, event, DEFAULT_POLICY, now),
  })
}
