import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sparkline } from '../../src/terminal/sparkline.ts'
import { table } from '../../src/terminal/table.ts'

describe('a sparkline', () => {
  test('is as high as the highest count, and empty where nothing was called', () => {
    assert.equal(sparkline([0, 1, 4, 8], 4), ' ▂▅█')
    assert.equal(sparkline([0, 0, 0], 3), '   ')
  })

  test('adds neighbours together until it fits', () => {
    assert.equal(sparkline([1, 1, 0, 0, 4, 4], 3), '▃ █')
    assert.equal(sparkline(new Array(60).fill(1), 20).length, 20)
  })
})

describe('a table', () => {
  test('makes each column as wide as its widest cell, colours not counted', () => {
    const lines = table(
      [{ title: 'A' }, { title: 'N', align: 'right' }],
      [
        ['\u001b[31mred\u001b[39m', '5'],
        ['x', '100'],
      ],
    )
    assert.deepEqual(lines, ['A      N', '\u001b[31mred\u001b[39m    5', 'x    100'])
  })
})
