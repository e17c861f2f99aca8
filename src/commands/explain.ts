/** `spikectl explain`: which rule says what of a call or a session, and why. It decides without recording. */

import { readFileSync } from 'node:fs'
import { haltIn } from '../guard/breaker.ts'
import { decide } from '../guard/decide.ts'
import { MAIN_AGENT } from '../guard/event.ts'
import { identify, keyOf } from '../guard/identity.ts'
import { callOf, judge, judgeAgent, judgeSession } from '../guard/judge.ts'
import { lacksTenant, type Policy } from '../guard/policy.ts'
import type { State } from '../guard/state.ts'
import type { Block, Finding, Verdict } from '../guard/verdict.ts'
import { fingerprint } from '../hosts/fingerprint.ts'
import type { HookInput } from '../hosts/input.ts'
import { hostOf } from '../hosts/known.ts'
import { readConfig, withProject } from '../settings/load.ts'
import { readStore } from '../store/sqlite-store.ts'
import { namedIn } from '../system/environment.ts'
import { failure, isFailure } from '../system/failure.ts'
import { readSmallFile } from '../system/files.ts'
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
  const rows = [...haltRow('', state), ...judge(state, event, policy, now).map((each) => rowOf(each))]
  return { about: `${about}${inShadow(policy)}`, verdict: verdict.kind, rows }
}

const TENANT_ROW: Row = {
  rule: 'tenant',
  figure: 0,
  warnAt: null,
  blockAt: null,
  says: 'block',
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
  return readStore(file, (seen) => ({ state: seen.state(key, agent), now: seen.now }))
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

/** What a finding says, in a row; `agent` where the rule counts for each agent. */
function rowOf({ rule, of, count, warnAt, blockAt, verdict, lifts }: Finding, agent = ''): Row {
  const limits = of === undefined ? rule : `${rule}.${of}`
  return {
    rule: agent ? `${limits} (${agent})` : limits,
    figure: count,
    warnAt: warnAt || null,
    blockAt: blockAt || null,
    says: verdict.kind,
    lifts: verdict.kind === 'block' ? liftsIn(verdict, lifts) : '',
  }
}

function liftsIn({ retryAfterMs }: Block, lifts = 'never'): string {
  return retryAfterMs === undefined ? lifts : `in ${Math.ceil(retryAfterMs / 1000)} s`
}

async function explainSession({ paths }: Context, name: string): Promise<Explanation> {
  const { policy: own } = await readConfig(paths.config)
  const session = await loadSession(paths, own, name)
  const policy = await policyAt(paths.config, session.project)
  const { state, now } = found(paths.stateDb, session.key, MAIN_AGENT)
  const rows = judgeSession(state, policy, now).map((each) => rowOf(each))
  const all = [...haltRow('', state), ...agentRows(paths.stateDb, session.key, state, policy, now), ...rows]
  const verdict = heaviest(rows, session.state)
  const known = fullName(session.identity)
  const about = verdict === 'halt' ? known : `a call in ${known} that repeats none`
  return { about: `${about}${inShadow(policy)}`, verdict, rows: all }
}

/** For each agent, what its last call would meet if it came again. */
function agentRows(file: string, key: string, { session }: State, policy: Policy, now: number): Row[] {
  const agents = readStore(file, (seen) => seen.agentStates(key))
  return agents.slice(0, MOST_AGENTS).flatMap(({ id, state }) => {
    const name = printable(id).slice(0, 12)
    const own = session.lasting.trip ? [] : haltRow(`${name} `, { session, agent: state })
    const last = state.history.at(-1)
    if (!last) return own
    const again = { ...callOf(''), agent: { id, type: '' }, signature: last.signature, isPoll: last.isPoll }
    const findings = judgeAgent({ session, agent: state }, again, policy, now)
    return [...own, ...findings.map((each) => rowOf(each, name))]
  })
}

function print(
  { print: out, colour }: Terminal,
  about: string,
  verdict: Verdict['kind'],
  rows: readonly Row[],
): void {
  const paint = {
    allow: colour.green,
    warn: colour.yellow,
    ask: colour.yellow,
    block: colour.red,
    halt: colour.red,
  }
  const cells = rows.map(({ rule, figure, warnAt, blockAt, says, lifts }) => [
    printable(rule),
    String(figure),
    String(warnAt ?? '-'),
    String(blockAt ?? '-'),
    paint[says](says),
    lifts,
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
