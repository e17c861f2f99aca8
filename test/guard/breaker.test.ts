import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, outlook } from '../../src/guard/decide.ts'
import { applySettings, DEFAULT_POLICY } from '../../src/guard/policy.ts'
import { asCounted } from '../../src/guard/shadow.ts'
import { times } from '../support/processes.ts'
import { begun, type Made, prompt, round, rounds, type Scene, scene } from '../support/rounds.ts'
import { call, MAIN, meet, START, stateOf } from '../support/table.ts'

const LS: Made = { call: 'ls', result: 'a b' }
const other = (i: number): Made => ({ call: `other ${i}`, result: `${i}` })

/** A session whose agent has looped until its turn was ended. */
function haltedScene(agent = 'main'): Scene {
  const s = begun()
  const kinds = rounds(s, 8, LS, agent)
  assert.deepEqual(kinds.slice(5), ['block', 'block', 'block, halt'])
  return s
}

describe('a halt', () => {
  test('comes after three rounds in a row with a blocked call: eight requests in all', () => {
    haltedScene()
  })

  test('does not come while rounds without a block are between', () => {
    const s = begun()
    rounds(s, 5, LS)
    for (const made of [LS, LS, other(1), LS, LS, other(2), LS, LS]) {
      assert.equal(round(s, [made]).end.kind, 'allow')
    }
    assert.equal(round(s, [LS]).end.kind, 'halt')
  })

  test('comes as soon when the hook is registered twice and everything is told twice', () => {
    const s = begun()
    const ends: string[] = []
    for (let i = 0; i < 8; i += 1) {
      s.seconds += 5
      const made = { tool: 'Bash', id: `twice ${i}`, signature: 'main Bash ls', isPoll: false }
      const verdicts = times(2, () => meet(s, s.seconds, { type: 'call', agent: MAIN, ...made }).kind)
      assert.equal(verdicts[0], verdicts[1])
      const result = verdicts[0] === 'block' ? 'blocked' : 'a b'
      const event = { type: 'results', agent: MAIN, calls: [{ ...made, result }], endsRound: true } as const
      ends.push(...times(2, () => meet(s, s.seconds + 0.1, event).kind))
    }
    assert.deepEqual(ends, [...new Array(14).fill('allow'), 'halt', 'halt'])
  })

  test('does not come for a repeated call beside others that bring something new', () => {
    const s = begun()
    for (let i = 0; i < 20; i += 1) {
      const { end } = round(s, [{ call: 'log', result: `line ${i}` }, LS])
      assert.equal(end.kind, 'allow', `round ${i}`)
    }
  })

  test('counts 24 parallel blocked calls as one round', () => {
    const s = begun({ rate: { blockPerMin: 5 } })
    const message = times(24, (i) => other(i))
    const { calls, end } = round(s, message)
    assert.deepEqual([calls.filter((kind) => kind === 'block').length, end.kind], [20, 'allow'])
    assert.equal(round(s, message).end.kind, 'allow')
    assert.equal(round(s, message).end.kind, 'halt')
  })

  test('blocks every call of every agent of the session when the main agent is halted', () => {
    const s = haltedScene()
    for (const agent of ['main', 'foreground', 'background']) {
      const { verdicts, end } = round(s, [other(1)], agent)
      assert.deepEqual([verdicts[0]?.kind, end.kind], ['halt', 'halt'], agent)
    }
  })

  test('ends each turn that goes on all the same: of the session, or of the agent that is halted alone', () => {
    const end = (s: Scene, agent: string) =>
      meet(s, s.seconds + 1, { type: 'turn_end', agent: { id: agent, type: '' } }).kind
    const s = haltedScene()
    assert.deepEqual([end(s, 'main'), end(s, 'one')], ['halt', 'halt'])
    const alone = haltedScene('one')
    assert.deepEqual([end(alone, 'main'), end(alone, 'one'), end(alone, 'two')], ['allow', 'halt', 'allow'])
  })

  test('of a looping subagent does not stop its siblings, and that of a second one halts the session', () => {
    const s = haltedScene('one')
    assert.deepEqual(round(s, [other(1)], 'one').calls, ['halt'])
    assert.deepEqual(round(s, [other(2)], 'two').calls, ['allow'])
    assert.deepEqual(round(s, [other(3)]).calls, ['allow'])
    rounds(s, 8, LS, 'two')
    assert.deepEqual(round(s, [other(4)], 'three').calls, ['halt'])
    assert.deepEqual(round(s, [other(5)]).calls, ['halt'])
  })

  test('is reset by the prompt of a person, with the history forgotten and the windows as they were', () => {
    const s = haltedScene()
    assert.equal(prompt(s).kind, 'allow')
    assert.deepEqual(rounds(s, 4, LS), ['allow', 'allow', 'allow', 'warn'])
    const limited = begun({ rate: { blockPerMin: 4 } })
    rounds(limited, 6, other)
    prompt(limited)
    assert.deepEqual(round(limited, [other(9)]).calls, ['block'], 'the last minute still counts')
  })

  test('blocks a prompt that no person wrote, and is not reset by it', () => {
    for (const by of ['machine', 'schedule'] as const) {
      const s = haltedScene()
      assert.equal(prompt(s, by).kind, 'halt', by)
      assert.deepEqual(round(s, [other(1)]).calls, ['halt'], by)
    }
  })

  test('comes after three blocked rounds in a row, whatever scheduled prompts came among them', () => {
    const s = begun()
    rounds(s, 7, LS)
    prompt(s, 'schedule')
    rounds(s, 5, LS)
    assert.deepEqual(rounds(s, 2, LS), ['block', 'block'], 'five calls ran: the row began anew')
    const limited = begun({ rate: { blockPerMin: 2 } })
    rounds(limited, 3, other)
    prompt(limited, 'schedule')
    assert.deepEqual(rounds(limited, 1, other), ['block, halt'])
  })

  test('outlives the end of the session, for it may be resumed', () => {
    const s = haltedScene()
    meet(s, s.seconds, { type: 'session_end', agent: MAIN })
    assert.deepEqual(round(s, [other(1)], 'main', 86_400).calls, ['halt'])
  })

  test('is told of once, however often its round is', () => {
    const s = begun()
    rounds(s, 7, LS)
    s.seconds += 1
    const now = START + s.seconds * 1000
    const event = {
      type: 'results',
      agent: MAIN,
      calls: [{ id: 'last', tool: 'Bash', signature: 'main Bash ls', isPoll: false, result: 'blocked' }],
      endsRound: true,
    } as const
    meet(s, s.seconds, { ...call('main Bash ls', 'last'), tool: 'Bash' })
    const first = decide(stateOf(s), event, s.policy, now)
    const second = decide(first, event, s.policy, now)
    assert.deepEqual([first.verdict.kind, first.tally.halted], ['halt', 1])
    assert.deepEqual([second.verdict.kind, second.tally.halted], ['halt', 0])
  })

  test('changes its words from block to block', () => {
    const s = haltedScene()
    const nth = times(3, () => round(s, [other(1)]).verdicts[0]).map((verdict) =>
      verdict?.kind === 'halt' ? verdict.nth : undefined,
    )
    assert.deepEqual(nth, [1, 2, 3])
  })

  test('can be switched off', () => {
    const s = begun({ halt: { afterDeniedRounds: 0 } })
    const kinds = rounds(s, 50, LS)
    assert.deepEqual(kinds.slice(5), new Array(45).fill('block'))
  })
})

