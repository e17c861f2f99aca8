/** What sessions have used up, as the ledger counts it: transcripts as values, in a real state.db. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  append,
  type Disk,
  look,
  PERSON,
  ROUND,
  replace,
  tokensOf,
  used,
  written,
} from '../support/ledgers.ts'
import { agentOf, reset, storeAt, sweepAt, valueIn } from '../support/stores.ts'

const MAIN = 's1.jsonl'
const AGENT = 's1/subagents/agent-a.jsonl'

type Step = (disk: Disk) => void
/** What is written, the event at which it is looked for, and what is used up then: since the last prompt, and in all. */
type Row = readonly [step: Step, event: typeof ROUND, expected: readonly [prompt: number, session: number]]

const lines =
  (path: string, ...what: Parameters<typeof append>[2][]): Step =>
  (disk) =>
    append(disk, path, ...what)
const anew =
  (path: string, ...what: Parameters<typeof append>[2][]): Step =>
  (disk) =>
    replace(disk, path, ...what)
const nothing: Step = () => undefined

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  'counts each message once, and with its last usage': [
    [lines(MAIN, used(1, 10)), ROUND, [10, 10]],
    [nothing, ROUND, [10, 10]],
    [lines(MAIN, used(1, 15), used(2, 5)), ROUND, [20, 20]],
    [lines(MAIN, used(2, 4)), ROUND, [19, 19]],
  ],
  'begins a new stretch at a person’s prompt, with what is there as of before': [
    [lines(MAIN, used(1, 10)), ROUND, [10, 10]],
    [lines(MAIN, used(2, 20)), PERSON, [0, 30]],
    [lines(MAIN, written(), used(3, 5)), ROUND, [5, 35]],
    [nothing, PERSON, [0, 35]],
  ],
  'counts what a message from before a prompt grows by afterwards for the new stretch': [
    [lines(MAIN, used(1, 10)), PERSON, [0, 10]],
    [lines(MAIN, used(1, 12)), ROUND, [2, 12]],
  ],
  'of a session met for the first time takes what stands after a person’s last prompt as this prompt’s': [
    [lines(MAIN, written(1), used(1, 100), written(5), used(2, 10), used(3, 1)), ROUND, [11, 111]],
    [lines(MAIN, used(4, 5)), ROUND, [16, 116]],
  ],
  'of a session met at a person’s prompt takes all as of before': [
    [lines(MAIN, written(1), used(1, 100), written(5), used(2, 10)), PERSON, [0, 110]],
    [lines(MAIN, used(3, 5)), ROUND, [5, 115]],
  ],
  'takes for this prompt’s all of a file that comes after it': [
    [nothing, PERSON, [0, 0]],
    [lines(MAIN, used(1, 100, 1), written(5), used(2, 10, 6)), ROUND, [110, 110]],
  ],
  'of a session without any prompt takes all as this prompt’s': [
    [lines(MAIN, used(1, 100), used(2, 10)), ROUND, [110, 110]],
  ],
  'tells by their time which lines of agents are older than that prompt': [
    [
      (disk) => {
        append(disk, MAIN, written(1), used(1, 100), written(50), used(2, 10))
        append(disk, AGENT, used(3, 1000, 20), used(4, 3, 50), used(5, 4, 60))
      },
      ROUND,
      [17, 1117],
    ],
    [lines(AGENT, used(6, 2, 0)), ROUND, [19, 1119]],
  ],
  'counts a prompt that is met later, in a file or in an agent’s, for nothing': [
    [lines(MAIN, written(1), used(1, 10)), ROUND, [10, 10]],
    [lines(MAIN, written(2), used(2, 5)), ROUND, [15, 15]],
    [lines(AGENT, written(3), used(3, 7)), ROUND, [22, 22]],
  ],
  'counts what several files repeat once': [
    [lines(MAIN, used(1, 10), used(2, 20)), ROUND, [30, 30]],
    [lines(AGENT, used(1, 10), used(2, 20), used(3, 5)), ROUND, [35, 35]],
    [lines(`${AGENT}-copy`, used(3, 5), used(1, 10)), ROUND, [35, 35]],
  ],
  'counts nothing twice of a file that shrinks, and all that is new': [
    [lines(MAIN, written(1), used(1, 10), used(2, 20), used(3, 30)), ROUND, [60, 60]],
    [anew(MAIN, written(1), used(1, 10)), ROUND, [60, 60]],
    [lines(MAIN, used(4, 5)), ROUND, [65, 65]],
  ],
  'counts a file that is written anew after a prompt for that prompt': [
    [lines(MAIN, written(1), used(1, 10), used(2, 20), used(3, 30)), PERSON, [0, 60]],
    [anew(MAIN, used(3, 30), used(4, 5)), ROUND, [5, 65]],
    [lines(MAIN, used(5, 1)), ROUND, [6, 66]],
  ],
  'counts a file that is written anew before a prompt as of before': [
    [lines(MAIN, used(1, 10)), ROUND, [10, 10]],
    [anew(MAIN, used(1, 10), used(2, 5)), PERSON, [0, 15]],
    [lines(MAIN, used(3, 1)), ROUND, [1, 16]],
  ],
}

describe('the ledger', () => {
  for (const [name, rows] of Object.entries(TABLE)) {
    test(name, (t) => {
      const store = storeAt(t)
      const disk: Disk = new Map([[MAIN, { lines: [], version: 0 }]])
      for (const [index, [step, event, expected]] of rows.entries()) {
        step(disk)
        look(store, disk, event)
        assert.deepEqual(tokensOf(store).slice(0, 2), expected, `row ${index + 1}`)
      }
    })
  }

  test('is told to the rules as it stands after the event', (t) => {
    const store = storeAt(t)
    const disk: Disk = new Map()
    append(disk, MAIN, used(1, 10))
    assert.deepEqual(tokensOf(store), [0, 0, 0])
    look(store, disk)
    look(store, disk, { type: 'turn_end', agent: agentOf('main') })
    assert.deepEqual(tokensOf(store), [10, 10, 10])
  })

  test('begins a new stretch when a session is reset', (t) => {
    const store = storeAt(t)
    const disk: Disk = new Map()
    append(disk, MAIN, used(1, 10))
    look(store, disk)
    reset(store, 's1')
    assert.deepEqual(tokensOf(store), [0, 10, 10])
    append(disk, MAIN, used(2, 3))
    look(store, disk)
    assert.deepEqual(tokensOf(store), [3, 13, 13])
  })

  test('is swept with its session, and the days with it', (t) => {
    const store = storeAt(t)
    const disk: Disk = new Map()
    append(disk, MAIN, used(1, 10))
    look(store, disk)
    const rows = () =>
      ['session', 'transcript', 'message', 'day'].map((table) =>
        valueIn(store, `SELECT count(*) FROM ${table}`),
      )
    assert.deepEqual(rows(), [1, 1, 1, 1])
    sweepAt(store, 29 * 24 * 3600)
    assert.deepEqual(rows(), [1, 1, 1, 1])
    sweepAt(store, 3 * 24 * 3600)
    assert.deepEqual(rows(), [0, 0, 0, 0])
  })
})
