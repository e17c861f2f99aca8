/** `spikectl status`: who is calling how fast, and what they would meet next. */

import { isOff } from '../guard/policy.ts'
import type { Trip } from '../guard/state.ts'
import { readConfig } from '../settings/load.ts'
import { countingProblem } from '../store/countable.ts'
import type { Snapshot, Totals } from '../store/store.ts'
import { describe, type Failure, failure } from '../system/failure.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Context, ExitCode } from './context.ts'
import { askedToShow, type Found, findSession, pickSession, type SessionView, viewsOf } from './sessions.ts'
import {
  aloneSentences,
  haltSentences,
  heldSentences,
  noneSentence,
  sentencesOf,
  totalsSentences,
} from './status/sentences.ts'
import { tableOf } from './status/table.ts'

export interface StatusOptions {
  readonly all?: boolean
  readonly json?: boolean
  readonly watch?: boolean
  readonly tenant?: string
}

/** Sessions that were seen within this time are shown without --all. */
const RECENT_MS = 60 * 60 * 1000

export async function status(
  context: Context,
  name: string | undefined,
  options: StatusOptions,
): Promise<ExitCode> {
  if (!options.watch) return statusOnce(context, name, options)
  if (!process.stdout.isTTY || options.json) {
    throw failure('--watch needs a terminal, and no --json', 'Run: watch spikectl status')
  }
  for (;;) {
    process.stdout.write('\x1b[2J\x1b[H')
    context.terminal.print(`${new Date().toLocaleTimeString()}, every second; Ctrl-C ends it\n`)
    await statusOnce(context, name, options)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

async function statusOnce(
  { paths, terminal }: Context,
  name: string | undefined,
  options: StatusOptions,
): Promise<ExitCode> {
  const { policy, problem } = await readConfig(paths.config)
  const uncounted = isOff(policy) ? undefined : countingProblem(paths)
  if (problem && !uncounted)
    terminal.remark(`warning: ${problem.message}; the built-in limits are in force. ${problem.hint}`)
  if (uncounted && !options.json) terminal.say(terminal.colour.red(uncountedLine(uncounted)))
  const { found, problem: unusable } = askedToShow(paths, (seen) => look(seen, name, options))
  if (unusable)
    terminal.remark(`warning: ${unusable.message}; this is a copy, made without its lock. ${unusable.hint}`)
  const sessions = (await viewsOf(found, policy)).sort((a, b) => b.count - a.count || b.lastSeen - a.lastSeen)
  const shown =
    name === undefined
      ? sessions.filter(isWorthShowing)
      : sessions.length > 0
        ? sessions
        : [pickSession([], name)]
  if (options.json) {
    const problem = uncounted ? { problem: uncountedLine(uncounted) } : {}
    const { totals } = found
    terminal.printJson({ version: 1, mode: policy.mode, ...problem, sessions: shown.map(asJson), totals })
  } else {
    // That there was none would be no news where none can be known.
    if (shown.length === 0 && (found.known > 0 || !uncounted)) terminal.say(noneSentence(found.known))
    show(terminal, shown, found.now)
    for (const sentence of totalsSentences(found.totals, policy.mode)) terminal.say(sentence)
  }
  return 0
}

function uncountedLine(problem: Failure): string {
  return `nothing can be counted here: ${describe(problem)}`
}

interface Looked extends Found {
  readonly totals: Totals
  /** How many sessions are known in all. */
  readonly known: number
}

function look(seen: Snapshot, name: string | undefined, { all, tenant }: StatusOptions): Looked {
  const { now } = seen
  const totals = seen.totals()
  if (name !== undefined) return { ...findSession(seen, name, tenant), totals, known: 1 }
  const stored = seen.sessions({ tenant, since: all ? 0 : now - RECENT_MS })
  return { now, stored, totals, known: stored.length > 0 ? stored.length : seen.names({ tenant }).length }
}

function isWorthShowing({ calls, state, guardChange, tokens }: SessionView): boolean {
  return calls > 0 || tokens.session > 0 || state === 'halt' || guardChange !== undefined
}

/** What is halted comes first, in the table too. */
function show(terminal: Terminal, shown: readonly SessionView[], now: number): void {
  if (shown.length === 0) return
  const halted = shown.filter(({ state }) => state === 'halt')
  const others = shown.filter(({ state }) => state !== 'halt')
  const loud = terminal.colour.bold.red
  const tripped = halted.flatMap((session) => haltSentences(session, now))
  for (const sentence of [...tripped, ...heldSentences(halted)]) {
    terminal.say(sentence.replace(/^HALTED/, (word) => loud(word)))
  }
  for (const line of tableOf(terminal, [...halted, ...others])) terminal.print(line)
  const alone = shown.length === 1 ? shown.flatMap(aloneSentences) : []
  for (const sentence of [...alone, ...shown.flatMap((session) => sentencesOf(session, now))])
    terminal.say(sentence)
}

function asJson(session: SessionView) {
  const {
    key: _,
    calls: __,
    warnTurns: ___,
    quota: ____,
    identity,
    guardChange,
    loosening,
    trip,
    ...view
  } = session
  return {
    session: identity.id,
    tenant: identity.tenant,
    user: identity.user,
    ...view,
    parent: view.parent ?? null,
    root: view.root ?? null,
    latch: trip && tripAsJson(trip),
    guardChange: guardChange && { ...guardChange, at: new Date(guardChange.at).toISOString() },
    loosening: loosening && { ...loosening, at: new Date(loosening.at).toISOString() },
    firstSeen: new Date(view.firstSeen).toISOString(),
    lastSeen: new Date(view.lastSeen).toISOString(),
  }
}

/** Under the names that it has had since it was first released. */
function tripAsJson({ blocked, ...trip }: Trip) {
  return { ...trip, refused: blocked }
}
