/** Clients that an agent has started from its shell count for the outermost session. Real hook processes, real clients. */

import assert from 'node:assert/strict'
import { chownSync } from 'node:fs'
import { describe, type TestContext, test } from 'node:test'
import { client, HAS_PROC, prompt } from '../support/halted.ts'
import { rootOnly, STRANGER } from '../support/places.ts'
import {
  BLOCKING,
  event,
  hookEach,
  inParallel,
  type Options,
  run,
  runCli,
  runHook,
  temporaryHome,
  times,
} from '../support/processes.ts'

/** Far more than any of it takes on a slow machine: only what hangs is ended by it. */
const HANGS = { timeout: 300_000, skip: HAS_PROC ? false : 'no /proc' }

const QUIET = { repeat: { warn: false, block: false }, unattended: { warnTurns: 0, warnCalls: 0 } }

/** So many agents halt the outermost session. */
const atMost = (agents: number) => ({ ...QUIET, agents: { warnAt: 0, blockAt: agents } })

/** The environment of what an agent of this session starts from its shell. */
const shellOf = (session: string) => ({
  AI_AGENT: 'claude-code_2-1-330_agent',
  CLAUDE_CODE_SESSION_ID: session,
})

/** What the hooks of a client that an agent of this session has started are told of it. */
const startedBy = (t: TestContext, session: string) => client(t, shellOf(session))

const call = (session: string, members: object = {}) => event({ session_id: session, ...members })

const of = (session: string, name: string, members: object = {}) =>
  event({ session_id: session, hook_event_name: name, ...members })

/** The sessions of this home by their ids, as `status --json` has them. */
async function known(home: string, options: Partial<Options> = {}) {
  const { stdout } = await runCli(['status', '--all', '--json'], { home, ...options })
  const { sessions }: { sessions: Record<string, unknown>[] } = JSON.parse(stdout)
  return new Map(sessions.map((each) => [`${each.session}`, each]))
}

/** The outermost session r, and one nested in it, each with one call. */
async function pair(t: TestContext, settings: object) {
  const home = temporaryHome(t, settings)
  const env = startedBy(t, 'r')
  const ended = await runHook({ home, input: call('r') })
  assert.equal(ended.exitCode, 0)
  return { home, env, nested: await runHook({ home, env, input: call('n') }) }
}