describe('over the rate', () => {
  test('an agent that waits for the second it was named goes on, and one that hammers is ended', () => {
    const s = begun({ rate: { blockPerMin: 3 } })
    rounds(s, 2, other, 'patient')
    for (let i = 0; i < 9; i += 1) {
      const { verdicts, end } = round(s, [other(i)], 'patient', 61)
      assert.equal(end.kind, 'allow')
      assert.equal(verdicts[0]?.kind, 'allow')
      round(s, [other(i)], 'sibling', 1)
      assert.equal(round(s, [other(i)], 'patient', 1).end.kind, 'allow', 'blocked once, then it waits')
    }
    const hammering = rounds(s, 4, other, 'hammering')
    assert.deepEqual(hammering.slice(0, 3), ['block', 'block', 'block, halt'])
    assert.deepEqual(round(s, [other(1)], 'main', 61).calls, ['allow'], 'the main agent goes on')
  })

  test('thirty busy subagents are slowed; only those that do not wait are ended', () => {
    const s = begun({ rate: { blockPerMin: 100 } })
    const agents = times(30, (i) => `agent ${i}`)
    const isHammering = (index: number) => index % 10 === 0
    const ended = new Set<string>()
    const freeAt = new Map<string, number>()
    for (let turn = 0; turn < 40; turn += 1) {
      for (const [index, agent] of agents.entries()) {
        if (ended.has(agent)) continue
        if (!isHammering(index) && s.seconds < (freeAt.get(agent) ?? 0)) continue
        const { verdicts, end } = round(s, [other(turn * 100 + index)], agent, 0)
        s.seconds -= 0.9
        const [verdict] = verdicts
        if (verdict?.kind === 'block') freeAt.set(agent, s.seconds + (verdict.retryAfterMs ?? 0) / 1000)
        if (end.kind === 'halt') ended.add(agent)
      }
    }
    assert.deepEqual([...ended].sort(), ['agent 0', 'agent 10', 'agent 20'])
    assert.notEqual(round(s, [other(1)], 'main', 61).calls[0], 'halt')
  })
})

