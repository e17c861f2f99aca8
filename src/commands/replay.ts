/** `spikectl replay`: what the rules would have done to sessions that are over. */

import { applySettings, type Policy } from '../guard/policy.ts'
import { RULES } from '../guard/rules/rules.ts'
import { TRANSCRIPTS } from '../hosts/claude-code/transcript.ts'
import { type TranscriptFile, transcriptsAt } from '../replay/files.ts'
import { callsIn, MIN_CALLS, peaksOf, quantile, suggestedLimits } from '../replay/limits.ts'
import { type Replay, type ReplayedSession, replay as replayFiles, type Spoken } from '../replay/replay.ts'
import { readConfig } from '../settings/load.ts'
import { failure } from '../system/failure.ts'
import { counted } from '../system/plural.ts'
import { printable, shortId } from '../system/text.ts'
import { openProgress } from '../terminal/progress.ts'
import { table } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Context, ExitCode } from './context.ts'

export interface ReplayOptions {
  readonly warn?: string
  readonly block?: string
  readonly json?: boolean
}

const MOST_SHOWN = 20

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
  else print(terminal, replayed)
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
    sessions,
  }
}

function print(terminal: Terminal, { sessions, oddities }: Replay): void {
  const { bold, dim } = terminal.colour
  terminal.print(
    `${counted(sessions.length, 'session', bold)}, ${counted(callsIn(sessions), 'call', bold)}\n`,
  )
  const { p50, p90, p99, max } = peaksOf(sessions)
  terminal.print(`most calls in any 60 s of a session: p50 ${p50}, p90 ${p90}, p99 ${p99}, highest ${max}`)
  terminal.print(dim(`${suggestion(sessions)}\n`))
  printRules(terminal, sessions)
  printSessions(terminal, sessions)
  for (const { oddity, lines, first } of oddities) {
    terminal.remark(`note: ${oddity}: ${counted(lines, 'line')}, the first at ${printable(first)}`)
  }
}

function suggestion(sessions: readonly ReplayedSession[]): string {
  const limits = suggestedLimits(sessions)
  if (!limits) return `too little to suggest limits from: ${MIN_CALLS} calls are needed`
  const { warnPerMin, blockPerMin } = limits
  return `limits that fit: spikectl config set rate.warnPerMin ${warnPerMin}; spikectl config set rate.blockPerMin ${blockPerMin}`
}

function printRules({ print: out, colour }: Terminal, sessions: readonly ReplayedSession[]): void {
  const rows = RULES.flatMap(({ name: rule }) =>
    (['warn', 'block', 'halt'] as const).map((verdict) => {
      const spoken = sessions.flatMap(({ verdicts }) =>
        verdicts.filter((v) => v.rule === rule && v.verdict === verdict),
      )
      const saved = spoken.reduce((sum, each) => sum + each.saved, 0)
      const first = quantile(
        spoken.map(({ call }) => call),
        0.5,
      )
      const at = spoken.length > 0 ? String(first) : '-'
      const minutes = spoken.reduce((sum, each) => sum + each.minutes, 0)
      return [rule, verdict, String(spoken.length), at, String(saved), String(minutes)]
    }),
  ).filter(([, , count]) => count !== '0')
  if (rows.length === 0) {
    out('No rule would have said anything.')
    return
  }
  const right = 'right' as const
  const [head = '', ...lines] = table(
    [
      { title: 'RULE' },
      { title: 'WOULD' },
      { title: 'SESSIONS', align: right },
      { title: 'AT CALL', align: right },
      { title: 'SAVED', align: right },
      { title: 'MINUTES', align: right },
    ],
    rows,
  )
  for (const line of [colour.dim(head), ...lines]) out(line)
  out(
    colour.dim(
      'AT CALL: the median of where it first would have; SAVED: calls that would not have run; MINUTES: what they took\n',
    ),
  )
}

function printSessions({ print: out, colour }: Terminal, sessions: readonly ReplayedSession[]): void {
  const stopped = sessions.filter(({ verdicts }) => verdicts.some(({ verdict }) => verdict !== 'warn'))
  if (stopped.length === 0) {
    out('No session would have been stopped.')
    return
  }
  const bySaved = stopped.sort((a, b) => savedIn(b) - savedIn(a))
  const rows = bySaved.slice(0, MOST_SHOWN).map(({ session, calls, peak, verdicts }) => [
    shortId(session),
    String(calls),
    String(peak),
    verdicts
      .filter(({ verdict }) => verdict !== 'warn')
      .map(worded)
      .join(', '),
  ])
  const right = 'right' as const
  const columns = [
    { title: 'SESSION' },
    { title: 'CALLS', align: right },
    { title: 'PEAK', align: right },
    { title: 'WOULD HAVE' },
  ]
  const [head = '', ...lines] = table(columns, rows)
  for (const line of [colour.dim(head), ...lines]) out(line)
  if (stopped.length > MOST_SHOWN) out(`and ${stopped.length - MOST_SHOWN} more: --json has them all`)
}

function worded({ rule, verdict, call, saved }: Spoken): string {
  return `${verdict === 'halt' ? 'ended the turn' : 'blocked'} by ${rule} at call ${call} (${saved} blocked)`
}

function savedIn({ verdicts }: ReplayedSession): number {
  return verdicts.reduce((sum, { saved }) => sum + saved, 0)
}