describe('nested clients', HANGS, () => {
  test('in a chain of six count as six agents of the outermost session, whose halt stops all of them', async (t) => {
    const home = temporaryHome(t, atMost(6))
    await runHook({ home, input: call('r') })
    const chain = times(6, (i) => ({ id: `n${i + 1}`, env: startedBy(t, i === 0 ? 'r' : `n${i}`) }))
    const answers = await inParallel(
      chain.map(
        ({ id, env }) =>
          () =>
            runHook({ home, env, input: call(id) }),
      ),
      1,
    )
    assert.deepEqual(
      answers.map(({ exitCode }) => exitCode),
      [0, 0, 0, 0, 0, 2],
    )
    const last = answers.at(-1)
    assert.match(last?.stderr ?? '', /^halted: .*\(agent_limit: 6 agents .* spikectl reset r\n/)
    assert.match(last?.stdout ?? '', /^\{"continue":false,"stopReason":".*spikectl reset r\. /)

    const sessions = await known(home)
    assert.deepEqual(
      [sessions.get('r')?.agentsSeen, sessions.get('r')?.state, sessions.get('r')?.children],
      [6, 'halt', ['n1']],
    )
    assert.deepEqual(
      ['n1', 'n6'].map((id) => [sessions.get(id)?.parent, sessions.get(id)?.children]),
      [
        ['r', ['n2']],
        ['n5', []],
      ],
    )

    for (const { id, env } of [chain[0], chain[3]].filter((each) => each !== undefined)) {
      const [called, told] = await hookEach([call(id), prompt({ session_id: id })], { home, env })
      for (const ended of [called, told]) {
        assert.equal(ended?.exitCode, 2, id)
        assert.match(ended?.stderr ?? '', /spikectl reset r\n/, id)
      }
    }
  })

  test('in a fan of 40 count as 40, and the 40th is stopped', async (t) => {
    const home = temporaryHome(t, atMost(40))
    await runHook({ home, input: call('r') })
    const env = startedBy(t, 'r')
    const fan = times(40, (i) => () => runHook({ home, env, input: call(`n${i}`) }))
    const answers = await inParallel(fan, 4)
    assert.deepEqual(
      answers.map(({ exitCode }) => exitCode).filter((code) => code !== 0),
      [2],
    )
    const root = (await known(home)).get('r')
    assert.ok(Array.isArray(root?.children))
    assert.deepEqual([root.agentsSeen, root.children.length], [40, 40])
  })

  test('go on after a person has written to the outermost session', async (t) => {
    const { home, env, nested } = await pair(t, atMost(1))
    assert.equal(nested.exitCode, 2)
    await runHook({ home, input: prompt({ session_id: 'r' }) })
    assert.equal((await runHook({ home, env, input: call('n') })).exitCode, 0)
  })

  test('share the limits of the outermost session, and their results end the turn there', async (t) => {
    const { home, env, nested } = await pair(t, {
      ...QUIET,
      rate: { warnPerMin: 0, blockPerMin: 2 },
      halt: { afterDeniedRounds: 1 },
    })
    assert.equal(nested.exitCode, 2)
    assert.match(nested.stderr, /^rate_limited: 2 tool calls .*\n.*spikectl reset r\n/)
    const batch = { tool_calls: [{ tool_name: 'Bash', tool_input: {}, tool_response: nested.stderr }] }
    const ended = await runHook({ home, env, input: of('n', 'PostToolBatch', batch) })
    assert.equal(ended.exitCode, 0)
    assert.match(ended.stdout, /^\{"continue":false,"stopReason":".*spikectl reset r\. /)
    assert.equal((await runHook({ home, input: call('r') })).exitCode, 2)
  })

  test('run as agents of the outermost session until their turn, or they themselves, end', async (t) => {
    const { home, env } = await pair(t, QUIET)
    const running = async (...events: string[]) => {
      await hookEach(events, { home, env })
      const root = (await known(home)).get('r')
      return [root?.agentsSeen, root?.agentsRunning]
    }
    assert.deepEqual(await running(prompt({ session_id: 'n' })), [1, 1])
    assert.deepEqual(await running(of('n', 'Stop')), [1, 0])
    assert.deepEqual(await running(prompt({ session_id: 'n' })), [1, 1])
    assert.deepEqual(await running(of('n', 'SubagentStart', { agent_id: 'a1' })), [2, 2])
    assert.deepEqual(await running(of('n', 'SubagentStop', { agent_id: 'a1' })), [2, 1])
    assert.deepEqual(await running(of('n', 'SessionEnd', { reason: 'other' })), [2, 0])
  })

  test('stand below the session that they were started from in status, in 80 columns', async (t) => {
    const { home, env } = await pair(t, QUIET)
    await runHook({ home, env: startedBy(t, 'n'), input: prompt({ session_id: 'deep' }) })
    await hookEach([call('deep'), call('other'), call('other'), call('other'), call('other')], { home })
    const { stdout } = await runCli(['status'], { home, env: { COLUMNS: '80' } })
    const lines = stdout.split('\n')
    assert.deepEqual(
      lines.slice(1, 5).map((line) => line.split('  /')[0]?.slice(0, 10).trimEnd()),
      ['other', 'r', '└ n', '  └ deep'],
    )
    assert.ok(lines.includes('r: 1 agent running'), stdout)
    assert.ok(lines.every((line) => line.length <= 80))
    const alone = (await runCli(['status', 'n'], { home, env })).stdout
    assert.match(
      alone,
      /\nn: an agent of r has started its client; what it does counts there too: spikectl status r\n/,
    )
  })

  test('have schedules of their own, which do not take the place of the outermost session’s', async (t) => {
    const { home, env } = await pair(t, QUIET)
    const scheduled = { session_crons: [{ id: 'c1', prompt: 'look at it' }] }
    await runHook({ home, input: of('r', 'Stop', scheduled) })
    await runHook({ home, env, input: of('n', 'Stop', { session_crons: [] }) })
    await runHook({ home, input: prompt({ session_id: 'r', prompt: 'look at it' }) })
    assert.equal((await known(home)).get('r')?.machineTurns, 1)
  })
})

describe('a nested client whose outermost session is halted', HANGS, () => {
  test('is shown as halted with it, and so is each other one', async (t) => {
    const { home, env, nested } = await pair(t, atMost(1))
    assert.equal(nested.exitCode, 2)
    for (const id of ['n2', 'n3', 'n4']) await runHook({ home, env, input: prompt({ session_id: id }) })
    const { state, root, haltedWith, latch, retryAfterMs } = (await known(home)).get('n') ?? {}
    assert.deepEqual(
      { state, root, haltedWith, latch, retryAfterMs },
      { state: 'halt', root: 'r', haltedWith: 'r', latch: undefined, retryAfterMs: -1 },
    )
    const alone = (await runCli(['status', 'n'], { home })).stdout
    assert.match(
      alone,
      /^HALTED n with r, where its calls count too; r goes on with a prompt of a person, or: spikectl reset r\n/,
    )
    assert.match(alone, /\nn .* HALT +after a prompt\n/)
    const all = (await runCli(['status'], { home })).stdout
    assert.match(all, /^HALTED r since .*\nHALTED (n\d?, ){2}n\d? and 1 more with r, .*: spikectl reset r\n/)

    await runCli(['reset', 'r'], { home })
    const after = (await known(home)).get('n')
    assert.deepEqual([after?.state, after?.root, after?.haltedWith], ['allow', 'r', undefined])
  })

  test('is not shown as halted in shadow mode', async (t) => {
    const { home } = await pair(t, atMost(1))
    await runCli(['config', 'set', 'mode', 'shadow'], { home })
    assert.equal((await known(home)).get('n')?.state, 'allow')
  })
})

describe('a session that a person began', HANGS, () => {
  test('is an agent of the session whose agent goes on with it, and is halted with that', async (t) => {
    const home = temporaryHome(t, atMost(2))
    await hookEach([call('r'), call('old'), of('old', 'SessionEnd', { reason: 'other' })], { home })
    const resumed = await hookEach(
      [prompt({ session_id: 'old' }), call('old'), call('old', { agent_id: 'a1' })],
      {
        home,
        env: startedBy(t, 'r'),
      },
    )
    assert.deepEqual(
      resumed.map(({ exitCode }) => exitCode),
      [0, 0, 2],
    )
    assert.match(resumed[2]?.stderr ?? '', /\(agent_limit: 2 agents .* spikectl reset r\n/)
    const sessions = await known(home)
    assert.deepEqual([sessions.get('r')?.agentsSeen, sessions.get('r')?.children], [2, ['old']])
    assert.deepEqual([sessions.get('old')?.parent, sessions.get('old')?.haltedWith], ['r', 'r'])
  })

  test('counts alone again as soon as a person goes on with it, and so does what its agents start then', async (t) => {
    const home = temporaryHome(t, atMost(1))
    await hookEach([call('r'), call('old')], { home })
    const machine = { home, env: startedBy(t, 'r') }
    assert.equal((await runHook({ ...machine, input: prompt({ session_id: 'old' }) })).exitCode, 2)
    assert.equal((await runHook({ ...machine, input: call('old') })).exitCode, 2)
    const person = { home, env: client(t, { TERM: 'xterm' }) }
    const ended = await hookEach([prompt({ session_id: 'old' }), call('old')], person)
    assert.deepEqual(
      ended.map(({ exitCode }) => exitCode),
      [0, 0],
    )
    const sessions = await known(home)
    assert.deepEqual(
      ['r', 'old'].map((id) => sessions.get(id)?.state),
      ['halt', 'allow'],
    )
    assert.deepEqual([sessions.get('old')?.parent, sessions.get('old')?.root], ['r', null])
    const { stdout } = await runCli(['status', 'old'], { home })
    assert.match(
      stdout,
      /\nold: an agent of r had started its client; a person goes on with it, .*alone: .* r\n/,
    )
    const fresh = await runHook({ home, env: startedBy(t, 'old'), input: call('n') })
    assert.match(fresh.stderr, /spikectl reset old\n/)
  })

  test('counts once when an agent of its own, or of a session that it has started, goes on with it', async (t) => {
    const { home, env } = await pair(t, QUIET)
    for (const starter of ['r', 'n']) {
      const env = startedBy(t, starter)
      const ended = await hookEach([prompt({ session_id: 'r' }), call('r')], { home, env })
      assert.deepEqual(
        ended.map(({ exitCode }) => exitCode),
        [0, 0],
      )
    }
    await runHook({ home, env, input: call('n') })
    const sessions = await known(home)
    const r = sessions.get('r')
    assert.deepEqual([r?.parent, r?.children, r?.agentsSeen, r?.count], [null, ['n'], 1, 5])
    assert.equal(sessions.get('n')?.root, 'r')
  })

  test('and others whose agents go on with each other all count in one of them', async (t) => {
    const home = temporaryHome(t, QUIET)
    const ring = ['x', 'y', 'z'] as const
    await hookEach(
      ring.map((id) => call(id)),
      { home },
    )
    const clients = ring.map((id, i) => ({ id, env: startedBy(t, ring[(i + 1) % ring.length] ?? '') }))
    for (const { id, env } of [...clients, ...clients]) {
      assert.equal((await runHook({ home, env, input: prompt({ session_id: id }) })).exitCode, 0)
    }
    for (const { id, env } of clients) await runHook({ home, env, input: call(id) })
    const sessions = await known(home)
    assert.deepEqual(
      ring.map((id) => [sessions.get(id)?.root, sessions.get(id)?.count]),
      [
        ['z', 2],
        ['z', 2],
        [null, 4],
      ],
    )
  })
})

describe('a client is no nested one', HANGS, () => {
  /** How the session n, whose client is as `options` say, stands to the session r. */
  const nestedIn = async (home: string, options: Partial<Options>) => {
    const ended = await runHook({ home, input: call('n'), ...options })
    assert.deepEqual([ended.exitCode, ended.stdout, ended.stderr], [0, '', ''])
    const sessions = await known(home, options)
    return [sessions.get('n')?.parent, sessions.get('r')?.agentsSeen ?? 0]
  }

  test('when it goes on with the session of its parent', async (t) => {
    const home = temporaryHome(t, QUIET)
    assert.deepEqual(await nestedIn(home, { env: startedBy(t, 'n') }), [null, 0])
  })

  test('when it is gone: what it was is not known', async (t) => {
    const home = temporaryHome(t, QUIET)
    let pid = ''
    const onStart: Options['onStart'] = (child) => (pid = `${child.pid}`)
    assert.equal((await run(['-e', ''], { home, env: shellOf('r'), onStart })).exitCode, 0)
    assert.deepEqual(await nestedIn(home, { env: { CLAUDE_PID: pid } }), [null, 0])
  })

  test('when it belongs to another user, whose environment is not ours to read', rootOnly, async (t) => {
    const home = temporaryHome(t, QUIET)
    for (const each of [home, `${home}/config.json`]) chownSync(each, STRANGER, STRANGER)
    assert.deepEqual(await nestedIn(home, { env: startedBy(t, 'r'), uid: STRANGER }), [null, 0])
  })

  test('but it is one when its environment has 2 MB', async (t) => {
    const home = temporaryHome(t, QUIET)
    const large = Object.fromEntries(times(15, (i) => [`LARGE_${i}`, 'x'.repeat(125_000)]))
    await runHook({ home, input: call('r') })
    const env = client(t, { ...large, ...shellOf('r') })
    assert.deepEqual(await nestedIn(home, { env }), ['r', 1])
  })
})

describe('forged parents', HANGS, () => {
  for (const [how, ring] of [
    ['each other', ['x', 'y']],
    ['one another in a ring', ['x', 'y', 'z']],
  ] as const) {
    test(`that name ${how} hang nothing, and none counts twice`, async (t) => {
      const home = temporaryHome(t, { ...QUIET, ...BLOCKING })
      const clients = ring.map((id, i) => ({ id, env: startedBy(t, ring[(i + 1) % ring.length] ?? '') }))
      // A first call that is blocked makes no parent known: so the next one is free to name this session as its own.
      const first = clients.map(({ id, env }) => ({ code: 2, env, input: call(id) }))
      const second = clients.map(({ id, env }) => ({ code: 0, env, input: prompt({ session_id: id }) }))
      for (const { code, ...told } of [...first, ...second]) {
        assert.equal((await runHook({ home, ...told, killAfterMs: 60_000 })).exitCode, code, told.input)
      }
      const sessions = await known(home)
      assert.deepEqual(
        ring.map((id) => sessions.get(id)?.agentsSeen),
        how === 'each other' ? [0, 1] : [0, 0, 2],
      )
      assert.equal((await runCli(['status'], { home, killAfterMs: 60_000 })).exitCode, 0)
    })
  }

  test('of another tenant are not looked up: tenants never mix', async (t) => {
    const home = temporaryHome(t, atMost(2))
    const as = (tenant: string, env = {}) => ({ home, env: { ...env, SPIKECTL_TENANT: tenant } })
    await runHook({ ...as('a'), input: call('r') })
    await runHook({ ...as('a', startedBy(t, 'r')), input: call('n1') })
    const [halted] = await hookEach([call('n2')], as('a', startedBy(t, 'n1')))
    assert.equal(halted?.exitCode, 2)
    assert.equal((await runHook({ ...as('b', startedBy(t, 'n1')), input: call('n3') })).exitCode, 0)
    const [inA, inB] = await Promise.all(
      ['a', 'b'].map(async (tenant) => {
        const { stdout } = await runCli(['status', '--all', '--json', '--tenant', tenant], { home })
        const { sessions }: { sessions: Record<string, unknown>[] } = JSON.parse(stdout)
        return sessions.map(({ session, agentsSeen }) => `${session}: ${agentsSeen}`).sort()
      }),
    )
    assert.deepEqual(inA, ['n1: 0', 'n2: 0', 'r: 2'])
    assert.deepEqual(inB, ['n1: 1', 'n3: 0'])
  })
})
