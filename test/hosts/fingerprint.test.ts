import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { callOf, fingerprint, resultOf } from '../../src/hosts/fingerprint.ts'

/** No hash at all, so that a row that fails shows what was hashed. */
const plain = (text: string) => text

function signature(tool: string, input: unknown): string {
  return callOf('main', { tool, toolUseId: 't', input }, plain).signature
}

function resultText(result: unknown): string | undefined {
  return resultOf({ tool: 'T', toolUseId: 't', input: {}, result }, plain).result
}

/** As a host may hand it over: no literal of JavaScript could be written so deep. */
function nested(depth: number, inner: string): unknown {
  return JSON.parse(`${'['.repeat(depth)}${inner}${']'.repeat(depth)}`)
}

describe('two calls of one tool', () => {
  for (const [tool, one, other, isSame] of [
    ['Bash', { command: 'ls', description: 'a' }, { command: 'ls', description: 'b', timeout: 9 }, true],
    ['Bash', { command: 'ls' }, { command: 'ls', run_in_background: true }, true],
    ['Bash', { command: 'ls' }, { command: 'pwd' }, false],
    ['PowerShell', { command: 'ls', description: 'a' }, { command: 'ls', description: 'b' }, true],
    ['Monitor', { command: 'x', timeout_ms: 1 }, { command: 'x', timeout_ms: 2 }, true],
    ['Agent', { prompt: 'x', description: 'a' }, { prompt: 'x', description: 'b' }, true],
    ['Task', { prompt: 'x', description: 'a' }, { prompt: 'y', description: 'a' }, false],
    ['TaskOutput', { task_id: 'x', timeout: 1 }, { task_id: 'x', timeout: 2 }, true],
    ['TaskCreate', { subject: 'x', description: 'a' }, { subject: 'x', description: 'b' }, false],
    ['mcp__notes__add', { list: 'l', description: 'note 1' }, { list: 'l', description: 'note 2' }, false],
    ['mcp__ci__wait', { job: 1, timeout: 1 }, { job: 1, timeout: 2 }, false],
    ['mcp__notes__Bash', { description: 'a' }, { description: 'b' }, false],
    ['T', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
    ['T', { a: ['b', 'c'] }, { a: ['c', 'b'] }, false],
    ['T', { a: [['b'], 'c'] }, { a: [['b', 'c']] }, false],
    ['T', { a: { b: 1 }, c: 2 }, { a: { b: 1, c: 2 } }, false],
    ['T', { a: '[1' }, { a: ['1'] }, false],
    ['T', { a: 1 }, { a: '1' }, false],
    ['T', 'a', undefined, false],
    ['T', nested(100_000, '1'), nested(100_000, '1'), true],
    ['T', nested(100_000, '1'), nested(100_000, '2'), false],
  ] as const) {
    const rows = [one, other].map((input) => JSON.stringify(Array.isArray(input) ? 'deep' : input))
    test(`${tool} ${rows.join(' and ')} are ${isSame ? 'the same' : 'different'}`, () => {
      assert.equal(signature(tool, one) === signature(tool, other), isSame)
    })
  }
})

describe('a result', () => {
  test('that cannot be a string is one all the same, equal only to one that is equal', () => {
    const odd = () => JSON.parse('{"toString":1,"valueOf":null,"toJSON":"x"}')
    assert.equal(resultText(odd()), resultText(odd()))
    assert.notEqual(resultText(odd()), resultText({ ...odd(), toString: 2 }))
  })

  test('that is nested 100,000 deep is known again', () => {
    assert.equal(resultText(nested(100_000, '"x"')), resultText(nested(100_000, '"x"')))
    assert.notEqual(resultText(nested(100_000, '"x"')), resultText(nested(100_000, '"y"')))
  })

  test('that is a text is that text, and none is none', () => {
    assert.equal(resultText('a\nb'), 'a\nb')
    assert.deepEqual(resultOf({ tool: 'T', toolUseId: 't', input: {} }, plain), {})
  })
})

describe('a call that schedules a prompt', () => {
  for (const [tool, input, expected] of [
    ['CronCreate', { cron: '* * * * *', prompt: 'tick' }, 'tick'],
    ['ScheduleWakeup', { prompt: '/loop tick' }, '/loop tick'],
    ['CronCreate', { prompt: 5 }, undefined],
    ['Agent', { prompt: 'tick' }, undefined],
  ] as const) {
    test(`is told as one, if it is: ${tool} ${JSON.stringify(input)}`, () => {
      const agent = { id: 'main', type: '' }
      const common = { name: 'PreToolUse', session: 's', agent, cwd: undefined, type: 'call' } as const
      const event = fingerprint({ ...common, tool, toolUseId: 't', input }, plain)
      assert.equal(event.type === 'call' && event.schedules, expected)
    })
  }
})
