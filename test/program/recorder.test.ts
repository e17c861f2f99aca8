/** What was counted as blocked is answered as blocked, whatever becomes of the process that writes it down. */

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { verifyLog } from '../../src/audit/verify.ts'
import { event, type Options, runCli, runHook, temporaryHome } from '../support/processes.ts'

const skip = process.platform === 'win32' ? 'there are no such signals' : false

/** Far more than it takes: a hook that hangs with its recorder is ended by it. */
const HANGS = { skip, timeout: 300_000 }

const PRELOAD = fileURLToPath(new URL('../support/recorder.cjs', import.meta.url))

type End = NodeJS.Signals | 'SILENCE'

/** What the hook is run with so that its recorder ends so; SIGSTOP is what hangs. */
function options(home: string, signal: End): Options {
  const mark = join(home, 'mark')
  return {
    home,
    env: { NODE_OPTIONS: `--require=${PRELOAD}`, RECORDER_ENDS_BY: signal, RECORDER_MARK: mark },
  }
}

function lastEntry(home: string): { event: string; audit: string } {
  return JSON.parse(readFileSync(join(home, 'log.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? '')
}

/** The counter, once it is not 0: what counts it may outlive the hook. */
async function unsignedIn(home: string): Promise<number> {
  for (;;) {
    const { totals } = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    if (totals.unsigned > 0) return totals.unsigned
    await pause(50)
  }
}

const ENDS = [
  ['hangs', 'SIGSTOP', /^not signed: the recorder was not done 8 s after the hook's start$/],
  ['is killed', 'SIGKILL', /^not signed: the recorder ended with SIGKILL$/],
  ['says nothing', 'SILENCE', /^not signed: the recorder has not said what it did$/],
] as const

for (const [ends, signal, why] of ENDS) {
  describe(`a recorder that ${ends}`, HANGS, () => {
    test('leaves a blocked call blocked: the reason says that it is not signed, and so do log and counter', async (t) => {
      const home = temporaryHome(t, { rate: { blockPerMin: 1 } })
      const { exitCode, stdout, stderr } = await runHook({ ...options(home, signal), input: event() })
      assert.deepEqual([exitCode, stdout, existsSync(join(home, 'mark'))], [2, '', true])
      assert.match(stderr, /^rate_limited: .+\n.+\n\[audit not signed: see spikectl log\]\n$/)
      assert.equal(await unsignedIn(home), 1)
      const { event: kind, audit } = lastEntry(home)
      assert.equal(kind, 'block')
      assert.match(audit, why)

      const next = await runHook({ home, input: event() })
      assert.match(next.stderr, /\[audit [0-9a-f]{8}#1 /)
      assert.equal(verifyLog({ folder: join(home, 'audit') }).problem, undefined)
    })

    test('leaves a halt a halt', async (t) => {
      const home = temporaryHome(t, {
        tools: { Bash: { blockPerMin: 1 } },
        halt: { afterDeniedRounds: 1 },
      })
      const made = { tool_name: 'Bash', tool_input: { command: 'ls' }, tool_use_id: 't1' }
      await runHook({ home, input: event(made) })
      const batch = event({ hook_event_name: 'PostToolBatch', tool_calls: [made] })
      const round = await runHook({ ...options(home, signal), input: batch })
      assert.deepEqual([round.exitCode, JSON.parse(round.stdout).continue], [0, false])
      const call = await runHook({ ...options(home, signal), input: event() })
      assert.deepEqual([call.exitCode, JSON.parse(call.stdout).continue], [2, false])
    })

    test('leaves a call without a tenant, and a change of the settings, blocked', async (t) => {
      const home = temporaryHome(t, { tenant: { strict: true } })
      assert.equal((await runHook({ ...options(home, signal), input: event() })).exitCode, 2)
      const named = { ...options(home, signal) }
      const env = { ...named.env, SPIKECTL_TENANT: 'acme', CLAUDE_PROJECT_DIR: home }
      mkdirSync(join(home, '.claude'))
      writeFileSync(join(home, '.claude/settings.json'), '{"disableAllHooks":true}')
      const change = event({ hook_event_name: 'ConfigChange', source: 'project_settings' })
      assert.equal((await runHook({ home, env, input: change })).exitCode, 2)
    })
  })
}

describe('a hook that is told to end while its recorder hangs', HANGS, () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`by ${signal} answers at once that the call is blocked`, async (t) => {
      const home = temporaryHome(t, { rate: { blockPerMin: 1 } })
      const { exitCode, stderr } = await runHook({
        ...options(home, 'SIGSTOP'),
        input: event(),
        onStart: (child) => whenMarked(t, home).then(() => child.kill(signal)),
      })
      assert.equal(exitCode, 2)
      assert.match(stderr, /^rate_limited: /)
      assert.equal(await unsignedIn(home), 1)
      assert.equal(lastEntry(home).audit, `not signed: the hook was ended by ${signal}`)
    })
  }
})

async function whenMarked(t: TestContext, home: string): Promise<void> {
  while (!existsSync(join(home, 'mark')) && !t.signal.aborted) await pause(5)
}

describe('a recorder that cannot be started', HANGS, () => {
  test('leaves it to the hook to sign', async (t) => {
    const home = temporaryHome(t, { rate: { blockPerMin: 1 } })
    // Too long for the environment of any process.
    const input = event({ cwd: `/${'x'.repeat(3_000_000)}` })
    const { exitCode, stderr } = await runHook({ home, input, env: { CLAUDE_PROJECT_DIR: home } })
    assert.equal(exitCode, 2)
    assert.match(stderr, /\[audit [0-9a-f]{8}#1 /)
  })
})

describe('a hook that is late, on a machine that is too busy for another process', HANGS, () => {
  test('signs by itself and starts none', async (t) => {
    const home = temporaryHome(t, { rate: { blockPerMin: 1 } })
    const { env, ...others } = options(home, 'SIGSTOP')
    const late = { ...others, env: { ...env, HOOK_STARTED_S: '1.5' } }
    const { exitCode, stderr } = await runHook({ ...late, input: event() })
    assert.deepEqual([exitCode, existsSync(join(home, 'mark'))], [2, false])
    assert.match(stderr, /\[audit [0-9a-f]{8}#1 /)
  })
})
