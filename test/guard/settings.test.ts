/** The kinds of rows in the table of settings. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { choice, limit, names, onOff, type Setting, size } from '../../src/guard/setting.ts'

const KINDS = {
  limit: limit(5, 'lower', 'About.'),
  'limit of the owner': limit(5, 'owner', 'About.'),
  size: size(10, [2, 20], 'About.'),
  'switch that is stricter on': onOff(false, 'on', 'About.'),
  'switch that is stricter off': onOff(true, 'off', 'About.'),
  'switch of the owner': onOff(true, 'owner', 'About.'),
  'choice of words': choice(['low', 'middle', 'high'], 'high', 'About.'),
  'choice of the owner': choice(['low', 'high'], 'owner', 'About.'),
  'list that is stricter with more': names(['a'], 'more', 'About.'),
  'list that is stricter with fewer': names(['a'], 'fewer', 'About.'),
  'list of the owner': names(['a'], 'owner', 'About.'),
}
type Kind = keyof typeof KINDS

describe('a value', () => {
  for (const [kind, good, bad] of [
    ['limit', [0, 1, 1_000_000], [-1, 1_000_001, 1.5, '1', true, null, undefined, Number.NaN]],
    ['size', [2, 20], [1, 21, 2.5, '2']],
    ['switch that is stricter on', [true, false], [0, 1, 'true', null]],
    ['choice of words', ['low', 'middle', 'high'], ['', 'higher', 0, ['low']]],
    ['list that is stricter with more', [[], ['a'], ['a', 'b']], ['a', [1], ['a', 1], {}]],
  ] as const) {
    test(`of a ${kind} is of its type and in its range`, () => {
      const setting: Setting<unknown> = KINDS[kind]
      for (const value of good) assert.equal(setting.is(value), true, JSON.stringify(value))
      for (const value of bad) assert.equal(setting.is(value), false, JSON.stringify(value))
    })
  }
})

describe('of two values', () => {
  const ALWAYS_FALSE: readonly Kind[] = [
    'size',
    'switch of the owner',
    'choice of the owner',
    'list of the owner',
  ]
  const looser: readonly (readonly [Kind, unknown, unknown])[] = [
    ['limit', 6, 5],
    ['limit', 0, 5],
    ['switch that is stricter on', false, true],
    ['switch that is stricter off', true, false],
    ['choice of words', 'low', 'high'],
    ['choice of words', 'middle', 'high'],
    ['list that is stricter with more', ['a'], ['a', 'b']],
    ['list that is stricter with fewer', ['a', 'b'], ['a']],
  ]
  const isLooser = (kind: Kind, value: unknown, than: unknown) => {
    const setting: Setting<unknown> = KINDS[kind]
    return setting.isLooser(value, than)
  }
  for (const [kind, value, than] of looser) {
    test(`${JSON.stringify(value)} is looser than ${JSON.stringify(than)}: ${kind}`, () => {
      assert.equal(isLooser(kind, value, than), true)
      assert.equal(isLooser(kind, value, value), false, 'nothing is looser than itself')
      assert.equal(isLooser(kind, than, than), false)
      assert.equal(isLooser(kind, than, value), false, 'nor the other way round')
    })
  }

  test('none of two words is looser than the other where neither is the strictest', () => {
    assert.equal(isLooser('choice of words', 'low', 'middle'), false)
    assert.equal(isLooser('choice of words', 'middle', 'low'), false)
  })

  test('each of two lists is looser than the other where each lacks a name of it', () => {
    const kind = 'list that is stricter with more'
    assert.deepEqual([isLooser(kind, ['b'], ['a']), isLooser(kind, ['a'], ['b'])], [true, true])
  })

  test('none is looser of what only its owner may say', () => {
    for (const kind of ALWAYS_FALSE) {
      for (const [a, b] of [
        [1, 2],
        [true, false],
        ['low', 'high'],
        [['a'], ['b']],
      ] as const) {
        assert.deepEqual([isLooser(kind, a, b), isLooser(kind, b, a)], [false, false], kind)
      }
    }
  })
})

describe('a row', () => {
  test('says who may say it', () => {
    const owners = Object.entries(KINDS).filter(([, { isOwners }]) => isOwners)
    assert.deepEqual(
      owners.map(([kind]) => kind),
      ['limit of the owner', 'size', 'switch of the owner', 'choice of the owner', 'list of the owner'],
    )
  })

  test('says what a value has to be, to people, to editors and to the shell', () => {
    const said = ({ about, expected, schema, words, off }: Setting<unknown>) => ({
      about,
      expected,
      schema,
      words,
      off,
    })
    assert.deepEqual(said(KINDS.limit), {
      about: 'About. 0 = never.',
      expected: 'a whole number from 0 to 1000000',
      schema: { type: 'integer', minimum: 0, maximum: 1_000_000 },
      words: undefined,
      off: 0,
    })
    assert.deepEqual(said(KINDS.size), {
      about: 'About.',
      expected: 'a whole number from 2 to 20',
      schema: { type: 'integer', minimum: 2, maximum: 20 },
      words: undefined,
      off: undefined,
    })
    assert.deepEqual(said(KINDS['switch that is stricter on']), {
      about: 'About.',
      expected: 'true or false',
      schema: { type: 'boolean' },
      words: [true, false],
      off: false,
    })
    assert.deepEqual(said(KINDS['choice of words']), {
      about: 'About.',
      expected: '"low" or "middle" or "high"',
      schema: { enum: ['low', 'middle', 'high'] },
      words: ['low', 'middle', 'high'],
      off: undefined,
    })
    assert.deepEqual(said(KINDS['list of the owner']), {
      about: 'About.',
      expected: 'a list of names',
      schema: { type: 'array', items: { type: 'string' } },
      words: undefined,
      off: undefined,
    })
    assert.deepEqual(KINDS['choice of words'].default, 'low')
  })
})
