import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  applySettings,
  DEFAULT_POLICY,
  isOff,
  loosened,
  notAProjects,
  unheardWarning,
} from '../../src/guard/policy.ts'
import { ALL_OFF } from '../support/policies.ts'

const own = applySettings(DEFAULT_POLICY, { rate: { warnPerMin: 100, blockPerMin: 500 } })

describe('a policy', () => {
  test('warns at 100 and blocks at 500 calls a minute by default', () => {
    assert.deepEqual(DEFAULT_POLICY.rate, { warnPerMin: 100, blockPerMin: 500 })
  })

  test('is off when every rule is off', () => {
    const off = ALL_OFF
    assert.equal(isOff(applySettings(own, off)), true)
    for (const on of [
      { rate: { warnPerMin: 1 } },
      { repeat: { warn: true } },
      { spawn: { blockPerMin: 9 } },
      { tools: { Bash: { blockPerMin: 9 } } },
    ]) {
      assert.equal(isOff(applySettings(applySettings(own, off), on)), false)
    }
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
      name: 'rate.warnPerMin',
      given: 60,
      acts: 50,
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
    ['blocking on errors tightens', { onError: 'block' }, undefined],
    ['not blocking loops loosens', { repeat: { block: false } }, 'repeat.block'],
    ['shadow mode loosens', { mode: 'shadow' }, 'mode'],
    ['a later halt loosens', { halt: { afterDeniedRounds: 4 } }, 'halt.afterDeniedRounds'],
    ['no halt at all loosens', { halt: { afterDeniedRounds: 0 } }, 'halt.afterDeniedRounds'],
    ['a limit for one more tool tightens', { tools: { Bash: { blockPerMin: 10 } } }, undefined],
    [
      'more tools that start agents tighten',
      { spawn: { tools: ['Agent', 'Task', 'Workflow', 'mcp__x'] } },
      undefined,
    ],
    ['fewer tools that start agents loosen', { spawn: { tools: ['Agent'] } }, 'spawn.tools'],
    ['how the log is kept is not its to say', { audit: { segmentBytes: 4096 } }, 'audit.segmentBytes'],
    ['demanding a tenant tightens', { tenant: { strict: true } }, undefined],
  ] as const
  for (const [name, settings, expected] of rows) {
    test(name, () => assert.equal(notAProjects(own, settings), expected))
  }

  test('cannot take back what the user demands', () => {
    const strict = applySettings(own, { tenant: { strict: true }, onError: 'block' })
    assert.equal(notAProjects(strict, { tenant: { strict: false } }), 'tenant.strict')
    assert.equal(notAProjects(strict, { onError: 'allow' }), 'onError')
  })

  test('may set a limit where the user has none', () => {
    const off = applySettings(own, { rate: { warnPerMin: 0, blockPerMin: 0 } })
    assert.equal(notAProjects(off, { rate: { blockPerMin: 5000 } }), undefined)
  })
})

describe('what became looser', () => {
  const before = applySettings(own, {
    tools: { Bash: { blockPerMin: 10 } },
    tenant: { strict: true },
    onError: 'block',
    audit: { segmentBytes: 4096 },
  })
  const rows = [
    [
      'is every setting that did, with both values',
      { rate: { blockPerMin: 0 }, mode: 'shadow' },
      [
        ['rate.blockPerMin', 500, 0],
        ['mode', 'enforce', 'shadow'],
      ],
    ],
    [
      'is the limit of one tool',
      { tools: { Bash: { blockPerMin: 11 } } },
      [['tools.Bash.blockPerMin', 10, 11]],
    ],
    ['is no limit that a tool had none of', { tools: { Read: { blockPerMin: 9 } } }, []],
    ['is a switch', { tenant: { strict: false } }, [['tenant.strict', true, false]]],
    ['is what a failure of ours does', { onError: 'allow' }, [['onError', 'block', 'allow']]],
    ['is not how the log is kept', { audit: { segmentBytes: 8192 } }, []],
    ['is nothing that was tightened', { rate: { blockPerMin: 1, warnPerMin: 1 } }, []],
  ] as const
  for (const [name, settings, expected] of rows) {
    test(name, () => {
      const found = loosened(before, applySettings(before, settings))
      assert.deepEqual(
        found.map(({ setting, from, to }) => [setting, from, to]),
        expected,
      )
    })
  }

  test('is a limit of a tool that is gone', () => {
    assert.deepEqual(loosened(before, { ...before, tools: {} }), [
      { setting: 'tools.Bash.blockPerMin', from: 10, to: undefined },
    ])
  })

  test('is nothing of which the text of another version does not tell', () => {
    for (const text of ['{}', '[]', 'null', '{"rate":5}', '{"rate":{"blockPerMin":"500"}}']) {
      assert.deepEqual(loosened(JSON.parse(text), before), [])
    }
  })
})
