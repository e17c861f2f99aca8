/** Limits in dollars: the client tells its status line what a session has cost, and the hooks hold it against the budget. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { signed } from '../support/halted.ts'
import { event, runHook, temporaryHome } from '../support/processes.ts'
import { draw, given } from '../support/statusline.ts'

const LIMITS = { budget: { prompt: { warnUsd: 1, haltUsd: 2 } } }

const prompt = () => event({ hook_event_name: 'UserPromptSubmit', prompt: 'go' })

let ids = 0

/** The end of a round with a call of its own. */
function round(): string {
  ids += 1
  const call = {
    tool_name: 'Bash',
    tool_input: { command: `${ids}` },
    tool_use_id: `t${ids}`,
    tool_response: 'x',
  }
  return event({ hook_event_name: 'PostToolBatch', tool_calls: [call] })
}

async function costs(home: string, total_cost_usd: unknown): Promise<void> {
  await draw({ home, input: given({ cost: { total_cost_usd } }) })
}

async function heard(home: string, input: string) {
  const { stdout } = await runHook({ home, input })
  return stdout === '' ? {} : JSON.parse(stdout)
}

describe('a budget in dollars', () => {
  test('warns at the next call, and ends the turn at the end of the round that reaches it', async (t) => {
    const home = temporaryHome(t, LIMITS)
    await heard(home, prompt())
    await costs(home, 0.25)
    assert.deepEqual(await heard(home, round()), {})
    await costs(home, 1.25)
    assert.deepEqual(await heard(home, round()), {})
    const call = await heard(home, event())
    assert.match(call.systemMessage, /^spikectl: \$1\.00 since a person last wrote \(warning at \$1\.00\)/)
    await costs(home, 2.25)
    const ended = await heard(home, round())
    assert.equal(ended.continue, false)
    assert.match(ended.stopReason, /budget_exceeded: \$2\.00 since a person last wrote/)
    const [line] = await signed(home, 'halt')
    assert.deepEqual([line?.type, line?.limit_of, line?.count], ['budget_exceeded', 'prompt cents', 200])
  })

  test('begins anew when a person writes, and when the client counts from 0 again', async (t) => {
    const home = temporaryHome(t, LIMITS)
    await heard(home, prompt())
    await costs(home, 0.5)
    await heard(home, round())
    await costs(home, 2)
    await heard(home, prompt())
    await costs(home, 3.5)
    assert.deepEqual(await heard(home, round()), {})
    await costs(home, 0.5)
    const ended = await heard(home, round())
    assert.match(ended.stopReason, /\$2\.00 since a person last wrote/)
  })

  test('hears of nothing where the client says none, or nonsense', async (t) => {
    const home = temporaryHome(t, LIMITS)
    await heard(home, prompt())
    for (const cost of ['9', -1, null, {}]) {
      await costs(home, cost)
      assert.deepEqual(await heard(home, round()), {})
    }
  })
})
