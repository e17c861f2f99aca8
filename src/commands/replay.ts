/** `spikectl replay`: what the rules would have done to sessions that are over. */

import { applySettings, type Policy } from '../guard/policy.ts'
import { TRANSCRIPTS } from '../hosts/claude-code/transcript.ts'
import { type TranscriptFile, transcriptsAt } from '../replay/files.ts'
import { callsIn, peaksOf, suggestedLimits } from '../replay/limits.ts'
import { type Replay, replay as replayFiles } from '../replay/replay.ts'
import { readConfig } from '../settings/load.ts'
import { failure } from '../system/failure.ts'
import { printable } from '../system/text.ts'
import { openProgress } from '../terminal/progress.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Context, ExitCode } from './context.ts'
import { printReplay } from './replay/print.ts'

export interface ReplayOptions {
  readonly warn?: string
  readonly block?: string
  readonly json?: boolean
}

export async function replay(
  { paths, terminal }: Context,
  places: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const { policy, problem } = await readConfig(paths.config)
  if (problem) throw problem
  const files = transcriptsAt(places, TRANSCRIPTS)
  const replayed = withProgress(terminal, files, withLimits(policy, options))
  if (replayed.sessions.length === 0) {
    throw failure(
      `no calls in ${files.length} files: no transcripts of Claude Code`,
      'Expected .jsonl files, as Claude Code keeps them in ~/.claude/projects',
      1,
    )
  }
  if (options.json) terminal.printJson(asJson(replayed, files))
  else printReplay(terminal, replayed)
  return 0
}

/** The user's own policy, with the limits of the command line laid over it. */
function withLimits(policy: Policy, { warn, block }: ReplayOptions): Policy {
  const warnPerMin = limitIn('--warn', warn)
  const blockPerMin = limitIn('--block', block)
  const limited = applySettings(policy, { rate: { warnPerMin, blockPerMin } })
  if (warnPerMin === undefined || limited.rate.warnPerMin === warnPerMin) return limited
  throw failure(
    `--warn ${warnPerMin} is above the block limit ${limited.rate.blockPerMin} and would never be heard`,
    `Run: spikectl replay --warn ${warnPerMin} --block ${2 * warnPerMin} PATH`,
  )
}

function limitIn(option: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,7}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw failure(
    `${option} is ${printable(text)}, expected calls a minute`,
    'Run: spikectl replay --block 300 PATH',
  )
}

function withProgress(terminal: Terminal, files: readonly TranscriptFile[], policy: Policy): Replay {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const progress = openProgress('replaying', total, terminal.colour)
  try {
    return replayFiles(files, policy, progress.add)
  } finally {
    progress.done()
  }
}

function asJson({ sessions, oddities }: Replay, files: readonly TranscriptFile[]) {
  return {
    version: 1,
    files: files.length,
    calls: callsIn(sessions),
    peaks: peaksOf(sessions),
    suggested: suggestedLimits(sessions),
    skipped: oddities,
    sessions: sessions.map(({ promptTokens: _, ...session }) => session),
  }
}
