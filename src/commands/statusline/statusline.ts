/**
 * `spikectl statusline`: one session in one line, for the status line of Claude Code, which draws it again after every
 * turn. What goes wrong is said in the line: nothing else of ours is seen there. It changes nothing that is counted, but
 * writes down what it alone is told: how much of the user's limits is used, and what the session has cost.
 */

import { existsSync } from 'node:fs'
import { type Identity, identify, keyOf } from '../../guard/identity.ts'
import { isOff, lacksTenant, type Policy } from '../../guard/policy.ts'
import { freshSession } from '../../guard/state.ts'
import { badStatusInput, parseStatusLineInput } from '../../hosts/claude-code/statusline.ts'
import { writeClientLimits } from '../../hosts/client-limits.ts'
import { readConfig, withProject } from '../../settings/load.ts'
import { countingProblem } from '../../store/countable.ts'
import { peek } from '../../store/look.ts'
import { namedIn } from '../../system/environment.ts'
import { codeOf, describe, failure, isFailure, mendable } from '../../system/failure.ts'
import { projectSettingsPath } from '../../system/paths.ts'
import { type Input, isInteractive, readInput, writeOut } from '../../system/stdio.ts'
import { printable } from '../../system/text.ts'
import { oldNode } from '../../system/version.ts'
import { painted, RESET } from '../../terminal/sgr.ts'
import type { Context, ExitCode } from '../context.ts'
import { NO_TENANT, OFF, type Phrase, phrasesOf, type Shown, UNCOUNTED } from './phrases.ts'
import type { Wrapped } from './wrapped.ts'

export interface StatusLineOptions {
  /** The command of another status line, whose output comes before ours. */
  readonly wrap?: string | undefined
  readonly color?: boolean | undefined
}

/** All that it needs of a context: what opens a terminal takes too long to load. */
type Surroundings = Pick<Context, 'env' | 'paths'>

/** No message of ours is longer; what it names may be. */
const MAX_TROUBLE = 160

/** Throws a Failure for wrong usage; whatever else is wrong stands in the line. */
export async function statusline(context: Surroundings, options: StatusLineOptions): Promise<ExitCode> {
  refuseWrongUsage(options)
  const input = readStdin()
  const running = runOther(options.wrap, input)
  const own = await phrases(context, input)
  const { stdout, stderr, problem } = await running
  const all = problem === undefined ? own : [...own, trouble(`--wrap ${problem}`)]
  const isPlain = options.color === false || Boolean(context.env.NO_COLOR)
  const unsaid = writeOut(1, joined(stdout, all, isPlain))
  const details = [...all.map(({ detail }) => detail), unsaid && unsaidDetail(unsaid)].filter(Boolean)
  // What stderr does not take either, nobody can be told.
  writeOut(2, stderr)
  writeOut(2, details.map((detail) => `spikectl: ${detail}\n`).join(''))
  return 0
}

function unsaidDetail(error: unknown): string {
  const isReaderGone = codeOf(error) === 'EPIPE'
  return isReaderGone ? '' : `the line could not be written: ${describe(error)}`
}

function refuseWrongUsage({ wrap }: StatusLineOptions): void {
  if (wrap === '') {
    throw failure('--wrap is empty, expected a command', "Run: spikectl statusline --wrap 'date +%H:%M'")
  }
  if (!isInteractive()) return
  throw failure(
    'spikectl statusline waits for what Claude Code gives its status line on stdin',
    'Put into ~/.claude/settings.json: "statusLine": {"type": "command", "command": "spikectl statusline"}',
  )
}

function readStdin(): Input {
  try {
    return readInput()
  } catch (error) {
    return { bytes: Buffer.alloc(0), text: '', problem: `cannot be read (${describe(error)})` }
  }
}

async function runOther(command: string | undefined, { bytes }: Input): Promise<Wrapped> {
  if (command === undefined) return { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  const { runWrapped } = await import('./wrapped.ts')
  return runWrapped(command, bytes)
}

async function phrases(context: Surroundings, input: Input): Promise<readonly Phrase[]> {
  try {
    return await readPhrases(context, input)
  } catch (error) {
    const known = mendable(error)
    if (isFailure(known)) return [trouble(`spikectl: ${known.message}`, describe(known))]
    return [trouble(`spikectl: ${describe(known)}`, known instanceof Error ? known.stack : undefined)]
  }
}

async function readPhrases({ env, paths }: Surroundings, input: Input): Promise<readonly Phrase[]> {
  const old = oldNode(process.versions)
  if (old) throw old
  if (input.problem) throw badStatusInput(input.problem)
  const { session, project = process.cwd(), said } = parseStatusLineInput(input.text)
  const identity = identify({ ...namedIn(env), session })
  const config = await readConfig(paths.config)
  const { policy, ignored } = await withProject(config.policy, projectSettingsPath(project))
  // Where nothing is counted yet, nothing is written either.
  if (existsSync(paths.stateDb) && !isOff(policy))
    writeClientLimits(paths.clientLimits, keyOf(identity), said, Date.now())
  const uncounted = isOff(policy) ? undefined : countingProblem(paths)
  // Alone: what was counted before would look as if all were well, and other troubles have the same cause.
  if (uncounted) return [{ ...UNCOUNTED, detail: describe(uncounted) }]
  return [
    ...sessionPhrases(paths.stateDb, identity, policy),
    ...(config.problem ? [trouble('config.json is broken', describe(config.problem))] : []),
    ...(ignored ? [trouble('spikectl.json is ignored', ignored)] : []),
  ]
}

function trouble(text: string, detail?: string): Phrase {
  const short = printable(text).slice(0, MAX_TROUBLE)
  return { text: short, colour: 'yellow', ...(detail ? { detail } : {}) }
}

/** In the order in which the hook looks at it. */
function sessionPhrases(file: string, identity: Identity, policy: Policy): readonly Phrase[] {
  if (lacksTenant(identity, policy) && policy.mode === 'enforce') return NO_TENANT
  return isOff(policy) ? OFF : phrasesOf(shownAt(file, keyOf(identity)), policy)
}

function shownAt(file: string, key: string): Shown {
  return peek(file, (seen) => {
    const known = seen.session(key)
    return {
      now: seen.now,
      session: known?.state ?? freshSession(seen.now),
      haltedAgents: known?.agents.filter(({ halted }) => halted).length ?? 0,
      unasked: known?.unasked ?? 0,
      isUndermined: known?.guardChange !== undefined,
      loosened: known?.loosening?.settings ?? [],
    }
  })
}

const LINE_ENDS = new Set([0x0a, 0x0d])

/** What the other command has printed, with ours at the end of its last line. */
function joined(other: Buffer, own: readonly Phrase[], isPlain: boolean): Buffer {
  const paint = ({ text, colour }: Phrase) => (isPlain ? text : painted(text, colour))
  const line = `${own.map(paint).join(', ')}\n`
  const end = other.findLastIndex((byte) => !LINE_ENDS.has(byte)) + 1
  if (end === 0) return Buffer.from(line)
  return Buffer.concat([other.subarray(0, end), Buffer.from(`${isPlain ? '' : RESET} | ${line}`)])
}
