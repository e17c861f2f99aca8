/** The limits of the client's user, as real hooks and status lines hear of them. */

import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { signed } from '../support/halted.ts'
import { giveAway, isRoot, makeFolderAt, makeLink, makePipe } from '../support/places.ts'
import { event, hookEach, runCli, temporaryHome } from '../support/processes.ts'
import { draw, given, line } from '../support/statusline.ts'

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

const HOUR_S = 3600
const inSeconds = (seconds: number) => Math.round(Date.now() / 1000) + seconds

/** What a subscription's client gives its status line. */
const using = (percent: unknown, members: object = {}) =>
  given({
    cost: { total_cost_usd: 1.25 },
    rate_limits: {
      five_hour: { used_percentage: percent, resets_at: inSeconds(3 * HOUR_S) },
      seven_day: { used_percentage: 41.5, resets_at: inSeconds(72 * HOUR_S) },
    },
    ...members,
  })

const fileIn = (home: string) => join(home, 'client-limits.json')
const written = (home: string) => JSON.parse(readFileSync(fileIn(home), 'utf8'))

let rounds = 0

/** A call alone in its round: what its hooks said. */
async function round(home: string) {
  rounds += 1
  const made = { tool_name: 'Bash', tool_input: { command: `ls ${rounds}` }, tool_use_id: `t${rounds}` }
  const batch = { tool_calls: [{ ...made, tool_response: `${rounds}` }] }
  return hookEach([event(made), named('PostToolBatch', batch)], { home })
}

describe('the limits of the user', () => {
  test('are written down by the status line with what the session has cost, for the user alone to read', async (t) => {
    const home = temporaryHome(t)
    await round(home)
    await draw({ home, input: using(91.5) })
    assert.equal(statSync(fileIn(home)).mode & 0o777, 0o600)
    const { version, limits, limitsAt, sessions } = written(home)
    assert.equal(version, 1)
    assert.deepEqual([limits.five_hour.percent, limits.seven_day.percent], [91.5, 41.5])
    assert.ok(Math.abs(limits.five_hour.resetsAt - Date.now() - 3 * HOUR_S * 1000) < 120_000)
    assert.ok(limitsAt <= Date.now() && limitsAt > Date.now() - 60_000)
    const { costUsd, at } = sessions['["","session","s1"]']
    assert.deepEqual([costUsd, at], [1.25, limitsAt])
  })

  test('are not written again as long as nothing has changed', async (t) => {
    const home = temporaryHome(t)
    await round(home)
    const input = using(91.5)
    const inodes = [input, input, using(92)].map((each) => async () => {
      await draw({ home, input: each })
      return statSync(fileIn(home)).ino
    })
    const seen: number[] = []
    for (const inode of inodes) seen.push(await inode())
    assert.equal(seen[0], seen[1])
    assert.equal(written(home).limits.five_hour.percent, 92)
  })

  test('are warned of once in each session, which names the limit and when it begins anew', async (t) => {
    const home = temporaryHome(t)
    await round(home)
    await draw({ home, input: using(91.5) })
    const [silent] = await round(home)
    assert.equal(silent?.stdout, '') // no call looks: it is the end of its round that does
    const [warned] = await round(home)
    const { systemMessage, hookSpecificOutput } = JSON.parse(warned?.stdout ?? '')
    const facts = '91 % of the five-hour limit is used, which resets in 3 h (warning at 90 %)'
    assert.equal(systemMessage, `spikectl: ${facts}. See: spikectl status s1`)
    assert.equal(
      hookSpecificOutput.additionalContext,
      `${facts}. Finish what matters most, and begin nothing large.`,
    )
    const [again] = await round(home)
    assert.equal(again?.stdout, '')
    const other = { session_id: 's2', tool_use_id: 'o1' }
    const [, elsewhere] = await hookEach([prompt('hello', other), event(other)], { home })
    assert.match(JSON.parse(elsewhere?.stdout ?? '').systemMessage, /91 % of the five-hour limit/)
    assert.match(await line({ home, input: using(91.5) }), /^spikectl \d+\/500 warn \(quota\)\n$/)
    const shown = (await runCli(['status'], { home })).stdout
    for (const session of ['s1', 's2'])
      assert.match(
        shown,
        new RegExp(`${session}: 91 % of the five-hour limit is used, which resets in 3 h\\n`),
      )
    const { stdout: explained } = await runCli(['explain', '--session', 's1'], { home })
    assert.match(explained, /quota\.five_hour +91 +90 +- +warn/)
    const { stdout: metrics } = await runCli(['metrics'], { home })
    assert.match(metrics, /^spikectl_quota_percent 91\.5$/m)
  })

  test('end the turn where the owner says so, and a person who writes then goes on', async (t) => {
    const home = temporaryHome(t, { quota: { haltPercent: 95 } })
    await round(home)
    await draw({ home, input: using(96) })
    const [, ended] = await round(home)
    const { continue: goesOn, stopReason } = JSON.parse(ended?.stdout ?? '')
    assert.equal(goesOn, false)
    assert.match(stopReason, /quota_reached: 96 % of the five-hour limit is used, which resets in 3 h\)/)
    const [line] = await signed(home, 'halt')
    assert.deepEqual(
      [line?.type, line?.limit_of, line?.count, line?.limit],
      ['quota_reached', 'five_hour', 96, 95],
    )
    const [blocked] = await round(home)
    assert.equal(blocked?.exitCode, 2)
    await hookEach([prompt('go on all the same')], { home })
    assert.deepEqual(
      (await round(home)).map(({ exitCode }) => exitCode),
      [0, 0],
    )
  })

  test('are of no interest where no percentage has a limit', async (t) => {
    const home = temporaryHome(t, { quota: { warnPercent: 0 } })
    await round(home)
    await draw({ home, input: using(99) })
    for (const { stdout } of [...(await round(home)), ...(await round(home))]) assert.equal(stdout, '')
  })

  test('that have begun anew since are as good as unused', async (t) => {
    const home = temporaryHome(t)
    await round(home)
    const resets_at = inSeconds(-5)
    const input = using(0, { rate_limits: { five_hour: { used_percentage: 99, resets_at } } })
    await draw({ home, input })
    assert.equal(written(home).limits.five_hour.percent, 99)
    for (const { stdout } of [...(await round(home)), ...(await round(home))]) assert.equal(stdout, '')
  })
})

