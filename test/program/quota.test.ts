/** The limits of the client's user, as real hooks and status lines hear of them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { signed } from '../support/halted.ts'
import { event, hookEach, runCli, temporaryHome } from '../support/processes.ts'

const named = (name: string, members: object = {}) => event({ hook_event_name: name, ...members })
const prompt = (text: string, members: object = {}) =>
  named('UserPromptSubmit', { prompt_id: text, prompt: text, ...members })

/** As the client tells it; there is no Stop then. Source: client 2.1.330. */
const refused = (error: string) =>
  named('StopFailure', {
    ...{ effort: { level: 'medium' }, error },
    last_assistant_message:
      'API Error: Request rejected (429) · This request would exceed your account rate limit',
  })

async function stateIn(home: string): Promise<string> {
  return JSON.parse((await runCli(['status', '--json'], { home })).stdout).sessions[0].state
}

describe('a session whose client was refused at a limit', () => {
  for (const error of ['rate_limit', 'billing_error']) {
    test(`(${error}) goes on with nothing but a prompt of a person`, async (t) => {
      const home = temporaryHome(t)
      await hookEach([prompt('look at it'), event(), refused(error)], { home })
      assert.equal(await stateIn(home), 'halt')
      const notification = prompt('<task-notification>\n<task-id>b1</task-id>\n')
      const going = [event({ agent_id: 'a1', agent_type: 'Explore' }), notification, event()]
      const ended = await hookEach([...going, prompt('go on'), event()], { home })
      assert.deepEqual(
        ended.map(({ exitCode }) => exitCode),
        [2, 2, 2, 0, 0],
      )
      assert.match(
        ended[0]?.stderr ?? '',
        /^halted: .* \(quota_reached: the client was refused at a limit of its provider\)/,
      )
      const [line, ...calls] = await signed(home, 'halt')
      assert.deepEqual([line?.type, line?.limit_of, calls.length], ['quota_reached', 'refusal', 2])
    })
  }

  test('is not one whose provider is overloaded, nor any where it is not to be halted', async (t) => {
    const home = temporaryHome(t)
    await hookEach([event(), refused('server_error')], { home })
    const lenient = temporaryHome(t, { quota: { haltOnLimitError: false } })
    await hookEach([event(), refused('rate_limit')], { home: lenient })
    assert.deepEqual([await stateIn(home), await stateIn(lenient)], ['allow', 'allow'])
  })
})
