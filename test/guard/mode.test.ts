import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { outlook } from '../../src/guard/decide.ts'
import { applySettings, DEFAULT_POLICY } from '../../src/guard/policy.ts'
import { halted, LOOPED, looped, play, playOn, scene } from '../support/rounds.ts'
import { call, meet, START } from '../support/table.ts'

describe('a change of the mode', () => {
  const policyOf = (mode: 'enforce' | 'shadow') =>
    applySettings(DEFAULT_POLICY, { rate: { warnPerMin: 1, blockPerMin: 0 }, mode })
  const LOOPING = applySettings(DEFAULT_POLICY, { rate: { warnPerMin: 0, blockPerMin: 0 } })

  test('voids the loops of before, both ways', () => {
    for (const [from, to] of [
      ['shadow', 'enforce'],
      ['enforce', 'shadow'],
    ] as const) {
      const p = play({ mode: from }, LOOPED)
      const changed = { ...p, s: { ...p.s, policy: { ...p.s.policy, mode: to } } }
      playOn(changed, [[5, 'main', 'ls', 'same', 'allow => allow']])
    }
  })

  test('and a prompt after it bring back nothing of before', () => {
    const p = play({ mode: 'shadow' }, looped('one'))
    const s = { ...p.s, policy: LOOPING }
    playOn({ ...p, s }, [
      [5, 'main', 'pwd', '/', 'allow => allow'],
      [6, 'main', 'person', 'allow'],
      [7, 'one', 'ls', 'same', 'allow => allow'],
    ])
  })

  test('begins the count of looping subagents anew', () => {
    const p = play({ mode: 'shadow' }, [...looped('one'), ...halted('one', 5, 'agent')])
    playOn({ ...p, s: { ...p.s, policy: LOOPING } }, [...looped('two', 10), ...halted('two', 15, 'agent')])
  })

  test('voids the answers that were given', () => {
    const s = { ...scene(), policy: policyOf('shadow') }
    assert.equal(meet(s, 0, call('a', 'a')).kind, 'warn')
    const changed = { ...s, policy: policyOf('enforce') }
    assert.equal(meet(changed, 0, call('a', 'a')).kind, 'allow', 'a new call: the warning was spoken')
  })

  test('does not void what lasts: what is asked next is judged by the same window', () => {
    const s = { ...scene(), policy: applySettings(policyOf('shadow'), { rate: { blockPerMin: 2 } }) }
    meet(s, 0, call('a', 'a'))
    const policy = applySettings(policyOf('enforce'), { rate: { blockPerMin: 2 } })
    assert.equal(outlook(s.session, policy, START).kind, 'block')
    assert.equal(meet({ ...s, policy }, 0, call('b', 'b')).kind, 'block')
  })
})