describe('a file of limits that is none', () => {
  for (const [name, make] of [
    ['empty', (file: string) => writeFileSync(file, '')],
    ['no JSON', (file: string) => writeFileSync(file, '{"version":1,"limits"')],
    ['huge', (file: string) => writeFileSync(file, ' '.repeat(1024 * 1024))],
    ['of another version', (file: string) => writeFileSync(file, '{"version":2,"limits":7}')],
    ['a named pipe', makePipe],
    ['a link', makeLink],
    ...(isRoot ? [['of another user', giveAway] as const] : []),
  ] as const) {
    test(`(${name}) stops no hook, and is written anew by the status line`, async (t) => {
      const home = temporaryHome(t)
      await round(home)
      make(fileIn(home))
      for (const { exitCode, stderr } of await round(home)) assert.deepEqual([exitCode, stderr], [0, ''])
      const { exitCode, stderr } = await draw({ home, input: using(91.5) })
      assert.deepEqual([exitCode, stderr], [0, ''])
      assert.equal(written(home).limits.five_hour.percent, 91.5)
      await round(home)
      const [warned] = await round(home)
      assert.match(warned?.stdout ?? '', /91 % of the five-hour limit/)
    })
  }

  test('(a folder) stops nobody', async (t) => {
    const home = temporaryHome(t)
    await round(home)
    makeFolderAt(fileIn(home))
    for (const { exitCode, stderr } of await round(home)) assert.deepEqual([exitCode, stderr], [0, ''])
    const { exitCode, stderr, stdout } = await draw({ home, input: using(91.5) }, '--no-color')
    assert.deepEqual([exitCode, stderr, stdout], [0, '', 'spikectl 2/500\n'])
  })

  test('(of nonsense) counts for nothing', async (t) => {
    const home = temporaryHome(t)
    await round(home)
    const far = Date.now() + 1e9
    const limits = {
      five_hour: { percent: '99', resetsAt: far },
      seven_day: { percent: -1 },
      weekly: { percent: 1e9 },
      '<b>': { percent: 99 },
      daily: null,
    }
    writeFileSync(fileIn(home), JSON.stringify({ version: 1, limits, limitsAt: Date.now(), sessions: [] }))
    for (const { stdout } of [...(await round(home)), ...(await round(home))]) assert.equal(stdout, '')
  })
})
