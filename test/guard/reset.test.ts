import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide } from '../../src/guard/decide.ts'
import type { GuardEvent } from '../../src/guard/event.ts'
import { applySettings } from '../../src/guard/policy.ts'
import { times } from '../support/processes.ts'
import { begun, type Made, prompt, rounds, type Scene, scene } from '../support/rounds.ts'
import { call, MAIN, meet, START, stateOf } from '../support/table.ts'

const LS: Made = { call: 'ls', result: 'a b' }
const PROMPT: GuardEvent = { type: 'prompt', agent: MAIN, by: 'person' }
const END: GuardEvent = { type: 'session_end', agent: MAIN }
const SUB = { id: 'sub', type: 'Explore' }

function halted(agent = 'main'): Scene {
  const s = begun()
  rounds(s, 8, LS, agent)
  return s
}

function atLimit(blockPerMin = 5): Scene {
  const s = scene({ rate: { warnPerMin: 0, blockPerMin } })
  for (const i of times(blockPerMin, (index) => index)) meet(s, s.seconds, call(`${i}`))
  return s
}

function busy(): Scene {
  const s = begun()
  rounds(s, 3, LS)
  return s
}

function idle(s: Scene): Scene {
  s.seconds += 61
  return s
}

/** How the event lets go on what was stopped; "others" when only other agents of the session can have been. */
function resetBy(s: Scene, event: GuardEvent, settings = {}): string | undefined {
  const policy = applySettings(s.policy, settings)
  const { reset } = decide(stateOf(s, event.agent.id), event, policy, START + s.seconds * 1000)
  return reset && `${reset.how}${reset.wasStopped ? '' : ', others'}`
}

describe('what was stopped goes on', () => {
  const shadow = { mode: 'shadow' as const }
  const rows: readonly (readonly [string, Scene, GuardEvent, object, string | undefined])[] = [
    ['with a prompt of a person', halted(), PROMPT, {}, 'prompt'],
    ['with a prompt of a person, a subagent too', halted('sub'), { ...PROMPT, agent: SUB }, {}, 'prompt'],
    ['of other agents, if any was, with a prompt', halted('sub'), PROMPT, {}, 'prompt, others'],
    ['not with a prompt of a machine', halted(), { ...PROMPT, by: 'machine' }, {}, undefined],
    ["not with a prompt to an agent's client", halted(), { ...PROMPT, startedByAgent: true }, {}, undefined],
    ['not with a call', halted(), call('x'), {}, undefined],
    ['with whatever event meets shadow mode first', halted(), call('x'), shadow, 'mode'],
    ['with a prompt that meets shadow mode first', halted(), PROMPT, shadow, 'mode'],
    ['of other agents, if any was, with the end of a session', busy(), END, {}, 'session_end, others'],
    ['as far as its window goes, with the end of a halted session', halted(), END, {}, 'session_end'],
    ['as far as its window goes, with the end of a session at a limit', atLimit(), END, {}, 'session_end'],
    ['as far as its window goes, with the end of one at a limit of 2', atLimit(2), END, {}, 'session_end'],
    ['not with an end that finds no window', idle(halted()), END, {}, undefined],
    ['not with an end long after the limit was met', idle(atLimit()), END, {}, undefined],
  ]
  for (const [name, s, event, settings, expected] of rows) {
    test(name, () => assert.equal(resetBy(s, event, settings), expected))
  }

  test('only where it was stopped: what shadow mode would have halted was not', () => {
    const s = begun({ mode: 'shadow' })
    rounds(s, 9, LS)
    assert.equal(resetBy(s, PROMPT), undefined)
    assert.equal(resetBy(s, call('x'), { mode: 'enforce' }), undefined)
  })
})

describe('a client that an agent has started', () => {
  const by = (startedByAgent: boolean): GuardEvent => ({ ...PROMPT, startedByAgent })

  test('has no person: its prompts are blocked while the session is halted', () => {
    const s = halted()
    assert.equal(meet(s, s.seconds, by(true)).kind, 'halt')
    assert.equal(meet(s, s.seconds, call('x')).kind, 'halt')
  })

  test('is remembered from the first event of a session, for prompts that name no client', () => {
    const s = scene()
    meet(s, 0, { ...call('first'), startedByAgent: true })
    rounds(s, 8, LS)
    assert.equal(prompt(s).kind, 'halt')
    assert.equal(meet(s, s.seconds, call('x')).kind, 'halt')
  })

  test('is forgotten when a person resumes the session in another', () => {
    const s = halted()
    meet(s, s.seconds, by(true))
    assert.equal(meet(s, s.seconds, by(false)).kind, 'allow')
    assert.equal(meet(s, s.seconds, call('x')).kind, 'allow')
    assert.equal(prompt(s).kind, 'allow')
  })
})
