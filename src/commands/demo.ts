/** `spikectl demo`: the main job from end to end, with real hook processes, in a throw-away folder. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { failure } from '../failure.ts'
import { type Environment, pathsOf } from '../paths.ts'
import { auditVerify } from './audit/verify.ts'
import type { Context, ExitCode } from './context.ts'
import { status } from './status.ts'

const HOOK = fileURLToPath(new URL('../bin/spikectl-hook.js', import.meta.url))
const LIMITS = { warnPerMin: 20, blockPerMin: 40 }
const CALLS = 60
const AT_ONCE = 6
const SESSION = 'demo-3f2a9c1e'

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
  const warnings = answers.filter(({ stdout }) => stdout !== '')
  const refusals = answers.filter(({ exitCode }) => exitCode === 2)
  terminal.print(
    `\n${bold(count(0))} ran, ${yellow(warnings.length)} with a warning, ${red(refusals.length)} were blocked.`,
  )
  terminal.print(`\nThe model was warned:\n${dim(warningIn(warnings[0]))}`)
  terminal.print(
    `\nand from call ${LIMITS.blockPerMin} on it was told:\n${dim(refusals[0]?.stderr.trimEnd() ?? '')}\n`,
  )
  await status({ ...context, paths }, undefined, {})
  terminal.print('')
  const verified = auditVerify({ ...context, paths }, undefined, {})
  terminal.print(dim('\nThe demo folder is removed again; your own sessions were not touched.'))
  refuseSurprises(count(0), warnings.length, refusals.length)
  return verified
}

/** The demo counts on exact counting; anything else is a defect, and says so. */
function refuseSurprises(ran: number, warned: number, blocked: number): void {
  const expected = LIMITS.blockPerMin - 1
  if (ran === expected && warned === 1 && blocked === CALLS - expected) return
  throw failure(
    `expected ${expected} calls to run, 1 warning and ${CALLS - expected} blocked, got ${ran}, ${warned} and ${blocked}`,
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
    while (next <= CALLS) answers.push(await call(env, cwd, next++))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return answers
}

/** One real hook process, as Claude Code starts it. */
function call(env: Environment, cwd: string, number: number): Promise<Answer> {
  const event = {
    session_id: SESSION,
    cwd,
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command: 'ls' },
    tool_use_id: `toolu_${number}`,
  }
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
