/** Tries the hook as it is configured: how long a call waits for it, and whether it really blocks. */

import type { OwnHook } from '../../hosts/claude-code/settings/own-hooks.ts'
import type { Environment } from '../../paths.ts'
import { exampleCall, type HookRun, inThrowAwayHome, type Runnable, runHook } from '../hook-command.ts'
import { type Finding, failed, ok, warning } from './finding.ts'
import type { HookPlace } from './places.ts'

const RUNS = 7
/** Longer than any machine should need; people feel it on each call. */
const SLOW_MS = 500

/** The calls that run, in a throw-away session whose limit is one more. */
const LIMIT = 3

export function trialFindings(place: HookPlace, env: Environment): Finding[] {
  const own = place.hooks.find(({ event }) => event === 'PreToolUse')
  const command = own && commandOf(own)
  if (!command) return []
  const block = blockFinding(place, command, env)
  return block.level === 'ok' ? [latencyFinding(place, command, env), block] : [block]
}

function commandOf({ hook: { command, args } }: OwnHook): Runnable | undefined {
  if (typeof command !== 'string') return undefined
  return Array.isArray(args) ? { command, args: args.map(String) } : { command }
}

/** The median of some runs, of which the first has made the files. */
function latencyFinding(place: HookPlace, command: Runnable, env: Environment): Finding {
  const times = inThrowAwayHome({}, (home) =>
    Array.from({ length: RUNS + 1 }, (_, number) => {
      const start = performance.now()
      runHook(command, exampleCall('doctor', number), home, env)
      return performance.now() - start
    }).slice(1),
  )
  const median = Math.round(times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0)
  const what = `a call waits ${median} ms for it (median of ${RUNS})`
  if (median < SLOW_MS) return ok('latency', what)
  return warning('latency', what, `${place.name}: every call of every agent does`, 'spikectl demo')
}

function blockFinding({ name, mend }: HookPlace, command: Runnable, env: Environment): Finding {
  const settings = { rate: { warnPerMin: 0, blockPerMin: LIMIT } }
  const runs = inThrowAwayHome(settings, (home) => untilProblem(command, home, env))
  const last = runs.at(-1)
  const isRight =
    runs.map(({ exitCode }) => exitCode).join() === '0,0,2' && last?.stderr.startsWith('rate_limited')
  if (isRight) {
    return ok('block', `the hook in ${name} refused call ${LIMIT} of a throw-away session with that limit`)
  }
  const why = 'an agent that runs wild would not be stopped'
  return failed('block', `the hook in ${name} does not block: ${endOf(last)}`, why, mend)
}

/** A hook that hangs is not waited for twice. */
function untilProblem(command: Runnable, home: string, env: Environment): readonly HookRun[] {
  const runs: HookRun[] = []
  while (runs.length < LIMIT && !runs.at(-1)?.problem) {
    runs.push(runHook(command, exampleCall('doctor', runs.length), home, env))
  }
  return runs
}

function endOf(run: HookRun | undefined): string {
  const said = run?.stderr.trim().split('\n')[0]
  return [run?.problem ?? `exit code ${run?.exitCode}`, said].filter(Boolean).join(', ')
}
