/** Who has written a prompt. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GuardEvent } from '../../src/guard/event.ts'
import { machineTurnsIn } from '../../src/guard/rules/unattended.ts'
import { times } from '../support/processes.ts'
import { MAIN, meet } from '../support/table.ts'
import { type Course, course, work } from '../support/turns.ts'

/** The end of a turn at which these prompts are scheduled; undefined where the client does not say. */
function stopWith(c: Course, scheduled?: readonly string[]) {
  c.seconds += 2
  meet(c, c.seconds, {
    ...{ type: 'turn_end', agent: MAIN, isContinued: false },
    ...(scheduled ? { scheduled } : {}),
  })
}

const promptOf = (words?: string): GuardEvent => ({
  ...{ type: 'prompt', agent: MAIN, by: 'person' },
  ...(words === undefined ? {} : { words }),
})

/** Halted by its third call. */
function halted(scheduled?: readonly string[]): Course {
  const c = course({ unattended: { warnCalls: 0, haltCalls: 3 } })
  stopWith(c, scheduled)
  times(3, () => work(c))
  return c
}

function goesOn(c: Course, words?: string): boolean {
  meet(c, c.seconds, promptOf(words))
  return work(c).kind === 'allow'
}

describe('a prompt that nothing marks', () => {
  test('with the words of a schedule is that, and resets no halt', () => {
    assert.equal(goesOn(halted(['tick', 'tock']), 'tock'), false)
  })

  test("with other words is a person's, and so is one whose words are not told", () => {
    for (const words of ['go on', undefined]) assert.equal(goesOn(halted(['tick']), words), true)
  })

  test("is a person's once nothing is scheduled any more", () => {
    const c = halted(['tick'])
    stopWith(c, [])
    assert.equal(goesOn(c, 'tick'), true)
  })

  test('is compared with what was scheduled before, where the client does not say what is now', () => {
    const c = halted(['tick'])
    stopWith(c)
    assert.equal(goesOn(c, 'tick'), false)
  })

  test("is a schedule's also after a person has written", () => {
    const c = course()
    stopWith(c, ['tick'])
    meet(c, c.seconds, promptOf('hello'))
    meet(c, c.seconds, promptOf('tick'))
    assert.equal(machineTurnsIn(c.session), 1)
  })

  test("with no words at all is a person's, where nothing is scheduled", () => {
    assert.equal(goesOn(halted([]), ''), true)
  })

  test("is a schedule's if a call has scheduled it in the turn that was ended", () => {
    const c = course({ unattended: { warnCalls: 0, haltCalls: 2 } })
    const scheduling = {
      type: 'call',
      agent: MAIN,
      tool: 'CronCreate',
      signature: 's',
      isPoll: false,
    } as const
    meet(c, c.seconds, { ...scheduling, schedules: 'tick' })
    assert.equal(work(c).kind, 'halt')
    assert.equal(goesOn(c, 'tick'), false)
    assert.equal(goesOn(c, 'go on'), true)
  })

  test('is compared with 64 schedules and no more', () => {
    const scheduled = times(100, (i) => `prompt-${i}`)
    assert.equal(goesOn(halted(scheduled), 'prompt-63'), false)
    assert.equal(goesOn(halted(scheduled), 'prompt-64'), true)
  })
})
