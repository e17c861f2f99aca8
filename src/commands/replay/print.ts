/** A replay for people: what is usual, limits that fit it, and two tables, of the rules and of the sessions that they stop. */

import { short } from '../../guard/rules/budget.ts'
import { RULES } from '../../guard/rules/rules.ts'
import {
  callsIn,
  MIN_CALLS,
  MIN_PROMPTS,
  peaksOf,
  promptTokensOf,
  quantile,
  suggestedBudget,
  suggestedRate,
} from '../../replay/limits.ts'
import type { Replay, ReplayedSession } from '../../replay/replay.ts'
import type { Spoken } from '../../replay/spoken.ts'
import { counted } from '../../system/plural.ts'
import { printable, shortId } from '../../system/text.ts'
import { type Column, table } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'

const MOST_SHOWN = 20

export function printReplay(terminal: Terminal, { sessions, oddities }: Replay): void {
  const { bold, dim } = terminal.colour
  const tokens = sessions.reduce((sum, session) => sum + session.tokens, 0)
  const calls = counted(callsIn(sessions), 'call', bold)
  const used = tokens > 0 ? `, ${bold(short(tokens))} tokens` : ''
  terminal.print(`${counted(sessions.length, 'session', bold)}, ${calls}${used}\n`)
  const { p50, p90, p99, max } = peaksOf(sessions)
  terminal.print(`most calls in any 60 s of a session: p50 ${p50}, p90 ${p90}, p99 ${p99}, highest ${max}`)
  terminal.print(dim(rateThatFits(sessions)))
  if (tokens > 0) printTokens(terminal, sessions)
  terminal.print('')
  printRules(terminal, sessions)
  printSessions(terminal, sessions)
  for (const { oddity, lines, first } of oddities) {
    terminal.remark(`note: ${oddity}: ${counted(lines, 'line')}, the first at ${printable(first)}`)
  }
}

function rateThatFits(sessions: readonly ReplayedSession[]): string {
  const limits = suggestedRate(sessions)
  if (!limits) return `too little to suggest limits from: ${MIN_CALLS} calls are needed`
  const { warnPerMin, blockPerMin } = limits
  return `limits that fit: spikectl config set rate.warnPerMin ${warnPerMin}; spikectl config set rate.blockPerMin ${blockPerMin}`
}

function printTokens({ print: out, colour }: Terminal, sessions: readonly ReplayedSession[]): void {
  const tokens = promptTokensOf(sessions)
  if (!tokens) {
    out(colour.dim(`too little to suggest a budget from: ${MIN_PROMPTS} prompts that used tokens are needed`))
    return
  }
  const [p50, p90, p99, max] = [tokens.p50, tokens.p90, tokens.p99, tokens.max].map(short)
  const { warnTokens, haltTokens } = suggestedBudget(tokens)
  out(`tokens of a prompt: p50 ${p50}, p90 ${p90}, p99 ${p99}, highest ${max}`)
  out(colour.dim(`limits that fit: spikectl config set budget.prompt.warnTokens ${warnTokens}`))
  out(colour.dim(`                 spikectl config set budget.prompt.haltTokens ${haltTokens}`))
}

function printRules({ print: out, colour }: Terminal, sessions: readonly ReplayedSession[]): void {
  const rows = RULES.flatMap(({ name: rule }) =>
    (['warn', 'block', 'halt'] as const).map((verdict) => {
      const spoken = sessions.flatMap(({ verdicts }) =>
        verdicts.filter((v) => v.rule === rule && v.verdict === verdict),
      )
      const sum = (of: (each: Spoken) => number) => spoken.reduce((all, each) => all + of(each), 0)
      const first = quantile(
        spoken.map(({ call }) => call),
        0.5,
      )
      const at = spoken.length > 0 ? String(first) : '-'
      const tokens = short(sum(({ savedTokens }) => savedTokens))
      const saved = [sum((each) => each.saved), sum(({ minutes }) => minutes)].map(String)
      return [rule, verdict, String(spoken.length), at, ...saved, tokens]
    }),
  ).filter(([, , count]) => count !== '0')
  if (rows.length === 0) {
    out('No rule would have said anything.')
    return
  }
  printTable(out, colour.dim, [{ title: 'RULE' }, { title: 'WOULD' }, ...FIGURES], rows)
  out(colour.dim('AT CALL: the median of where it first would have; SAVED: calls that would not have run;'))
  out(colour.dim('MINUTES: what they took; TOKENS: of the messages after it, while it held\n'))
}

const FIGURES = rightAligned('SESSIONS', 'AT CALL', 'SAVED', 'MINUTES', 'TOKENS')

function rightAligned(...titles: string[]): Column[] {
  return titles.map((title) => ({ title, align: 'right' }))
}

function printTable(
  out: Terminal['print'],
  dim: Terminal['colour']['dim'],
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): void {
  const [head = '', ...lines] = table(columns, rows)
  for (const line of [dim(head), ...lines]) out(line)
}

function printSessions({ print: out, colour }: Terminal, sessions: readonly ReplayedSession[]): void {
  const stopped = sessions.filter(({ verdicts }) => verdicts.some(({ verdict }) => verdict !== 'warn'))
  if (stopped.length === 0) {
    out('No session would have been stopped.')
    return
  }
  const bySaved = stopped.sort((a, b) => savedIn(b) - savedIn(a))
  const rows = bySaved.slice(0, MOST_SHOWN).map(({ session, calls, peak, tokens, verdicts }) => [
    shortId(session),
    String(calls),
    String(peak),
    short(tokens),
    verdicts
      .filter(({ verdict }) => verdict !== 'warn')
      .map(worded)
      .join(', '),
  ])
  const columns = [{ title: 'SESSION' }, ...rightAligned('CALLS', 'PEAK', 'TOKENS'), { title: 'WOULD HAVE' }]
  printTable(out, colour.dim, columns, rows)
  if (stopped.length > MOST_SHOWN) out(`and ${stopped.length - MOST_SHOWN} more: --json has them all`)
}

function worded({ rule, verdict, call, saved }: Spoken): string {
  return `${verdict === 'halt' ? 'halted' : 'blocked'} by ${rule} at call ${call} (${saved} blocked)`
}

function savedIn({ verdicts }: ReplayedSession): number {
  return verdicts.reduce((sum, { saved }) => sum + saved, 0)
}
