/** What follows from the rows of the table of settings: values, and what is laid over them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { limit, onOff, size, warnAndBlock } from '../../src/guard/setting.ts'
import {
  areOff,
  defaultsOf,
  fits,
  loosened,
  ownersIn,
  settingsOf,
  valueAt,
  withGiven,
} from '../../src/guard/settings.ts'

const ROWS = {
  rate: warnAndBlock(limit(3, 'lower', ''), limit(5, 'lower', '')),
  tools: {
    about: '',
    each: warnAndBlock(limit(0, 'lower', ''), limit(0, 'lower', '')),
    name: /./,
    expected: 'a tool',
  },
  log: { bytes: size(10, [2, 20], '') },
  on: onOff(false, 'on', ''),
}
const DEFAULTS = { rate: { warnPerMin: 3, blockPerMin: 5 }, tools: {}, log: { bytes: 10 }, on: false }

describe('values', () => {
  test('are the defaults where nothing is given', () => assert.deepEqual(defaultsOf(ROWS), DEFAULTS))

  for (const [name, base, given, expected] of [
    ['one that is given in place of its default', DEFAULTS, { log: { bytes: 20 } }, { log: { bytes: 20 } }],
    ['one that was given before, where nothing is given now', { on: true }, {}, { on: true }],
    [
      'false and 0, which are values',
      { on: true },
      { on: false, rate: { warnPerMin: 0 } },
      { rate: { warnPerMin: 0, blockPerMin: 5 } },
    ],
    [
      'a warn limit as it is where it is not above the other',
      DEFAULTS,
      { rate: { warnPerMin: 5 } },
      { rate: { warnPerMin: 5, blockPerMin: 5 } },
    ],
    [
      'a warn limit lowered to the other',
      DEFAULTS,
      { rate: { warnPerMin: 6 } },
      { rate: { warnPerMin: 5, blockPerMin: 5 } },
    ],
    [
      'a warn limit lowered where the other is',
      DEFAULTS,
      { rate: { blockPerMin: 2 } },
      { rate: { warnPerMin: 2, blockPerMin: 2 } },
    ],
    [
      'a warn limit lowered to 1',
      DEFAULTS,
      { rate: { blockPerMin: 1 } },
      { rate: { warnPerMin: 1, blockPerMin: 1 } },
    ],
    [
      'a warn limit as it is where the other is off',
      DEFAULTS,
      { rate: { warnPerMin: 9, blockPerMin: 0 } },
      { rate: { warnPerMin: 9, blockPerMin: 0 } },
    ],
    [
      'a tool with what it leaves out off',
      DEFAULTS,
      { tools: { Bash: { blockPerMin: 7 } } },
      { tools: { Bash: { warnPerMin: 0, blockPerMin: 7 } } },
    ],
    [
      'the tools of both',
      { tools: { Bash: { warnPerMin: 1, blockPerMin: 7 } } },
      { tools: { Bash: { blockPerMin: 8 }, Read: { warnPerMin: 2 } } },
      { tools: { Bash: { warnPerMin: 1, blockPerMin: 8 }, Read: { warnPerMin: 2, blockPerMin: 0 } } },
    ],
    ['nothing that is no setting', DEFAULTS, { later: 1, rate: { later: 2 } }, {}],
    ['defaults in place of what is no section', { rate: 5 }, { log: [] }, {}],
  ] as const) {
    test(`laid over others are ${name}`, () => {
      assert.deepEqual(withGiven(ROWS, base, given), { ...DEFAULTS, ...expected })
    })
  }

  test('fit when each is of its type', () => {
    const bash = { tools: { Bash: { warnPerMin: 0, blockPerMin: 1 } } }
    assert.equal(fits(ROWS, { ...DEFAULTS, ...bash }), true)
    for (const other of [
      { on: 1 },
      { rate: {} },
      { rate: { warnPerMin: 1 } },
      { tools: { Bash: { warnPerMin: 0 } } },
    ]) {
      assert.equal(fits(ROWS, { ...DEFAULTS, ...other }), false, JSON.stringify(other))
    }
  })

  test('are off when each setting that can be off is', () => {
    const off = { rate: { warnPerMin: 0, blockPerMin: 0 }, tools: {}, log: { bytes: 10 }, on: false }
    assert.equal(areOff(ROWS, off), true)
    assert.equal(areOff(ROWS, { ...off, tools: { Bash: { warnPerMin: 0, blockPerMin: 0 } } }), true)
    for (const on of [
      { on: true },
      { rate: { warnPerMin: 1, blockPerMin: 0 } },
      { tools: { Bash: { warnPerMin: 0, blockPerMin: 1 } } },
    ]) {
      assert.equal(areOff(ROWS, { ...off, ...on }), false, JSON.stringify(on))
    }
  })

  test('are found by their paths, and nothing where there are none', () => {
    assert.deepEqual(
      settingsOf(ROWS, { tools: { Bash: {} } }, { tools: { Read: 5 } }).map(({ path }) => path.join('.')),
      [
        ...['rate.warnPerMin', 'rate.blockPerMin', 'tools.Bash.warnPerMin', 'tools.Bash.blockPerMin'],
        ...['tools.Read.warnPerMin', 'tools.Read.blockPerMin', 'log.bytes', 'on'],
      ],
    )
    assert.equal(valueAt(DEFAULTS, ['rate', 'blockPerMin']), 5)
    for (const path of [
      ['rate', 'later'],
      ['later', 'later'],
      ['on', 'later'],
    ]) {
      assert.equal(valueAt(DEFAULTS, path), undefined)
    }
  })

  test('that only their owner may say are named where a file says them', () => {
    assert.deepEqual(ownersIn(ROWS, { log: { bytes: 5 }, on: true }), ['log.bytes'])
    assert.deepEqual(ownersIn(ROWS, { log: {}, on: true }), [])
  })

  test('that have become looser are named with both, and what is gone has its default', () => {
    const strict = { rate: { warnPerMin: 2, blockPerMin: 4 }, on: true }
    assert.deepEqual(loosened(ROWS, strict, { rate: { warnPerMin: 2, blockPerMin: 5 }, on: true }), [
      { setting: 'rate.blockPerMin', from: 4, to: 5 },
    ])
    assert.deepEqual(loosened(ROWS, strict, { rate: { warnPerMin: 1, blockPerMin: 4 } }), [
      { setting: 'on', from: true, to: undefined },
    ])
    assert.deepEqual(loosened(ROWS, {}, DEFAULTS), [])
  })
})
