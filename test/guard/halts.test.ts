/** From blocked calls to a halt, row by row: seconds, agent, calls, results → verdicts. */

import { describe, test } from 'node:test'
import type { Settings } from '../../src/guard/policy.ts'
import { times } from '../support/processes.ts'
import { halted, LOOPED, looped, type Message, play, type Rows } from '../support/rounds.ts'

/** One call a minute runs, and every other is blocked until that minute is over. */
const ONE_A_MINUTE: Settings = { rate: { warnPerMin: 0, blockPerMin: 2 } }
const NEVER: Settings = { rate: { warnPerMin: 0, blockPerMin: 1 } }

const TABLES: readonly (readonly [string, Settings, Rows])[] = [
  [
    'the third blocked round in a row halts the main agent, and the session with it',
    {},
    [
      ...LOOPED,
      ...halted('main', 5, 'session'),
      [8, 'main', 'pwd', 'blocked', 'halt:session => halt:session'],
      [8, 'one', 'pwd', 'blocked', 'halt:session => halt:session'],
    ],
  ],
  [
    'a round in which nothing was blocked begins the count of rounds anew',
    {},
    [
      ...LOOPED,
      [5, 'main', 'ls', 'blocked', 'block:repeat => allow'],
      [6, 'main', 'ls', 'blocked', 'block:repeat => allow'],
      [7, 'main', 'pwd', '/', 'allow => allow'],
      [8, 'main', 'ls', 'blocked', 'block:repeat => allow'],
      [9, 'main', 'ls', 'blocked', 'block:repeat => allow'],
      [10, 'main', 'ls', 'blocked', 'block:repeat => halt:session'],
    ],
  ],
  [
    'afterDeniedRounds 1 halts at the first blocked round',
    { halt: { afterDeniedRounds: 1 } },
    [...LOOPED, [5, 'main', 'ls', 'blocked', 'block:repeat => halt:session']],
  ],
  [
    'a blocked loop beside a call with a new result does not count',
    {},
    [
      ...LOOPED,
      ...times(4, (i): Message => [5 + i, 'main', 'log ls', `${i} blocked`, 'allow block:repeat => allow']),
    ],
  ],
  [
    'a blocked loop beside a call with a result that it has had before counts',
    {},
    [
      [0, 'main', 'log', 'old', 'allow => allow'],
      ...looped('main', 1),
      [6, 'main', 'log ls', 'old blocked', 'allow block:repeat => allow'],
      [7, 'main', 'log ls', 'old blocked', 'allow block:repeat => allow'],
      [8, 'main', 'log ls', 'old blocked', 'warn:repeat block:repeat => halt:session'],
    ],
  ],
  [
    'a blocked loop beside a call whose result is not known counts',
    {},
    [
      ...LOOPED,
      [5, 'main', 'pwd ls', '- blocked', 'allow block:repeat => allow'],
      [6, 'main', 'pwd ls', '- blocked', 'allow block:repeat => allow'],
      [7, 'main', 'pwd ls', '- blocked', 'allow block:repeat => halt:session'],
    ],
  ],
  [
    'over the rate, rounds count that began before the second that was named',
    ONE_A_MINUTE,
    [
      [0, 'main', 'a', '1', 'allow => allow'],
      [1, 'main', 'b', 'blocked', 'block:rate => allow'],
      [30, 'main', 'c', 'blocked', 'block:rate => allow'],
      [59.599, 'main', 'd', 'blocked', 'block:rate => halt:session'],
    ],
  ],
  [
    'over the rate, a round that began on the second that was named does not count, and the count stays',
    ONE_A_MINUTE,
    [
      [0, 'main', 'a', '1', 'allow => allow'],
      [1, 'main', 'b', 'blocked', 'block:rate => allow'],
      [59.6, 'one', 'c', '1', 'allow => allow'],
      [59.6, 'main', 'd', 'blocked', 'block:rate => allow'],
      [119.6, 'one', 'e', '1', 'allow => allow'],
      [119.6, 'main', 'f', 'blocked', 'block:rate => allow'],
      [120, 'main', 'g', 'blocked', 'block:rate => allow'],
      [121, 'main', 'h', 'blocked', 'block:rate => halt:session'],
    ],
  ],
  [
    'over the rate, a round is as old as its first call: one that began before the named second counts',
    ONE_A_MINUTE,
    [
      [0, 'main', 'a', '1', 'allow => allow'],
      [1, 'main', 'b', 'blocked', 'block:rate => allow'],
      [2, 'main', 'c', '', 'block:rate'],
      [59.6, 'one', 'd', '1', 'allow => allow'],
      [60, 'main', 'e', 'blocked blocked', 'block:rate => allow'],
      [61, 'main', 'f', 'blocked', 'block:rate => halt:session'],
    ],
  ],
  [
    'after a round in which nothing was blocked, the second that was named before is forgotten',
    ONE_A_MINUTE,
    [
      [0, 'main', 'a', '1', 'allow => allow'],
      [1, 'one', 'b', 'blocked', 'block:rate => allow'],
      [60, 'one', 'c', '1', 'allow => allow'],
      [61, 'one', 'd', 'blocked', 'block:rate => allow'],
      [62, 'one', 'e', 'blocked', 'block:rate => allow'],
      [63, 'one', 'f', 'blocked', 'block:rate => halt:agent'],
    ],
  ],
  [
    'a blocked loop between does not make the second that was named forgotten',
    { tools: { Grep: { blockPerMin: 2 } } },
    [
      ...LOOPED,
      [5, 'main', 'Grep:a', '1', 'allow => allow'],
      [6, 'main', 'Grep:b', 'blocked', 'block:tools => allow'],
      [7, 'main', 'ls', 'blocked', 'block:repeat => allow'],
      [64.6, 'one', 'Grep:c', '1', 'allow => allow'],
      [64.6, 'main', 'Grep:d', 'blocked', 'block:tools => allow'],
      [65, 'main', 'Grep:e', 'blocked', 'block:tools => halt:session'],
    ],
  ],
  [
    'where waiting frees no place, every blocked round counts, however long was waited',
    NEVER,
    [
      [0, 'main', '+a', 'unasked', '=> allow'],
      [3600, 'main', 'b', 'blocked', 'block:rate => allow'],
      [7200, 'main', 'c', 'blocked', 'block:rate => allow'],
      [86_400, 'main', 'd', 'blocked', 'block:rate => halt:session'],
    ],
  ],
  [
    'a new result beside them does not excuse calls over the rate',
    { tools: { Grep: { blockPerMin: 1 } } },
    times(3, (i): Message => {
      const end = i < 2 ? 'allow' : 'halt:session'
      return [i, 'main', `a${i} Grep:b`, `${i} blocked`, `allow block:tools => ${end}`]
    }),
  ],
  [
    'a subagent that loops is halted alone, and its siblings go on',
    {},
    [
      ...looped('one'),
      ...halted('one', 5, 'agent'),
      [8, 'one', 'pwd', 'blocked', 'halt:agent => halt:agent'],
      [8, 'two', 'pwd', '/', 'allow => allow'],
      [8, 'main', 'pwd', '/', 'allow => allow'],
    ],
  ],
  [
    'the second subagent that loops halts the session',
    {},
    [
      ...looped('one'),
      ...halted('one', 5, 'agent'),
      ...looped('two', 10),
      ...halted('two', 15, 'session'),
      [18, 'main', 'pwd', 'blocked', 'halt:session => halt:session'],
    ],
  ],
  [
    'a prompt of a person begins the count of looping subagents anew',
    {},
    [
      ...looped('one'),
      ...halted('one', 5, 'agent'),
      [9, 'main', 'person', 'allow'],
      [9, 'one', 'pwd', '/', 'allow => allow'],
      ...looped('two', 10),
      ...halted('two', 15, 'agent'),
    ],
  ],
  [
    'a prompt of a schedule or a machine does not begin the count of looping subagents anew',
    {},
    [
      ...looped('one'),
      ...halted('one', 5, 'agent'),
      [8, 'main', 'schedule', 'allow'],
      [9, 'main', 'machine', 'allow'],
      ...looped('two', 10),
      ...halted('two', 15, 'session'),
    ],
  ],
  [
    'two subagents halted over the rate do not halt the session',
    NEVER,
    ['one', 'two'].flatMap(
      (agent): Rows => [
        [0, agent, 'a', 'blocked', 'block:rate => allow'],
        [1, agent, 'a', 'blocked', 'block:rate => allow'],
        [2, agent, 'a', 'blocked', 'block:rate => halt:agent'],
      ],
    ),
  ],
  [
    'a subagent that is halted for starting agents halts the session',
    { spawn: { warnPerMin: 0, blockPerMin: 1 } },
    [
      [0, 'one', 'Agent:a', 'blocked', 'block:spawn => allow'],
      [1, 'one', 'Task:b', 'blocked', 'block:spawn => allow'],
      [2, 'one', 'Agent:c', 'blocked', 'block:spawn => halt:session'],
      [3, 'main', 'pwd', 'blocked', 'halt:session => halt:session'],
    ],
  ],
  [
    'a prompt of a person lets the session and each agent that was halted alone go on',
    {},
    [
      ...looped('one'),
      ...halted('one', 5, 'agent'),
      ...looped('main', 10),
      ...halted('main', 15, 'session'),
      [20, 'main', 'person', 'allow'],
      [21, 'main', 'ls', 'same', 'allow => allow'],
      [21, 'one', 'ls', 'same', 'allow => allow'],
      [21, 'two', 'ls', 'same', 'allow => allow'],
    ],
  ],
  [
    'a prompt of a schedule or a machine is blocked while the session is halted, and lets nobody go on',
    {},
    [
      ...LOOPED,
      ...halted('main', 5, 'session'),
      [20, 'main', 'machine', 'halt:session'],
      [21, 'main', 'schedule', 'halt:session'],
      [22, 'main', 'pwd', 'blocked', 'halt:session => halt:session'],
    ],
  ],
  [
    'a prompt of a machine is not blocked while one subagent is halted alone',
    {},
    [...looped('one'), ...halted('one', 5, 'agent'), [9, 'one', 'machine', 'allow']],
  ],
  [
    'a halt outlives the end of the session, for it may be resumed; what was counted does not',
    ONE_A_MINUTE,
    [
      [0, 'one', 'a', '1', 'allow => allow'],
      [1, 'one', 'b', 'blocked', 'block:rate => allow'],
      [2, 'one', 'b', 'blocked', 'block:rate => allow'],
      [3, 'one', 'b', 'blocked', 'block:rate => halt:agent'],
      [4, 'main', 'end', 'allow'],
      [5, 'one', 'c', 'blocked', 'halt:agent => halt:agent'],
      [5, 'two', 'c', '1', 'allow => allow'],
    ],
  ],
  [
    'afterDeniedRounds 0 halts nobody, neither for blocked rounds nor for calls that nobody was asked about',
    { halt: { afterDeniedRounds: 0 } },
    [
      ...LOOPED,
      ...times(9, (i): Message => [5 + i, 'main', 'ls', 'blocked', 'block:repeat => allow']),
      ...times(9, (i): Message => [20 + i, 'main', '+Nope:x', 'error', '=> allow']),
    ],
  ],
  [
    'calls that nobody was asked about halt when the fifth brings the same result',
    {},
    [
      ...times(4, (i): Message => [i, 'main', '+Nope:x', 'error', '=> allow']),
      [4, 'main', '+Nope:x', 'error', '=> halt:session'],
    ],
  ],
  [
    'calls that nobody was asked about halt nobody where repeat.block is off',
    { repeat: { block: false } },
    times(9, (i): Message => [i, 'main', '+Nope:x', 'error', '=> allow']),
  ],
  [
    'a call that was asked about halts nobody at the end of its round, though it has looped five times',
    {},
    [...LOOPED, [6, 'main', 'pwd', '/', 'allow => allow'], [7, 'main', '+pwd', '/', '=> allow']],
  ],
]

describe('a halt', () => {
  for (const [name, settings, rows] of TABLES) test(name, () => void play(settings, rows))
})
