/** Which calls count against which limits, and which limit speaks. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { times } from '../support/processes.ts'
import { begun, type Made, round, rounds } from '../support/rounds.ts'

describe('a limit of calls a minute', () => {
  const bash = (i: number): Made => ({ call: `${i}`, result: `${i}` })
  const tool =
    (name: string) =>
    (i: number): Made => ({ call: `${i}`, result: `${i}`, tool: name })

  test('by the beginning of names is not one of names that share less', () => {
    const s = begun({ tools: { 'mcp__github__*': { blockPerMin: 1 } } })
    for (const [name, expected] of [
      ['mcp__github__', 'block'],
      ['mcp__github__issue', 'block'],
      ['mcp__github_', 'allow'],
      ['mcp__github_x_issue', 'allow'],
      ['mcp__gitlab__issue', 'allow'],
      ['x_mcp__github__issue', 'allow'],
    ] as const) {
      assert.deepEqual(round(s, [tool(name)(0)]).calls, [expected], name)
    }
  })

  test('by a whole name is not one of names that begin or end so', () => {
    const s = begun({ tools: { Bash: { blockPerMin: 1 } } })
    for (const [name, expected] of [
      ['Bash', 'block'],
      ['BashOutput', 'allow'],
      ['MyBash', 'allow'],
    ] as const) {
      assert.deepEqual(round(s, [tool(name)(0)]).calls, [expected], name)
    }
  })

  test('is that of the narrowest that blocks: the tool, then agents, then all', () => {
    const all = { blockPerMin: 1 }
    for (const [settings, rule] of [
      [{ tools: { Agent: all }, spawn: all, rate: all }, 'tools'],
      [{ spawn: all, rate: all }, 'spawn'],
      [{ rate: all }, 'rate'],
    ] as const) {
      const [verdict] = round(begun(settings), [tool('Agent')(0)]).verdicts
      assert.equal(verdict?.kind === 'block' && verdict.rule, rule)
    }
  })

  test('blocks before another one warns', () => {
    const s = begun({ tools: { Bash: { warnPerMin: 1 } }, rate: { blockPerMin: 1 } })
    const [verdict] = round(s, [bash(0)]).verdicts
    assert.equal(verdict?.kind === 'block' && verdict.rule, 'rate')
  })

  test('that has blocked a call counts it nowhere', () => {
    const s = begun({ tools: { Grep: { blockPerMin: 2 } }, rate: { blockPerMin: 3 } })
    assert.deepEqual(rounds(s, 3, tool('Grep')), ['allow', 'block', 'block'])
    assert.deepEqual(rounds(s, 2, bash), ['allow', 'block'], 'one of two had run')
  })

  test('warns once by each rule, though one of them warned a moment ago', () => {
    const s = begun({ tools: { Grep: { warnPerMin: 2 }, 'G*': { warnPerMin: 3 } }, rate: { warnPerMin: 4 } })
    const warned = times(5, (i) => round(s, [tool('Grep')(i)]).verdicts[0])
    const rules = warned.map((v) =>
      v?.kind === 'warn' ? [v.rule, v.of, v.count, v.limit, v.blockLimit] : [],
    )
    assert.deepEqual(rules, [
      [],
      ['tools', 'Grep', 2, 2, 0],
      ['tools', 'G*', 3, 3, 0],
      ['rate', undefined, 4, 4, 0],
      [],
    ])
  })
})
