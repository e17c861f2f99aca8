/** What a replay tells the budget rule, as rows of (time, what happens), and what it says then. Times are seconds. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GuardEvent } from '../../src/guard/event.ts'
import { replaySession } from '../../src/replay/replay.ts'
import { inOrder, type Story } from '../../src/replay/story.ts'
import { only } from '../support/policies.ts'

/** An hour before a local midnight. */
const EVENING = new Date(2026, 10, 1, 23).getTime()

type Row = readonly [seconds: number, what: 'prompt' | 'schedule' | 'call' | number, agent?: string]

/** A session in which this happens; a number is of tokens. */
function storyOf(rows: readonly Row[]): Story {
  const story: Story = { calls: new Map(), prompts: [], messages: new Map(), used: [], order: 0 }
  for (const [seconds, what, id = 'main'] of rows) {
    const at = EVENING + seconds * 1000
    const agent = { id, type: '' }
    story.order += 1
    if (typeof what === 'number') story.used.push({ at, order: story.order, agent: id, tokens: what })
    else if (what === 'call') addCall(story, at, id)
    else {
      const event: GuardEvent = { type: 'prompt', agent, by: what === 'prompt' ? 'person' : 'schedule' }
      story.prompts.push({ at, event, calls: 0 })
    }
  }
  return story
}

/** A call that brings something new, a second later. */
function addCall({ calls, order }: Story, at: number, agent: string): void {
  const returned = { tool: 'Bash', id: `${order}`, signature: `${order}`, isPoll: false, result: `${order}` }
  const about = { at, order, agent, message: `${order}`, isNew: true, isUnasked: false, isError: false }
  calls.set(`${order}`, { ...about, returned, returnedAt: at + 1000 })
}

const LIMITS = { prompt: { warnTokens: 50, haltTokens: 100 } }
const OF_SESSION = { prompt: { warnTokens: 0, haltTokens: 0 }, session: { haltTokens: 100 } }
const OF_DAY = { prompt: { warnTokens: 0, haltTokens: 0 }, day: { haltTokens: 100 } }

const CASES: readonly (readonly [string, object, readonly Row[], string])[] = [
  [
    'tokens of messages with calls warn at the next call and halt at the end of a round',
    LIMITS,
    [
      [0, 'prompt'],
      [1, 60],
      [2, 'call'],
      [4, 10],
      [5, 'call'],
      [7, 30],
      [8, 'call'],
      [10, 500],
      [11, 'call'],
    ],
    'warn at call 2 after 5 s, saved 0; halt at call 3 after 9 s, saved 500',
  ],
  [
    "an agent's tokens count with its session",
    LIMITS,
    [
      [0, 'prompt'],
      [1, 60, 'a1'],
      [2, 40, 'a2'],
      [3, 'call'],
    ],
    'halt at call 1 after 4 s, saved 0',
  ],
  [
    'a prompt of a person begins anew',
    LIMITS,
    [
      [0, 'prompt'],
      [1, 49],
      [2, 'call'],
      [9, 'prompt'],
      [10, 49],
      [11, 'call'],
      [13, 'call'],
    ],
    '',
  ],
  [
    'a scheduled prompt does not, and is refused at the limit',
    LIMITS,
    [
      [0, 'prompt'],
      [1, 99],
      [9, 'schedule'],
      [10, 1],
      [19, 'schedule'],
      [20, 70],
      [21, 'call'],
    ],
    'halt at call 0 after 19 s, saved 70',
  ],
  [
    'a session that ends in text is counted to its end',
    LIMITS,
    [
      [0, 'prompt'],
      [1, 10],
      [2, 'call'],
      [4, 90],
    ],
    'halt at call 1 after 4 s, saved 0',
  ],
  [
    'text before the next prompt of a person is of the prompt before',
    LIMITS,
    [
      [0, 'prompt'],
      [1, 30],
      [2, 70],
      [50, 'prompt'],
      [51, 99],
    ],
    'halt at call 0 after 2 s, saved 0',
  ],
  [
    'what an agent says last is told when it ends',
    LIMITS,
    [
      [0, 'prompt'],
      [1, 'call', 'a1'],
      [3, 100, 'a1'],
      [50, 'prompt'],
    ],
    'halt at call 1 after 3 s, saved 0',
  ],
  [
    'after a prompt of a person the halted session goes on, and saves nothing more',
    LIMITS,
    [
      [0, 'prompt'],
      [1, 100],
      [2, 'call'],
      [4, 7],
      [5, 'call'],
      [9, 'prompt'],
      [10, 30],
      [11, 'call'],
    ],
    'halt at call 1 after 3 s, saved 7',
  ],
  [
    'a session counts all of its prompts',
    OF_SESSION,
    [
      [0, 'prompt'],
      [1, 60],
      [9, 'prompt'],
      [10, 40],
      [11, 'call'],
    ],
    'halt at call 1 after 12 s, saved 0',
  ],
  [
    'a day ends at local midnight',
    OF_DAY,
    [
      [0, 'prompt'],
      [1, 99],
      [3599, 'call'],
      [3601, 99],
      [3602, 'call'],
      [3604, 1],
      [3605, 'call'],
    ],
    'halt at call 3 after 3606 s, saved 0',
  ],
]

describe('replay', () => {
  for (const [name, budget, rows, expected] of CASES) {
    test(`${name}: ${expected || 'nothing said'}`, () => {
      const policy = only(['budget'], { budget })
      const { verdicts } = replaySession('s', inOrder(storyOf(rows)), policy)
      const said = verdicts.map(({ verdict, call, at, savedTokens }) => {
        const seconds = (Date.parse(at) - EVENING) / 1000
        return `${verdict} at call ${call} after ${seconds} s, saved ${savedTokens}`
      })
      assert.equal(said.join('; '), expected)
    })
  }

  test('knows what each prompt of a person has used up, but for one that another rule would have ended', () => {
    const rows: Row[] = [
      [0, 'prompt'],
      [1, 10],
      [9, 'prompt'],
      [19, 'prompt'],
      [20, 30],
    ]
    const calls: Row[] = Array.from({ length: 9 }, (_, i) => [30 + i, 'call', `a${i}`])
    const policy = only(['agents'], { agents: { warnAt: 4, blockAt: 9 } })
    const steps = inOrder(storyOf([...rows, [29, 'prompt'], [29, 40], ...calls, [40, 50]]))
    const { tokens, promptTokens } = replaySession('s', steps, policy)
    assert.deepEqual({ tokens, promptTokens }, { tokens: 130, promptTokens: [10, 30] })
  })
})
