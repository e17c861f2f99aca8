/** `spikectl explain`: which rule says what of a call or a session, and why. It decides without recording. */

import { readFileSync } from 'node:fs'
import { haltIn } from '../guard/breaker.ts'
import { decide, judge, lacksTenant } from '../guard/decide.ts'
import { type Agent, type CallEvent, MAIN_AGENT } from '../guard/event.ts'
import { identify, keyOf } from '../guard/identity.ts'
import type { Policy } from '../guard/policy.ts'
import { currentMeter, gaugesFor, judgeGauge } from '../guard/rules/limits.ts'
import { limitFor, streakOf } from '../guard/rules/loop.ts'
import { freshState, type State } from '../guard/state.ts'
import type { Verdict } from '../guard/verdict.ts'
import { countOf } from '../guard/window.ts'
import type { HookInput } from '../hosts/claude-code/event.ts'
import { fingerprint } from '../hosts/fingerprint.ts'
import { hostOf } from '../hosts/known.ts'
import { readConfig, withProject } from '../settings/load.ts'
import { withStateDb } from '../store/open.ts'
import { readAgentStates, readState } from '../store/queries.ts'
import { namedIn } from '../system/environment.ts'
import { failure, isFailure } from '../system/failure.ts'
import { isAbsent, readSmallFile } from '../system/files.ts'
import { openHash } from '../system/keyed-hash.ts'
import { projectSettingsPath } from '../system/paths.ts'
import { printable } from '../system/text.ts'
import { table } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Context, ExitCode } from './context.ts'
import { fullName, loadSession } from './sessions.ts'

export interface ExplainOptions {
  readonly session?: string
  readonly json?: boolean
}

/** What one rule says: its figure with this call, its limits, its verdict, and what lifts it. */
interface Row {
  readonly rule: string
  readonly figure: number
  readonly warnAt: number | null
  readonly blockAt: number | null
  readonly says: Verdict['kind']
  readonly lifts: string
}

const MOST_AGENTS = 8
const COLUMNS = ['RULE', 'FIGURE', 'WARN AT', 'BLOCK AT', 'SAYS', 'LIFTS'] as const

export async function explain(
  context: Context,
  place: string | undefined,
  options: ExplainOptions,
): Promise<ExitCode> {
  if ((place === undefined) === (options.session === undefined)) {
    throw failure('expected either an event or --session', 'Run: spikectl explain --session SESSION')
  }
  const { rows, verdict, about } =
    place === undefined
      ? await explainSession(context, options.session ?? '')
      : await explainEvent(context, place)
  if (options.json) context.terminal.printJson({ version: 1, about, verdict, rules: rows })
  else print(context.terminal, about, verdict, rows)
  return 0
}

interface Explanation {
  readonly about: string
  readonly verdict: Verdict['kind']
  readonly rows: readonly Row[]
}

async function explainEvent({ env, paths }: Context, place: string): Promise<Explanation> {
  const text = place === '-' ? readFileSync(0, 'utf8') : readSmallFile(place)
  if (text === undefined)
    throw failure(`there is no event at ${place}`, 'Run: spikectl explain - < event.json')
  const input = await parsed(text, place)
  if (input.type !== 'call')
    throw failure('only a PreToolUse event can be explained', 'Run: spikectl explain --session SESSION')
  const event = fingerprint(input, openHash(paths.hashKey))
  if (event.type !== 'call') throw new Error('Expected a call to stay one')
  const identity = identify({ ...namedIn(env), session: input.session })
  const policy = await policyAt(paths.config, env.CLAUDE_PROJECT_DIR || input.cwd || process.cwd())
  const about = `${input.tool} in ${fullName(identity)}`
  if (lacksTenant(identity, policy)) return { about, verdict: 'block', rows: [TENANT_ROW] }
  const { state, now } = found(paths.stateDb, keyOf(identity), event.agent.id)
  const { verdict } = decide(state, event, policy, now)
  const rows = [...haltRow('', state), ...callRows(state, event, policy, now)]
  return { about: `${about}${inShadow(policy)}`, verdict: verdict.kind, rows }
}

const TENANT_ROW: Row = {
  ...{ rule: 'tenant', figure: 0, warnAt: null, blockAt: null, says: 'block' },
  lifts: 'when SPIKECTL_TENANT names one',
}

function inShadow({ mode }: Policy): string {
  return mode === 'shadow' ? ' (shadow mode: it would run)' : ''
}

/** The same errors as the hook's own, but of a file where it is one. */
async function parsed(text: string, place: string): Promise<HookInput> {
  try {
    return (await hostOf(text)).parse(text)
  } catch (error) {
    if (!isFailure(error) || place === '-') throw error
    throw failure(error.message.replace('the hook input on stdin', place), error.hint)
  }
}

async function policyAt(config: string, project: string): Promise<Policy> {
  return (await withProject((await readConfig(config)).policy, projectSettingsPath(project))).policy
}

function found(file: string, key: string, agent: string): { state: State; now: number } {
  const none = { state: freshState(Date.now()), now: Date.now() }
  if (isAbsent(file)) return none
  return withStateDb(file, Date.now, (store) =>
    store.read((db, now) => ({ state: readState(db, key, agent, now), now }), none),
  ).result
}

