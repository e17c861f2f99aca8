/** The tools rule: limits of their own for tools, by exact name or by a beginning and `*`. */

import { limit, warnAndBlock } from '../setting.ts'
import { judgeLimits, wordsOfLimits } from './limits.ts'
import type { Rule } from './rule.ts'

const settings = {
  about: 'Limits of their own for tools, by exact name or by a beginning and *.',
  each: warnAndBlock(
    limit(0, 'lower', 'Calls of this tool in 60 s at which the model and you are told once.'),
    limit(0, 'lower', 'Calls of this tool in 60 s of which the last is blocked.'),
  ),
  /** Not the patterns of permission rules, such as `Bash(npm *)`: they would never match. */
  name: /^[^*\s()]*\*?$/,
  expected: 'the name of a tool, or the beginning of one and *',
}

export const tools: Rule<'tools', typeof settings> = {
  name: 'tools',
  settings,
  counts: 'the session',
  lifts: 'with time',
  halts: 'the agent',
  words: wordsOfLimits(({ count, of = '' }) => `${count === 1 ? 'call' : 'calls'} of ${of}`),
  judge({ session }, event, policy, now) {
    if (event.type !== 'call') return []
    return Object.entries(policy.tools)
      .filter(([name]) => isNamed(name, event.tool))
      .map(([of, limits]) => judgeLimits(session, { rule: 'tools', of, counter: `tools.${of}` }, limits, now))
  },
  tools: (policy) => Object.keys(policy.tools),
}

/** An exact name, or one that ends in `*` for all tools that begin with it. */
function isNamed(name: string, tool: string): boolean {
  return name.endsWith('*') ? tool.startsWith(name.slice(0, -1)) : name === tool
}
