/** `spikectl status`: who is calling how fast, and what they would meet next. */

import { readConfig } from '../config.ts'
import { describe, type Failure, failure } from '../failure.ts'
import { isOff, type Policy } from '../guard/policy.ts'
import { factsOf, machineWord } from '../hosts/claude-code/sentences.ts'
import { pasteable, printable, shortId } from '../short-id.ts'
import type { Database } from '../sqlite.ts'
import { countingProblem } from '../store/countable.ts'
import { readNames } from '../store/names.ts'
import { readSessions } from '../store/sessions.ts'
import { NO_TOTALS, readTotals, type Totals } from '../store/totals.ts'
import { sparkline } from '../terminal/sparkline.ts'
import { type Column, table } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Context, ExitCode } from './context.ts'
import {
  askedToShow,
  type Found,
  findSession,
  NONE_FOUND,
  pickSession,
  projectName,
  type SessionView,
  viewsOf,
} from './sessions.ts'

export interface StatusOptions {
  readonly all?: boolean
  readonly json?: boolean
  readonly watch?: boolean
  readonly tenant?: string
}

/** Sessions that were seen within this time are shown without --all. */
const RECENT_MS = 60 * 60 * 1000

const COLUMNS: readonly Column[] = [
  { title: 'SESSION' },
  { title: 'PROJECT' },
  { title: 'COUNT', align: 'right' },
  { title: 'LIMIT', align: 'right' },
  { title: 'LAST 60 S' },
  { title: 'PEAK', align: 'right' },
  { title: 'AGENTS', align: 'right' },
  { title: 'DENIED', align: 'right' },
  { title: 'STATE' },
  { title: 'NEXT CALL', align: 'right' },
]

/** What all columns but the sparkline take on a usual line. */
const OTHER_COLUMNS_WIDTH = 86
const LEAST_SPARKLINE = 12
/** What a narrow terminal goes without. */
const SPARED = new Set(['PROJECT', 'PEAK', 'AGENTS'])

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
  if (uncounted && !options.json) terminal.print(terminal.colour.red(uncountedLine(uncounted)))
  const query = (db: Database, now: number) => look(db, now, name, options)
  const { found, problem: unusable } = askedToShow(paths, query, NOTHING)
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
    if (shown.length > 0) printTable(terminal, shown)
    // That there was none would be no news where none can be known.
    else if (found.known > 0 || !uncounted) printNone(terminal, found.known)
    for (const line of shown.flatMap(reasons)) terminal.print(line)
    for (const line of totalsLines(found.totals, policy.mode)) terminal.print(line)
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

const NOTHING: Looked = { ...NONE_FOUND, totals: NO_TOTALS, known: 0 }

function look(db: Database, now: number, name: string | undefined, options: StatusOptions): Looked {
  const { all, tenant } = options
  const totals = readTotals(db)
  if (name !== undefined) return { ...findSession(db, now, name, tenant), totals, known: 1 }
  const stored = readSessions(db, now, { tenant, since: all ? 0 : now - RECENT_MS })
  return { now, stored, totals, known: stored.length > 0 ? stored.length : readNames(db, { tenant }).length }
}

function isWorthShowing({ calls, state, guardChange }: SessionView): boolean {
  return calls > 0 || state === 'halt' || guardChange !== undefined
}

function printNone(terminal: Terminal, known: number): void {
  const more = known > 0 ? ` ${known} earlier ones: spikectl status --all` : ''
  terminal.print(`No session in the last hour.${more}`)
}

function asJson({ key: _, calls: __, identity, guardChange, loosening, ...view }: SessionView) {
  return {
    session: identity.id,
    tenant: identity.tenant,
    user: identity.user,
    ...view,
    ...(guardChange ? { guardChange: { ...guardChange, at: new Date(guardChange.at).toISOString() } } : {}),
    ...(loosening ? { loosening: { ...loosening, at: new Date(loosening.at).toISOString() } } : {}),
    firstSeen: new Date(view.firstSeen).toISOString(),
    lastSeen: new Date(view.lastSeen).toISOString(),
  }
}

function printTable(terminal: Terminal, sessions: readonly SessionView[]): void {
  const isNarrow = terminal.columns < OTHER_COLUMNS_WIDTH + LEAST_SPARKLINE
  const width = Math.max(LEAST_SPARKLINE, Math.min(60, terminal.columns - OTHER_COLUMNS_WIDTH))
  const isShown = (_: unknown, index: number) => !(isNarrow && SPARED.has(COLUMNS[index]?.title ?? ''))
  const [head = '', ...lines] = table(
    COLUMNS.filter(isShown),
    sessions.map((session) => rowOf(terminal, session, width).filter(isShown)),
  )
  for (const line of [terminal.colour.dim(head), ...lines]) terminal.print(line)
}