function haltRow(agent: string, state: State): Row[] {
  const halt = haltIn(state)
  if (!halt) return []
  const lifts = 'with a prompt of a person, or reset'
  return [
    {
      rule: `halt ${agent}(${halt.rule})`,
      figure: halt.nth,
      warnAt: null,
      blockAt: null,
      says: 'halt',
      lifts,
    },
  ]
}

function callRows(state: State, call: CallEvent, policy: Policy, now: number): Row[] {
  return judge(state, call, policy, now).map(({ gauge, verdict }) =>
    gauge
      ? gaugeRow(
          gauge.meter,
          countOf(currentMeter(state.session, gauge, now).ring) + 1,
          gauge.limits,
          verdict,
        )
      : repeatRow('repeat', streakOf(state.agent.history, call), call.isPoll, policy, verdict),
  )
}

function gaugeRow(rule: string, figure: number, limits: Policy['rate'], verdict: Verdict): Row {
  const wait = verdict.kind === 'block' ? verdict.retryAfterMs : undefined
  const lifts =
    wait === undefined ? (verdict.kind === 'block' ? 'never' : '') : `in ${Math.ceil(wait / 1000)} s`
  const { warnPerMin, blockPerMin } = limits
  return { rule, figure, warnAt: warnPerMin || null, blockAt: blockPerMin || null, says: verdict.kind, lifts }
}

/** Its figure is how often in a row the same call has brought the same result. */
function repeatRow(rule: string, figure: number, isPoll: boolean, policy: Policy, { kind }: Verdict): Row {
  const { warn, block } = policy.repeat
  const blockAt = block ? limitFor({ isPoll }).times : null
  const { others } = limitFor({ isPoll })
  const lifts = kind === 'block' ? `after ${others + 1} different other calls` : ''
  return { rule, figure, warnAt: warn && !isPoll ? 3 : null, blockAt, says: kind, lifts }
}

async function explainSession({ paths }: Context, name: string): Promise<Explanation> {
  const { policy: own } = await readConfig(paths.config)
  const session = await loadSession(paths, own, name)
  const policy = await policyAt(paths.config, session.project)
  const { state, now } = found(paths.stateDb, session.key, MAIN_AGENT)
  const names = ['', ...policy.spawn.tools.slice(0, 1), ...Object.keys(policy.tools)]
  const gauges = new Map(
    names.flatMap((tool) => gaugesFor(policy, tool)).map((gauge) => [gauge.meter, gauge]),
  )
  const rows = [...gauges.values()].map((gauge) => {
    const { ring } = currentMeter(state.session, gauge, now)
    return gaugeRow(gauge.meter, countOf(ring) + 1, gauge.limits, judgeGauge(gauge, ring, now))
  })
  const all = [...haltRow('', state), ...agentRows(paths.stateDb, session.key, state, policy, now), ...rows]
  const verdict = heaviest(rows, session.state)
  const known = fullName(session.identity)
  const about = verdict === 'halt' ? known : `a call in ${known} that repeats none`
  return { about: `${about}${inShadow(policy)}`, verdict, rows: all }
}

/** For each agent, what its last call would meet if it came again. */
function agentRows(file: string, key: string, { session }: State, policy: Policy, now: number): Row[] {
  const agents = withStateDb(file, Date.now, (store) =>
    store.read((db) => readAgentStates(db, key, session.lasting.epoch), []),
  ).result
  return agents.slice(0, MOST_AGENTS).flatMap(({ id, state }) => {
    const own = session.lasting.latch
      ? []
      : haltRow(`${printable(id).slice(0, 12)} `, { session, agent: state })
    const last = state.history.at(-1)
    if (!last) return own
    const agent: Agent = { id, type: '' }
    const again: CallEvent = { type: 'call', agent, tool: '', signature: last.signature, isPoll: last.isPoll }
    const [finding] = judge({ ...freshState(now), agent: state }, again, policy, now)
    if (!finding) return own
    const rule = `repeat (${printable(id).slice(0, 12)})`
    return [...own, repeatRow(rule, streakOf(state.history, again), last.isPoll, policy, finding.verdict)]
  })
}

function print(
  { print: out, colour }: Terminal,
  about: string,
  verdict: Verdict['kind'],
  rows: readonly Row[],
): void {
  const paint = { allow: colour.green, warn: colour.yellow, block: colour.red, halt: colour.red }
  const cells = rows.map(({ rule, figure, warnAt, blockAt, says, lifts }) => [
    ...[printable(rule), String(figure), String(warnAt ?? '-'), String(blockAt ?? '-')],
    ...[paint[says](says), lifts],
  ])
  const columns = COLUMNS.map((title, index) => ({
    title,
    align: index > 0 && index < 4 ? ('right' as const) : ('left' as const),
  }))
  const [head = '', ...lines] = table(columns, cells)
  for (const line of [colour.dim(head), ...lines]) out(line)
  out(`${printable(about)}: ${paint[verdict](verdict)}`)
}

/** What a next call would meet, were it none of those that are repeated. */
function heaviest(rows: readonly Row[], state: string): Verdict['kind'] {
  if (state === 'halt') return 'halt'
  const kinds = rows.map(({ says }) => says)
  return kinds.includes('block') ? 'block' : kinds.includes('warn') ? 'warn' : 'allow'
}
