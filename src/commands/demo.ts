/**
 * `spikectl demo`: a limit, a loop, a turn that is ended and the log of it, with real hook processes in a throw-away
 * folder. The calls are few and made one after the other: so the minute of a limit does not pass meanwhile however slow
 * the machine is, and no hook waits for another one to sign.
 */

import { writeFileSync } from 'node:fs'
import { WINDOW_MS } from '../guard/window.ts'
import { failure } from '../system/failure.ts'
import { type Environment, pathsOf } from '../system/paths.ts'
import { auditVerdict } from './audit/verify.ts'
import type { Context, ExitCode } from './context.ts'
import { bashCall, HOOK, type HookRun, inThrowAwayHome, runHook } from './hook-command.ts'

const LIMITS = { warnPerMin: 2, blockPerMin: 4 }
const CALLS = 4
const MOST_ROUNDS = 12

/** Sends one event to a hook process of its own. */
type Ask = (event: object) => HookRun

export function demo(context: Context): ExitCode {
  return inThrowAwayHome({ rate: LIMITS }, (home) => demonstrate(context, home))
}

function demonstrate(context: Context, home: string): ExitCode {
  const env = { ...withoutSurroundings(context.env), SPIKECTL_HOME: home }
  const paths = pathsOf(env)
  const { terminal } = context
  const { bold, dim, yellow, red } = terminal.colour
  const ask: Ask = (event) => asked(runHook({ command: process.execPath, args: [HOOK] }, event, home, env))
  const quote = (text = '') => terminal.print(dim(`  ${text}`))

  terminal.print(
    'In a throw-away folder; each tool call has a hook process of its own, as Claude Code starts them.\n',
  )
  const fast = callFast(ask)
  terminal.print(
    `${CALLS} calls, a warning at ${LIMITS.warnPerMin} a minute, a block at ${LIMITS.blockPerMin}: ${bold(fast.ran.length)} ran, ${yellow(fast.warnings.length)} with a warning, ${red(fast.blocked.length)} was blocked:`,
  )
  quote(fast.warnings[0])
  quote(reasonOf(fast.blocked[0]))
  writeFileSync(paths.config, '{}') // the usual limits again: the loop is slower than they are
  const loop = repeatOneCall(ask)
  terminal.print(
    `\nAnother agent repeats one failing call: ${bold(loop.ran.length)} ran, ${red(loop.blocked.length)} were blocked, then its turn was ended:`,
  )
  quote(reasonOf(loop.blocked[0]))
  quote(loop.stopReason)
  terminal.print('\nEach block is a signed line. For your own sessions: spikectl install')
  const { line, isSound } = auditVerdict({ ...context, env, paths })
  terminal.print(line)
  refuseSurprises(fast, loop)
  return isSound ? 0 : 1
}

/** Without what would make this look like an agent's shell, or point the hook elsewhere. */
function withoutSurroundings(env: Environment): Environment {
  const { CLAUDECODE, AI_AGENT, CLAUDE_PROJECT_DIR, SPIKECTL_TENANT, SPIKECTL_USER, ...rest } = env
  return rest
}

/** Throws a Failure when the hook has not answered, with what it said itself. */
function asked(run: HookRun): HookRun {
  if (run.exitCode === 0 || run.exitCode === 2) return run
  const said = run.problem ?? (run.stderr.trim() || `exit code ${run.exitCode}`)
  throw failure(`the hook failed: ${said}`, 'Run: spikectl doctor')
}

/** What the calls of a session have met. */
interface Outcome {
  readonly ran: readonly HookRun[]
  readonly blocked: readonly HookRun[]
}

function outcomeOf(runs: readonly HookRun[]): Outcome {
  return {
    ran: runs.filter(({ exitCode }) => exitCode === 0),
    blocked: runs.filter(({ exitCode }) => exitCode === 2),
  }
}

function callFast(ask: Ask) {
  const start = Date.now()
  const runs = Array.from({ length: CALLS }, (_, index) =>
    ask(bashCall('demo-3f2a9c1e', `toolu_${index}`, `ls part-${index}`)),
  )
  const outcome = outcomeOf(runs)
  const warnings = outcome.ran.map(warningIn).filter((warning) => warning !== '')
  return { ...outcome, warnings, tookMs: Date.now() - start }
}

/** The same call with the same result, round after round, until the turn is ended. */
function repeatOneCall(ask: Ask) {
  const session = 'loop-8b1d4c77'
  const runs: HookRun[] = []
  let stopReason = ''
  while (stopReason === '' && runs.length < MOST_ROUNDS) {
    const made = bashCall(session, `toolu_loop_${runs.length}`, 'npm test')
    runs.push(ask(made))
    const returned = { ...made, tool_response: 'Error: Cannot find module' }
    const batch = { session_id: session, hook_event_name: 'PostToolBatch', tool_calls: [returned] }
    stopReason = stopReasonIn(ask(batch))
  }
  return { ...outcomeOf(runs), stopReason }
}

function warningIn({ stdout }: HookRun): string {
  const output: { hookSpecificOutput?: { additionalContext?: string } } = JSON.parse(stdout || '{}')
  return output.hookSpecificOutput?.additionalContext ?? ''
}

/** Without what is for the person: that names sessions of a folder that is gone. */
function stopReasonIn({ stdout }: HookRun): string {
  const { stopReason = '' }: { stopReason?: string } = JSON.parse(stdout || '{}')
  return stopReason.split(' To go on, ')[0] ?? ''
}

/** What the model reads first, without what is for the person: that names sessions of a folder that is gone. */
function reasonOf(run: HookRun | undefined): string {
  return run?.stderr.replace(/ For the person: .+\n/, ' ').split('\n')[0] ?? ''
}

function isSigned({ stderr }: HookRun): boolean {
  return /\n\[audit [0-9a-f]{8}#\d+ /.test(stderr)
}

/** The demo counts on exact counting, and on each block being signed; anything else is a defect, and says so. */
function refuseSurprises(fast: ReturnType<typeof callFast>, loop: Outcome): void {
  const signed = [...fast.blocked, ...loop.blocked].filter(isSigned)
  const found = [fast.ran, fast.warnings, fast.blocked, loop.ran, loop.blocked, signed].map(
    ({ length }) => length,
  )
  const expected = [LIMITS.blockPerMin - 1, 1, CALLS - LIMITS.blockPerMin + 1, 5, 3, 4]
  if (String(found) === String(expected)) return
  throw failure(
    `expected ${expected.join(', ')} calls to run, be warned, be blocked, run, be blocked and be signed; got ${found.join(', ')}`,
    fast.tookMs < WINDOW_MS
      ? 'Run: spikectl doctor'
      : `${CALLS} calls took ${Math.round(fast.tookMs / 1000)} s, longer than the minute that limits look at: run it on a machine with less to do`,
    1,
  )
}
