import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { applySettings, DEFAULT_POLICY, isOff, loosens, unheardWarning } from '../../src/guard/policy.ts'

const own = applySettings(DEFAULT_POLICY, { rate: { warnPerMin: 100, blockPerMin: 500 } })

describe('a policy', () => {
  test('warns at 100 and blocks at 500 calls a minute by default', () => {
    assert.deepEqual(DEFAULT_POLICY.rate, { warnPerMin: 100, blockPerMin: 500 })
  })

  test('is off when every rule is off', () => {
    assert.equal(isOff(applySettings(own, { rate: { warnPerMin: 0, blockPerMin: 0 } })), true)
    assert.equal(isOff(applySettings(own, { rate: { warnPerMin: 0 } })), false)
    assert.equal(isOff(applySettings(own, { rate: { warnPerMin: 1, blockPerMin: 0 } })), false)
  })

  test('lowers a warn limit that nobody set to the block limit', () => {
    assert.deepEqual(applySettings(own, { rate: { blockPerMin: 50 } }).rate, {
      warnPerMin: 50,
      blockPerMin: 50,
    })
    assert.deepEqual(applySettings(own, { rate: { warnPerMin: 0, blockPerMin: 50 } }).rate.warnPerMin, 0)
  })

  test('finds a warn limit that could never be heard', () => {
    assert.equal(unheardWarning(own, { rate: { warnPerMin: 50, blockPerMin: 50 } }), undefined)
    assert.equal(unheardWarning(own, { rate: { warnPerMin: 600, blockPerMin: 0 } }), undefined)
    assert.deepEqual(unheardWarning(own, { rate: { warnPerMin: 60, blockPerMin: 50 } }), {
      key: 'rate.warnPerMin',
      warnPerMin: 60,
      blockPerMin: 50,
    })
  })
})

describe('a project that the agent can write', () => {
  const rows = [
    ['a lower limit tightens', { rate: { blockPerMin: 499 } }, undefined],
    ['the same limit is no change', { rate: { warnPerMin: 100, blockPerMin: 500 } }, undefined],
    ['a higher block limit loosens', { rate: { blockPerMin: 501 } }, 'rate.blockPerMin'],
    ['a higher warn limit loosens', { rate: { warnPerMin: 101 } }, 'rate.warnPerMin'],
    ['a block limit of 0 is the loosest of all', { rate: { blockPerMin: 0 } }, 'rate.blockPerMin'],
    ['a warn limit of 0 is the loosest of all', { rate: { warnPerMin: 0 } }, 'rate.warnPerMin'],
    [
      'one tighter and one looser limit loosen',
      { rate: { warnPerMin: 5, blockPerMin: 0 } },
      'rate.blockPerMin',
    ],
    ['refusing on errors tightens', { onError: 'block' }, undefined],
    ['demanding a tenant tightens', { tenant: { strict: true } }, undefined],
  ] as const
  for (const [name, settings, expected] of rows) {
    test(name, () => assert.equal(loosens(own, settings), expected))
  }

  test('cannot take back what the user demands', () => {
    const strict = applySettings(own, { tenant: { strict: true }, onError: 'block' })
    assert.equal(loosens(strict, { tenant: { strict: false } }), 'tenant.strict')
    assert.equal(loosens(strict, { onError: 'allow' }), 'onError')
  })

  test('may set a limit where the user has none', () => {
    const off = applySettings(own, { rate: { warnPerMin: 0, blockPerMin: 0 } })
    assert.equal(loosens(off, { rate: { blockPerMin: 5000 } }), undefined)
  })
})
