import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withTilde } from '../../src/terminal/tilde.ts'
import { ago, clock, WHEN_WIDTH, when } from '../../src/terminal/times.ts'
import { widthOf } from '../../src/terminal/width.ts'
import { wrapped, wrappedCommand } from '../../src/terminal/wrap.ts'

describe('text', () => {
  for (const [text, columns, lines] of [
    ['it fits', 10, ['it fits']],
    ['it breaks between words', 10, ['it breaks', 'between', 'words']],
    ['a/path/that/is/longer stays whole', 10, ['a/path/that/is/longer', 'stays', 'whole']],
    ['two  columns  stay  apart', 12, ['two  columns', 'stay  apart']],
    ['\u001b[31mcolours\u001b[39m do not count', 11, ['\u001b[31mcolours\u001b[39m do', 'not count']],
    ['漢字 are two wide', 8, ['漢字 are', 'two wide']],
    ['to go on: spikectl reset 3f2a', 16, ['to go on:', 'spikectl reset 3f2a']],
    ['blocked [audit ec6b#5 5b47…]', 20, ['blocked', '[audit ec6b#5 5b47…]']],
    ['', 10, ['']],
  ] as const) {
    test(`of ${JSON.stringify(text)} at ${columns} columns`, () =>
      assert.deepEqual(wrapped(text, columns), lines))
  }

  test('goes on under where it began, or at the indent that is asked for', () => {
    const text = 'one two three four five six seven eight'
    assert.deepEqual(wrapped(text, 40, 'ok  node  '), [
      'ok  node  one two three four five six',
      '          seven eight',
    ])
    assert.deepEqual(wrapped(text, 40, 'ok  node  ', 2), [
      'ok  node  one two three four five six',
      '  seven eight',
    ])
  })

  test('goes under its prefix where beside it there is no room', () => {
    assert.deepEqual(wrapped('one two three four', 20, 'failure  settings  '), [
      'failure  settings',
      '    one two three',
      '    four',
    ])
  })

  test('to paste breaks after a backslash, and never in a quoted word', () => {
    assert.deepEqual(wrappedCommand("chmod go= '/a b/c d' --and more", 26, 'run: '), [
      'run: chmod go= \\',
      "     '/a b/c d' --and \\",
      '     more',
    ])
  })
})

describe('a width', () => {
  for (const [text, width] of [
    ['plain', 5],
    ['漢字', 4],
    ['e\u0301', 1],
    ['🚀', 2],
    ['▁█…', 3],
  ] as const) {
    test(`of ${text} is ${width}`, () => assert.equal(widthOf(text), width))
  }
})

describe('a time', () => {
  const now = new Date(2026, 10, 24, 14, 32, 7).getTime()
  for (const [secondsAgo, inWords, inColumn] of [
    [0, 'just now', 'now'],
    [1, '1 second ago', '1 s ago'],
    [60, '1 minute ago', '1 min ago'],
    [4 * 60 + 59, '4 minutes ago', '4 min ago'],
    [3600, '1 hour ago', '13:32:07'],
    [30 * 3600, '30 hours ago', 'Nov 23 08:32'],
    [3 * 86_400, '3 days ago', 'Nov 21 14:32'],
    [400 * 86_400, '400 days ago', 'Oct 20 2025'],
    [-5, 'just now', 'now'],
  ] as const) {
    test(`${secondsAgo} s ago is "${inWords}", in a column "${inColumn}"`, () => {
      const at = now - secondsAgo * 1000
      assert.deepEqual([ago(at, now), when(at, now)], [inWords, inColumn])
      assert.ok(inColumn.length <= WHEN_WIDTH)
    })
  }

  test('on the clock is of the day, or names another one', () => {
    assert.deepEqual([clock(now - 7000, now), clock(now - 86_400_000, now)], ['14:32:00', 'Nov 23 14:32'])
  })
})

describe('a home folder', () => {
  for (const [text, shown] of [
    ['/home/dev', '~'],
    ['cat /home/dev/.claude/settings.json', 'cat ~/.claude/settings.json'],
    ['/home/developer/x', '/home/developer/x'],
    ["ls '/home/dev/a", "ls '/home/dev/a"],
  ] as const) {
    test(`in ${text} is shown as ${shown}`, () => assert.equal(withTilde(text, '/home/dev'), shown))
  }
})