describe('the spawn rule', () => {
  const SPAWN = (i: number): Made => ({ call: `agent ${i}`, tool: 'Agent', result: 'started' })

  test('warns at 15 agents and blocks at 60 a minute by default, whoever starts them', () => {
    const s = begun()
    const { calls } = round(s, times(65, SPAWN))
    assert.deepEqual([calls.indexOf('warn'), calls.indexOf('block')], [14, 59])
    assert.deepEqual(round(s, [SPAWN(99)], 'nested', 0).calls, ['block'])
    assert.deepEqual(round(s, [other(1)]).calls, ['allow'], 'other tools go on')
  })

  test('halts the whole session when an agent goes on starting them', () => {
    const s = begun({ spawn: { blockPerMin: 2, warnPerMin: 0 } })
    assert.deepEqual(rounds(s, 4, SPAWN, 'one'), ['allow', 'block', 'block', 'block, halt'])
    assert.deepEqual(round(s, [other(1)], 'two').calls, ['halt'])
  })
})

describe('the tools rule', () => {
  test('counts a tool by itself, by its name or by how that begins', () => {
    const s = begun({ tools: { 'mcp__github__*': { blockPerMin: 3 }, WebFetch: { warnPerMin: 2 } } })
    const github = (i: number): Made => ({ call: `${i}`, tool: `mcp__github__${i}`, result: `${i}` })
    assert.deepEqual(rounds(s, 3, github), ['allow', 'allow', 'block'])
    const fetch = (i: number): Made => ({ call: `${i}`, tool: 'WebFetch', result: `${i}` })
    assert.deepEqual(rounds(s, 3, fetch), ['allow', 'warn', 'allow'])
    const { verdicts } = round(s, [github(9)])
    assert.equal(verdicts[0]?.kind === 'block' && verdicts[0].of, 'mcp__github__*')
  })
})

describe('a session that tells neither of rounds nor of prompts', () => {
  test('is never halted; from the tenth block in a row each ends the turn, until a place is free', () => {
    const s = { ...scene({ rate: { blockPerMin: 2 } }) }
    meet(s, 0, call('first', 'first'))
    const verdicts = times(12, (i) => meet(s, 1, call(`c${i}`, `i${i}`)))
    const ends = verdicts.map((verdict) =>
      verdict.kind === 'block' ? Boolean(verdict.endsTurn) : verdict.kind,
    )
    assert.deepEqual(ends, [...new Array(9).fill(false), true, true, true])
    assert.equal(meet(s, 61, call('later', 'later')).kind, 'allow')
  })
})

describe('an older client, which tells of prompts and single results but not of rounds', () => {
  test('is halted after ten blocks in a row, until a person writes a prompt', () => {
    const s = begun()
    const verdicts = times(20, (i) => {
      s.seconds += 5
      const made = { tool: 'Bash', id: `old ${i}`, signature: 'ls', isPoll: false }
      const { kind } = meet(s, s.seconds, { type: 'call', agent: MAIN, ...made })
      if (kind !== 'allow' && kind !== 'warn') return kind
      meet(s, s.seconds, {
        type: 'results',
        agent: MAIN,
        calls: [{ ...made, result: 'a b' }],
        endsRound: false,
      })
      return 'ran'
    })
    assert.deepEqual(verdicts, [
      ...new Array(5).fill('ran'),
      ...new Array(9).fill('block'),
      ...new Array(6).fill('halt'),
    ])
    prompt(s)
    assert.equal(meet(s, s.seconds, call('ls', 'after')).kind, 'allow')
  })
})

describe('two warnings due at once', () => {
  test('are both spoken, one after the other', () => {
    const s = begun({ rate: { warnPerMin: 4, blockPerMin: 0 } })
    const warned = times(6, () => round(s, [LS]).verdicts[0]).map((v) => (v?.kind === 'warn' ? v.rule : ''))
    assert.deepEqual(warned, ['', '', '', 'repeat', 'rate', ''])
  })
})

describe('shadow mode', () => {
  test('trips no breaker that would stay tripped once it is over', () => {
    const s: Scene = { ...begun({ mode: 'shadow' }) }
    rounds(s, 9, LS)
    assert.equal(round(s, [other(1)]).calls[0], 'halt')
    assert.equal(outlook(s.session, DEFAULT_POLICY, START).kind, 'allow')
    const enforced: Scene = { ...s, policy: DEFAULT_POLICY }
    assert.deepEqual(round(enforced, [LS]).calls, ['allow'])
  })

  test('decides as ever, and counts what it would have done apart', () => {
    const policy = applySettings(DEFAULT_POLICY, { mode: 'shadow', rate: { blockPerMin: 1, warnPerMin: 0 } })
    const outcome = asCounted(policy, decide(stateOf(scene()), call('a'), policy, START))
    assert.equal(outcome.verdict.kind, 'block')
    assert.deepEqual(outcome.tally, { calls: 1, warned: 0, blocked: 0, halted: 0 })
    assert.deepEqual(outcome.would, { calls: 1, warned: 0, blocked: 1, halted: 0 })
  })
})
