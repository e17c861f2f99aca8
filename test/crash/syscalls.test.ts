/**
 * One process killed at each of its system calls in turn. No luck is involved: files change in system calls only,
 * so these are all the states in which a process killed between two of them can leave them.
 */

import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { table } from '../../src/terminal/table.ts'
import { type Aftermath, acknowledged, aftermathOf, filesOf } from '../support/aftermath.ts'
import { type Ended, event, inParallel, runHook, temporaryHome } from '../support/processes.ts'
import { killedAt, LEFT_OUT, type Point, requireStrace, systemCallsOf } from '../support/strace.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'

const AT_ONCE = 2

/** Counts vary a little from run to run: of the calls to be killed at, some may not be made this time. */
const REACHED = 0.9

const skip = process.platform === 'linux' ? false : 'strace is a program of Linux'

describe('a process killed at each of its system calls', { skip }, () => {
  const rows: string[][] = []
  after(() => console.log(table(COLUMNS, rows).join('\n')))

  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    test(`leaves a log that the next run goes on with: ${name}`, async (t) => {
      requireStrace()
      const outcomes = await outcomesOf(t, scenario)
      const tried = outcomes.length
      const killed = outcomes.filter(({ wasKilled }) => wasKilled).length
      const recovered = outcomes.filter(({ complaints }) => complaints.length === 0).length
      rows.push([name, ...[tried, killed, recovered].map(String)])
      const complaints = outcomes.flatMap((outcome) => outcome.complaints)
      assert.deepEqual({ recovered, complaints }, { recovered: tried, complaints: [] })
      assert.ok(tried > 100 && killed >= REACHED * tried, `${killed} of ${tried} killed: too few`)
    })
  }
})

const COLUMNS = [
  { title: 'scenario' },
  { title: 'system calls tried', align: 'right' },
  { title: 'killed', align: 'right' },
  { title: 'recovered', align: 'right' },
] as const

async function outcomesOf(t: TestContext, scenario: Scenario): Promise<Outcome[]> {
  const prepared = temporaryHome(t, scenario.settings)
  await scenario.prepare(prepared)
  const points = await pointsOf(t, scenario, prepared)
  return inParallel(
    points.map((point) => () => killAndGoOn(t, scenario, prepared, point)),
    AT_ONCE,
  )
}

/** A copy of the same length of path, so that a run on it makes the same calls. */
function copied(t: TestContext, prepared: string): string {
  const home = temporaryHome(t)
  cpSync(prepared, home, { recursive: true })
  return home
}

/** Lets the process run once, undisturbed, and returns where it can be killed. */
async function pointsOf(t: TestContext, scenario: Scenario, prepared: string): Promise<readonly Point[]> {
  const home = copied(t, prepared)
  const trace = join(temporaryHome(t), 'trace')
  const { ended, points } = await systemCallsOf(scenario.args, scenario.options(home), trace)
  assert.equal(ended.exitCode, scenario.exitCode, ended.stderr)
  const added = filesOf(home).events.slice(filesOf(prepared).events.length)
  assert.deepEqual(added, scenario.adds)
  return points.filter(({ name }) => !LEFT_OUT.has(name))
}

interface Outcome {
  readonly wasKilled: boolean
  /** What was not as it must be, and which call the process was killed at. */
  readonly complaints: readonly string[]
}

async function killAndGoOn(
  t: TestContext,
  { args, options, exitCode }: Scenario,
  prepared: string,
  point: Point,
): Promise<Outcome> {
  const home = copied(t, prepared)
  const ended = await killedAt(point, args, options(home))
  const wasKilled = ended.signal === 'SIGKILL'
  const complaints = [
    ...(wasKilled || ended.exitCode === exitCode ? [] : [`not killed, but ${worded(ended)}`]),
    ...complaintsAbout('killed, it left', filesOf(home), ended),
    ...(await goOn(home, ended)),
  ]
  rmSync(home, { recursive: true })
  return { wasKilled, complaints: complaints.map((what) => `${point.name} ${point.ordinal}: ${what}`) }
}

/** The next run must be blocked and signed, and say nothing else: it has nothing to complain of. */
async function goOn(home: string, killed: Ended): Promise<string[]> {
  const next = await runHook({ home, input: event(), cwd: '/' })
  const isUsual = next.exitCode === 2 && /^rate_limited: .+\n.+\n\[.+\]\n$/.test(next.stderr)
  const isSigned = acknowledged(next) !== undefined
  return [
    ...(isUsual && isSigned ? [] : [`the next run ${worded(next)}`]),
    ...complaintsAbout('the next run left', aftermathOf(home), killed, next),
  ]
}

function complaintsAbout(when: string, { alarm, holds }: Aftermath, ...runs: readonly Ended[]): string[] {
  const told = runs.map(acknowledged).filter((line) => line !== undefined)
  const lost = told
    .filter((line) => !holds(line))
    .map(({ seq }) => `${when} no line ${seq}, which was printed`)
  return alarm ? [`${when} ${alarm}`, ...lost] : lost
}

function worded({ exitCode, signal, stderr }: Ended): string {
  return `ended with ${exitCode ?? signal}: ${stderr}`
}
