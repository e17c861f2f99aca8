/** The rate rule: all calls of a session in the last 60 s. It is the ceiling over all others. */

import { limit, warnAndBlock } from '../setting.ts'
import { judgeLimits, wordsOfLimits } from './limits.ts'
import type { Rule } from './rule.ts'

const settings = warnAndBlock(
  limit(100, 'lower', 'Calls in 60 s at which the model and you are told once.'),
  limit(500, 'lower', 'Calls in 60 s of which the last is blocked.'),
)

/** The counter of all calls. */
export const RATE = 'rate'

export const rate: Rule<'rate', typeof settings> = {
  name: 'rate',
  settings,
  counts: 'the session',
  lifts: 'with time',
  halts: 'the agent',
  words: wordsOfLimits(({ count }) => (count === 1 ? 'tool call' : 'tool calls')),
  judge({ session }, event, policy, now) {
    if (event.type !== 'call') return []
    return [judgeLimits(session, { rule: 'rate', counter: RATE }, policy.rate, now)]
  },
}