/** What a person should know of a session, and what to do about it. */
function reasons(session: SessionView): string[] {
  return [
    ...haltReasons(session),
    ...guardReasons(session),
    ...unaskedReasons(session),
    ...looserReasons(session),
  ]
}

function unaskedReasons({ identity, unasked }: SessionView): string[] {
  if (unasked === 0) return []
  const calls = unasked === 1 ? '1 call' : `${unasked} calls`
  return [
    `${shortId(identity.id)}: ${calls} ran without spikectl having been asked; when: spikectl log ${pasteable(identity)}; why: spikectl doctor`,
  ]
}

function looserReasons({ identity, loosening }: SessionView): string[] {
  if (!loosening) return []
  const since = new Date(loosening.at).toISOString()
  const settings = loosening.settings.map(printable).join(', ')
  return [
    `${shortId(identity.id)}: limits were loosened while it ran, last at ${since}: ${settings}; look with: spikectl log ${pasteable(identity)}`,
  ]
}

function guardReasons({ identity, guardChange }: SessionView): string[] {
  if (!guardChange) return []
  const { at, file, problem } = guardChange
  const what = printable(`${file} ${problem}`)
  return [
    `${shortId(identity.id)} keeps its hooks since ${new Date(at).toISOString()}, but new sessions will not: ${what}; look with: spikectl doctor`,
  ]
}

function haltReasons({ identity, latch, agents }: SessionView): string[] {
  const name = shortId(identity.id)
  const goOn = `goes on with a prompt of a person, or: spikectl reset ${pasteable(identity)}`
  if (latch) {
    const since = new Date(latch.at).toISOString()
    return [`${name} is halted since ${since} (${machineWord(latch)}: ${factsOf(latch, identity)}); ${goOn}`]
  }
  const halted = agents.filter((agent) => agent.halted).map(({ agent }) => printable(agent))
  return halted.length > 0 ? [`${name}: halted ${halted.join(', ')}, while others go on; ${goOn}`] : []
}

type Colours = Terminal['colour']

const STATE_COLOURS = {
  allow: ({ green }: Colours) => green,
  warn: ({ yellow }: Colours) => yellow,
  block: ({ red }: Colours) => red,
  halt: ({ red }: Colours) => red.bold,
  off: ({ dim }: Colours) => dim,
}

function rowOf({ colour }: Terminal, session: SessionView, width: number): string[] {
  const paint = STATE_COLOURS[session.state](colour)
  return [
    session.identity.tenant
      ? `${shortId(session.identity.id)}@${shortId(session.identity.tenant)}`
      : shortId(session.identity.id),
    projectName(session),
    String(session.count),
    session.blockPerMin === 0 ? '-' : String(session.blockPerMin),
    paint(sparkline(session.perSecond, width)),
    String(session.peak),
    String(session.agents.length),
    String(session.denied),
    paint(session.state),
    nextCall(session),
  ]
}

function nextCall({ state, retryAfterMs }: SessionView): string {
  if (state === 'halt') return 'after a prompt'
  if (retryAfterMs < 0) return 'never'
  return retryAfterMs === 0 ? 'now' : `in ${Math.ceil(retryAfterMs / 1000)} s`
}

function totalsLines(totals: Totals, mode: Policy['mode']): string[] {
  const { calls, warned, blocked, halted, errors, unsigned, unasked } = totals
  const { wouldWarn, wouldBlock, wouldHalt } = totals
  const missing = unsigned > 0 ? ` (${unsigned} of these not signed: see spikectl log)` : ''
  const missed = unasked > 0 ? `; ${unasked} of the calls ran without spikectl having been asked` : ''
  const lines = [
    `since the beginning: ${calls} calls, of them ${warned} at or above a warn limit and ${blocked} blocked${missing}; ${halted} ${halted === 1 ? 'turn' : 'turns'} ended; ${errors} errors${missed}`,
  ]
  if (mode === 'enforce' && wouldWarn + wouldBlock + wouldHalt === 0) return lines
  const now = mode === 'shadow' ? 'shadow mode: nothing is refused' : 'while it was in shadow mode it'
  return [
    ...lines,
    `${now}${mode === 'shadow' ? ';' : ''} would have warned ${wouldWarn}, blocked ${wouldBlock}, ended ${wouldHalt} turns`,
  ]
}
