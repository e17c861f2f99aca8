/** `spikectl demo`: the main job from end to end, with real hook processes, in a throw-away folder. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failure } from '../failure.ts'
import { type Environment, pathsOf } from '../paths.ts'
import { auditVerify } from './audit/verify.ts'
import type { Context, ExitCode } from './context.ts'
import { bashCall, HOOK } from './hook-command.ts'
import { status } from './status.ts'

const LIMITS = { warnPerMin: 20, blockPerMin: 40 }
const CALLS = 60
const AT_ONCE = 6
const SESSION = 'demo-3f2a9c1e'
const LOOPING = 'loop-8b1d4c77'
const MOST_ROUNDS = 12

interface Answer {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function demo(context: Context): Promise<ExitCode> {
  const home = mkdtempSync(join(tmpdir(), 'spikectl-demo-'))
  try {
    return await demonstrate({ ...context, env: environment(context.env, home) }, home)
  } finally {
    rmSync(home, { recursive: true })
  }
}

async function demonstrate(context: Context, home: string): Promise<ExitCode> {
  const { env, terminal } = context
  const { bold, dim, yellow, red } = terminal.colour
  const paths = pathsOf(env)
  writeFileSync(paths.config, JSON.stringify({ rate: LIMITS }))
  terminal.print(
    `${CALLS} tool calls, ${AT_ONCE} at a time, each with a hook process of its own, as Claude Code starts them.`,
  )
  terminal.print(
    dim(`Limits for this demo: warn at ${LIMITS.warnPerMin}, block at ${LIMITS.blockPerMin} calls a minute.`),
  )

  const answers = await callAll(env, home)
  const count = (code: number) => answers.filter(({ exitCode }) => exitCode === code).length
  const warnings = answers.filter(({ exitCode, stdout }) => exitCode === 0 && stdout !== '')
  const refusals = answers.filter(({ exitCode }) => exitCode === 2)
  terminal.print(
    `\n${bold(count(0))} ran, ${yellow(warnings.length)} with a warning, ${red(refusals.length)} were blocked.`,
  )
  terminal.print(`\nThe model was warned:\n${dim(warningIn(warnings[0]))}`)
  terminal.print(
    `\nand from call ${LIMITS.blockPerMin} on it was told:\n${dim(firstOf(refusals)?.stderr.trimEnd() ?? '')}\n`,
  )
  const loop = await repeatOneCall(env, home)
  terminal.print(
    `An agent of another session repeats one failing call: ${bold(loop.ran)} ran, ${red(loop.refused)} were refused, then its turn was ended:\n${dim(loop.stopReason)}\n`,
  )
  await status({ ...context, paths }, undefined, {})
  terminal.print('')
  const verified = auditVerify({ ...context, paths }, undefined, {})
  terminal.print(dim('\nThe demo folder is removed again; your own sessions were not touched.'))
  refuseSurprises([count(0), warnings.length, refusals.length, loop.ran, loop.refused])
  return verified
}

/** The refusals came at once; the first of them is told in other words than those after it. */
function firstOf(refusals: readonly Answer[]): Answer | undefined {
  return refusals.find(({ stderr }) => stderr.includes('Do not retry now')) ?? refusals[0]
}

/** The demo counts on exact counting; anything else is a defect, and says so. */
function refuseSurprises(found: readonly number[]): void {
  const expected = [LIMITS.blockPerMin - 1, 1, CALLS - LIMITS.blockPerMin + 1, 5, 3]
  if (String(found) === String(expected)) return
  throw failure(
    `expected ${expected.join(', ')} calls to run, be warned, be blocked, run and be refused; got ${found.join(', ')}`,
    'On a machine so slow that the demo takes over 50 s this can happen. Run: spikectl demo',
    1,
  )
}

/** Without what would make this look like an agent's shell, or point the hook elsewhere. */
function environment(env: Environment, home: string): Environment {
  const { CLAUDECODE, AI_AGENT, CLAUDE_PROJECT_DIR, SPIKECTL_TENANT, SPIKECTL_USER, ...rest } = env
  return { ...rest, SPIKECTL_HOME: home }
}

async function callAll(env: Environment, cwd: string): Promise<Answer[]> {
  const answers: Answer[] = []
  let next = 1
  const worker = async () => {
    while (next <= CALLS) {
      const number = next++
      answers.push(
        await hook(env, cwd, { ...bashCall(SESSION, `toolu_${number}`, `ls part-${number}`), cwd }),
      )
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return answers
}

/** The same call with the same result, round after round, until the turn is ended. */
async function repeatOneCall(env: Environment, cwd: string) {
  let ran = 0
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const made = { ...bashCall(LOOPING, `toolu_loop_${round}`, 'npm test'), cwd }
    if ((await hook(env, cwd, made)).exitCode === 0) ran += 1
    const returned = { ...made, tool_response: 'Error: Cannot find module' }
    const batch = { session_id: LOOPING, cwd, hook_event_name: 'PostToolBatch', tool_calls: [returned] }
    const { stdout } = await hook(env, cwd, batch)
    const { stopReason }: { stopReason?: string } = JSON.parse(stdout || '{}')
    if (stopReason) return { ran, refused: round - ran, stopReason }
  }
  return { ran, refused: MOST_ROUNDS - ran, stopReason: 'It was not.' }
}

/** One real hook process, as Claude Code starts it. */
function hook(env: Environment, cwd: string, event: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [HOOK], { env: { ...env }, cwd })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
    child.stdin.end(`${JSON.stringify(event)}\n`)
  })
}

function warningIn(answer: Answer | undefined): string {
  const output: { hookSpecificOutput?: { additionalContext?: string } } = JSON.parse(answer?.stdout || '{}')
  return output.hookSpecificOutput?.additionalContext ?? ''
}
