/** `node bench/fill.ts FILE SESSIONS CALLS`: fills a state.db through the store itself, as so many sessions would. */

import { decide } from '../src/guard/decide.ts'
import type { CallEvent } from '../src/guard/event.ts'
import { identify } from '../src/guard/identity.ts'
import { DEFAULT_POLICY } from '../src/guard/policy.ts'
import { StateDb } from '../src/store/state-db.ts'

const [file = '', sessions = '0', calls = '0'] = process.argv.slice(2)
const TOOLS = ['Bash', 'Read', 'Edit', 'mcp__github__search_code']

const store = new StateDb(file, () => 0, Date.now)
for (let session = 0; session < Number(sessions); session += 1) {
  for (let i = 0; i < Number(calls); i += 1) count(session, i)
}
store.close()

function count(session: number, i: number): void {
  const unique = (session * Number(calls) + i).toString(16).padStart(16, '0')
  const event: CallEvent = {
    type: 'call',
    agent: { id: i % 3 === 0 ? 'a03da67495ce62c0e' : 'main', type: 'Explore' },
    tool: TOOLS[i % TOOLS.length] ?? '',
    id: unique,
    signature: unique,
    isPoll: false,
  }
  store.update({
    identity: identify({ session: `session-${session}` }),
    event,
    project: '/home/dev/projects/some-application',
    decide: (state, now) => decide(state, event, DEFAULT_POLICY, now),
  })
}
