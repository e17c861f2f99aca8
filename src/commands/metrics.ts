/** `spikectl metrics`: counters in Prometheus' text format, for a textfile collector. */

import { agentsIn } from '../guard/rules/agents.ts'
import { RATE } from '../guard/rules/rate.ts'
import { machineTurnsIn } from '../guard/rules/unattended.ts'
import { counterIn, type SessionState } from '../guard/state.ts'
import { aged, countOf, WINDOW_MS } from '../guard/window.ts'
import { mostUsed, readClientLimits } from '../hosts/client-limits.ts'
import { readStore } from '../store/sqlite-store.ts'
import type { Snapshot } from '../store/store.ts'
import type { Context, ExitCode } from './context.ts'

export function metrics({ paths, terminal }: Context): ExitCode {
  const { totals, active, tokens } = readStore(paths.stateDb, (seen) => ({
    totals: seen.totals(),
    tokens: seen.tokensToday(),
    active: activeIn(seen),
  }))
  const running = active.reduce((sum, session) => sum + agentsIn(session).running, 0)
  const machineTurns = active.reduce((sum, session) => sum + machineTurnsIn(session), 0)
  const samples = [
    ['spikectl_tool_calls_total', 'counter', 'Tool calls counted, blocked ones included.', totals.calls],
    ['spikectl_tool_spike_warn_total', 'counter', 'Tool calls at or above a warn limit.', totals.warned],
    ['spikectl_tool_spike_blocked_total', 'counter', 'Tool calls blocked by a limit.', totals.blocked],
    ['spikectl_tool_spike_halted_total', 'counter', 'Turns ended.', totals.halted],
    ['spikectl_shadow_would_warn_total', 'counter', 'Warnings of shadow mode.', totals.wouldWarn],
    ['spikectl_shadow_would_block_total', 'counter', 'Blocks of shadow mode.', totals.wouldBlock],
    [
      'spikectl_shadow_would_halt_total',
      'counter',
      'Turns that shadow mode would have ended.',
      totals.wouldHalt,
    ],
    [
      'spikectl_unasked_total',
      'counter',
      'Tool calls that ran without the hook having been asked.',
      totals.unasked,
    ],
    [
      'spikectl_resumed_total',
      'counter',
      'Halts that were lifted: by a prompt, the end of a session, shadow mode or a reset.',
      totals.resumed,
    ],
    [
      'spikectl_limits_loosened_total',
      'counter',
      'Settings that became looser while a session ran.',
      totals.loosened,
    ],
    ['spikectl_audit_unsigned_total', 'counter', 'Blocks that could not be signed.', totals.unsigned],
    ['spikectl_errors_total', 'counter', 'Failures of spikectl itself.', totals.errors],
    ['spikectl_sessions_active', 'gauge', 'Sessions with calls in the last 60 s.', active.length],
    ['spikectl_agents_running', 'gauge', 'Agents that run in those sessions.', running],
    [
      'spikectl_machine_turns',
      'gauge',
      'Turns that no person began in those sessions, since a person last wrote there.',
      machineTurns,
    ],
    [
      'spikectl_quota_percent',
      'gauge',
      "How much is used of the user's limit that is used most, as the client tells its status line; 0 where it tells none.",
      mostUsed(readClientLimits(paths.clientLimits), Date.now()).percent,
    ],
    ['spikectl_tokens_today', 'gauge', 'Tokens processed by all sessions since local midnight.', tokens],
  ] as const
  for (const [name, type, help, value] of samples) {
    terminal.print(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}`)
  }
  return 0
}

/** The sessions with admitted calls in the window. Only those are read that were seen in it. */
export function activeIn(seen: Snapshot): SessionState[] {
  return seen
    .sessions({ since: seen.now - WINDOW_MS })
    .map(({ state }) => state)
    .filter((state) => countOf(aged(counterIn(state, RATE).window, seen.now)) > 0)
}
