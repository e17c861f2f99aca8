/** What `spikectl metrics` counts itself. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeIn } from '../../src/commands/metrics.ts'
import { applySettings } from '../../src/guard/policy.ts'
import { callBy, ENFORCED, promptBy, storeAt, tell } from '../support/stores.ts'

test('sessions are active while a call that ran is in the window', (t) => {
  const store = storeAt(t)
  const active = () => store.db.read(activeIn).length
  tell(store, 'prompted', promptBy('person'))
  tell(store, 'blocked', callBy('main'), { policy: applySettings(ENFORCED, { rate: { blockPerMin: 1 } }) })
  assert.equal(active(), 0)
  tell(store, 'a', callBy('main'))
  store.clock.now += 30_000
  tell(store, 'b', callBy('main'))
  assert.equal(active(), 2)
  store.clock.now += 29_599
  assert.equal(active(), 2)
  store.clock.now += 1
  assert.equal(active(), 1)
  store.clock.now += 30_000
  assert.equal(active(), 0)
})
