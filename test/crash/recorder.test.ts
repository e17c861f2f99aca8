/**
 * A hook that has blocked a call, with the process that writes it down stopped, or killed, at each of its system calls in
 * turn: the client gets its exit code 2 all the same.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { aftermathOf } from '../support/aftermath.ts'
import { type Ended, event, inParallel, runHook, temporaryHome } from '../support/processes.ts'
import { LEFT_OUT, type Point, requireStrace, systemCallsOf } from '../support/strace.ts'
import { SCENARIOS } from './scenarios.ts'

const skip = process.platform === 'linux' ? false : 'strace is a program of Linux'
const PRELOAD = fileURLToPath(new URL('../support/strace-recorder.cjs', import.meta.url))

/** What hangs waits for its hook's deadline and does nothing meanwhile. */
const AT_ONCE = { SIGSTOP: 16, SIGKILL: 2 } as const

/** Some calls are not made in each run. */
const REACHED = 0.9

describe('a hook whose recorder is stopped at each of its system calls', { skip }, () => {
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    test(`by ${signal} answers that the call is blocked`, async (t) => {
      requireStrace()
      const scenario = SCENARIOS['plain append']
      assert.ok(scenario)
      const prepared = temporaryHome(t, scenario.settings)
      await scenario.prepare(prepared)
      const trace = join(temporaryHome(t), 'trace')
      const { points } = await systemCallsOf(scenario.args, scenario.options(copied(t, prepared)), trace)
      const tried = points.filter(({ name }) => !LEFT_OUT.has(name))
      const outcomes = await inParallel(
        tried.map((point) => () => blockedAt(t, prepared, point, signal)),
        AT_ONCE[signal],
      )
      const unsigned = outcomes.filter(({ isSigned }) => !isSigned).length
      console.log(`${signal}: ${tried.length} system calls, ${unsigned} blocks unsigned, all answered`)
      assert.deepEqual(
        outcomes.flatMap(({ complaints }) => complaints),
        [],
      )
      assert.ok(unsigned > 0.5 * REACHED * tried.length && tried.length > 100, 'too few to say anything')
    })
  }
})

function copied(t: TestContext, prepared: string): string {
  const home = temporaryHome(t)
  cpSync(prepared, home, { recursive: true })
  return home
}

interface Outcome {
  readonly isSigned: boolean
  readonly complaints: readonly string[]
}

async function blockedAt(
  t: TestContext,
  prepared: string,
  { name, ordinal }: Point,
  signal: keyof typeof AT_ONCE,
): Promise<Outcome> {
  const home = copied(t, prepared)
  const injection = `inject=${name}:signal=${signal}:when=${ordinal}`
  // -D: strace is not the process that the hook has started, but traces it.
  const strace = [STRACE, '-D', '-qq', '-o', '/dev/null', '-e', `trace=${name}`, '-e', injection]
  const env = { NODE_OPTIONS: `--require=${PRELOAD}`, RECORDER_STRACE: JSON.stringify(strace) }
  const ended = await runHook({ home, env, input: event(), cwd: '/' })
  const isSigned = /\n\[audit [0-9a-f]{8}#\d+ /.test(ended.stderr)
  const complaints = complaintsAbout(ended, home).map((what) => `${name} ${ordinal}: ${what}`)
  // A process that notes what was not signed may still be at work in it.
  rmSync(home, { recursive: true, force: true, maxRetries: 100, retryDelay: 100 })
  return { isSigned, complaints }
}

const STRACE = skip ? '' : execFileSync('sh', ['-c', 'command -v strace'], { encoding: 'utf8' }).trim()

function complaintsAbout({ exitCode, signal, stdout, stderr }: Ended, home: string): string[] {
  const isBlocked = exitCode === 2 && stdout === '' && /^rate_limited: .+\n.+\n\[audit .+\]\n$/.test(stderr)
  const { alarm } = aftermathOf(home)
  return [
    ...(isBlocked ? [] : [`ended with ${exitCode ?? signal}: ${stdout}${stderr}`]),
    ...(alarm ? [`left ${alarm}`] : []),
    ...(existsSync(join(home, 'log.jsonl')) && !readFileSync(join(home, 'log.jsonl'), 'utf8').endsWith('\n')
      ? ['left half a line in log.jsonl']
      : []),
  ]
}
