/** Tries the hook as it is configured: how long a call waits for it, and whether it really blocks. */

import { spawnSync } from 'node:child_process'
import type { OwnHook } from '../../hosts/claude-code/settings/hooks.ts'
import type { Environment } from '../../system/paths.ts'
import { exampleCall, type HookRun, inThrowAwayHome, type Runnable, runHook } from '../hook-command.ts'
import { editing, type Finding, failed, ok, warning } from './finding.ts'
import type { HookPlace } from './places.ts'

const RUNS = 7
/** More than this beside Node's own start is felt on each call. */
const SLOW_MS = 500

/** The calls that run, in a throw-away session whose limit is one more. */
const LIMIT = 3

/** What the client starts a hook with: its own environment, and what settings files add to it. */
export interface Surroundings {
  readonly env: Environment
  readonly added: readonly { readonly file: string; readonly variables: Environment }[]
}

export function trialFindings(place: HookPlace, surroundings: Surroundings): Finding[] {
  const own = place.hooks.find(({ event }) => event === 'PreToolUse')
  const command = own && commandOf(own)
  if (!command) return []
  const env = environmentOf(surroundings)
  const last = lastOfTrial(command, env)
  if (last) return [blockFailure(place, command, surroundings, last)]
  const what = `the hook in ${place.name} blocked call ${LIMIT} of a throw-away session with that limit`
  return [latencyFinding(place, command, env), ok('block', what)]
}

export function environmentOf({ env, added }: Surroundings): Environment {
  return Object.assign({}, env, ...added.map(({ variables }) => variables))
}

function commandOf({ hook: { command, args } }: OwnHook): Runnable | undefined {
  if (typeof command !== 'string') return undefined
  return Array.isArray(args) ? { command, args: args.map(String) } : { command }
}

/** The median of some runs, of which the first has made the files. */
function latencyFinding({ name, mend }: HookPlace, command: Runnable, env: Environment): Finding {
  const median = inThrowAwayHome({}, (home) => {
    let number = 0
    return medianMs(() => runHook(command, exampleCall('doctor', number++), home, env))
  })
  const what = `a call waits ${median} ms for it (median of ${RUNS})`
  if (median < SLOW_MS) return ok('latency', what)
  // On a machine that is slow or busy every program takes long, and no change of the hook mends that.
  const alone = medianMs(() => spawnSync(process.execPath, ['-e', '0']))
  if (median - alone < SLOW_MS) return ok('latency', `${what}, and ${alone} ms for Node alone`)
  return warning(
    'latency',
    what,
    `${name}: every call of every agent does; Node alone takes ${alone} ms`,
    mend,
  )
}

function medianMs(run: () => unknown): number {
  const times = Array.from({ length: RUNS + 1 }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  }).slice(1)
  return Math.round(times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0)
}

/** The run that did not end as it must; undefined when the hook blocks. */
function lastOfTrial(command: Runnable, env: Environment): HookRun | undefined {
  const settings = { rate: { warnPerMin: 0, blockPerMin: LIMIT } }
  const runs = inThrowAwayHome(settings, (home) => untilProblem(command, home, env))
  const last = runs.at(-1)
  const codes = runs.map(({ exitCode }) => exitCode).join()
  return codes === '0,0,2' && last?.stderr.startsWith('rate_limited') ? undefined : last
}

function blockFailure(
  { name, mend }: HookPlace,
  command: Runnable,
  { env, added }: Surroundings,
  last: HookRun,
): Finding {
  const why = 'an agent that runs wild would not be stopped'
  const misleading = added.find(({ file }) => {
    const others = added.filter((each) => each.file !== file)
    return others.length < added.length && !lastOfTrial(command, environmentOf({ env, added: others }))
  })
  const what = `the hook in ${name} does not block: ${endOf(last)}`
  if (!misleading) return failed('block', what, why, mend)
  const { file } = misleading
  return failed('block', `${what}, with the env that ${file} sets`, why, editing(file))
}

/** A hook that hangs is not waited for twice. */
function untilProblem(command: Runnable, home: string, env: Environment): readonly HookRun[] {
  const runs: HookRun[] = []
  while (runs.length < LIMIT && !runs.at(-1)?.problem) {
    runs.push(runHook(command, exampleCall('doctor', runs.length), home, env))
  }
  return runs
}

function endOf(run: HookRun): string {
  const said = run.stderr.trim().split('\n')[0]
  return [run.problem ?? `exit code ${run.exitCode}`, said].filter(Boolean).join(', ')
}
