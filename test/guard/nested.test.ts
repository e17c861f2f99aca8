/** Events of a client that an agent has started, as the outermost session meets them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GuardEvent } from '../../src/guard/event.ts'
import { nestedAgent, nestedEvent } from '../../src/guard/nested.ts'
import { call, MAIN, results } from '../support/table.ts'

describe('a nested client', () => {
  test('is an agent that is called as its session, and its subagents are told apart', () => {
    assert.deepEqual(nestedAgent(MAIN, 'child'), { id: 'child', type: 'client' })
    assert.deepEqual(nestedAgent({ id: 'a1', type: 'Explore' }, 'child'), { id: 'child/a1', type: 'Explore' })
  })

  for (const [event, type] of [
    [{ type: 'prompt', agent: MAIN, by: 'person' }, 'agent_start'],
    [{ type: 'session_start', agent: MAIN }, 'agent_start'],
    [{ type: 'session_end', agent: MAIN }, 'turn_end'],
    [{ type: 'turn_end', agent: MAIN }, 'turn_end'],
    [{ type: 'agent_start', agent: MAIN }, 'agent_start'],
    [call('ls'), 'call'],
    [results('id'), 'results'],
  ] as readonly [GuardEvent, string][]) {
    test(`tells of ${event.type} as ${type}`, () => {
      assert.equal(nestedEvent(event).type, type)
      assert.equal(nestedEvent({ ...event, isAttended: true }).isAttended, true)
      assert.equal('isAttended' in nestedEvent(event), false)
    })
  }
})
