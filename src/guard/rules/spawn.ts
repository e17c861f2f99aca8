/** The spawn rule: calls that start agents, in the last 60 s. Who starts too many would not be stopped alone. */

import { limit, names, warnAndBlock } from '../setting.ts'
import { judgeLimits, wordsOfLimits } from './limits.ts'
import type { Rule } from './rule.ts'

const settings = {
  ...warnAndBlock(
    limit(15, 'lower', 'Calls that start agents in 60 s at which the model and you are told once.'),
    limit(60, 'lower', 'Calls that start agents in 60 s of which the last is blocked.'),
  ),
  tools: names(['Agent', 'Task', 'Workflow'], 'more', 'The tools that start agents.'),
}

export const spawn: Rule<'spawn', typeof settings> = {
  name: 'spawn',
  settings,
  counts: 'the session',
  lifts: 'with time',
  halts: 'the session',
  words: wordsOfLimits(({ count }) => (count === 1 ? 'agent started' : 'agents started')),
  judge({ session }, event, policy, now) {
    if (event.type !== 'call' || !policy.spawn.tools.includes(event.tool)) return []
    return [judgeLimits(session, { rule: 'spawn', counter: 'spawn' }, policy.spawn, now)]
  },
  tools: ({ spawn: { tools } }) => tools.slice(0, 1),
}
