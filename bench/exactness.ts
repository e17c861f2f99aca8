/** Does anything get lost, or through, when hooks run at once, on a machine that has other work to do? */

import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  call,
  command,
  HOOK_PROGRAM,
  inTemporaryHome,
  median,
  NODE_ALONE,
  type Peer,
  type Program,
  printTable,
  run,
  shell,
} from './measure.ts'

const AT_ONCE = 32
const CALLS = 1600
/** One call in so many is followed by one `node -e 0`, which says how slow the machine is at that moment. */
const PROBE_EVERY = 40

/** In a run longer than this, the first calls may leave the window, and make place, before the last come. */
const EXACT_WITHIN_MS = 55_000

/** How the calls are spread. */
interface Load {
  readonly name: string
  /** So many homes, one after the other, each of them new. */
  readonly homes: number
  readonly limit: number
}

const ONE_HOME: Load = { name: 'one home', homes: 1, limit: 1000 }
/** On a busy machine it takes minutes: with this limit most calls are blocked, and signed, all the same. */
const BUSY_HOME: Load = { name: 'one home', homes: 1, limit: 200 }
const NEW_HOMES: Load = { name: `${CALLS / AT_ONCE} new homes`, homes: CALLS / AT_ONCE, limit: AT_ONCE / 2 }

export async function exactness(peers: readonly Peer[], beside: number): Promise<void> {
  const loads = beside > 0 ? [BUSY_HOME, NEW_HOMES] : [ONE_HOME, NEW_HOMES]
  const others = beside > 0 ? `, ${beside} busy loops beside` : ''
  console.log(`${CALLS} calls, ${AT_ONCE} processes at once${others}\n`)
  const programs = [HOOK_PROGRAM, ...peers.map(({ name, command }) => shell(name, command))]
  const results: Result[] = []
  await withBusyLoops(beside, async () => {
    for (const load of loads) for (const program of programs) results.push(await storm(program, load))
  })
  printTable(
    [
      ...['hook', 'in', 'limit a minute', 'admitted', 'denied', 'failed', 'miscounted', 'unsigned'],
      ...['most in any 60 s', 'seconds', 'node -e 0, ms'],
    ],
    results.map((r) => [
      ...[r.name, r.load.name, String(r.load.limit), ...[r.admitted, r.denied, r.failed].map(String)],
      ...[r.miscounted, r.unsigned].map((count) => (count === undefined ? '-' : String(count))),
      ...[String(r.most), r.seconds.toFixed(1), r.probe.toFixed(0)],
    ]),
  )
  judge(results.filter(({ name }) => name === HOOK_PROGRAM.name))
}

/** Processes that want all of a processor while `work` runs. */
async function withBusyLoops(count: number, work: () => Promise<void>): Promise<void> {
  const loops = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  )
  try {
    await work()
  } finally {
    for (const loop of loops) loop.kill('SIGKILL')
  }
}

interface Result {
  readonly name: string
  readonly load: Load
  readonly admitted: number
  readonly denied: number
  readonly failed: number
  /** How far the counters are from what was answered; only ours can be asked. */
  readonly miscounted: number | undefined
  readonly unsigned: number | undefined
  readonly most: number
  readonly seconds: number
  /** Median of `node -e 0` meanwhile. */
  readonly probe: number
}

interface Answers {
  readonly admittedAt: number[]
  readonly probes: number[]
  denied: number
  failed: number
}

async function storm(program: Program, load: Load): Promise<Result> {
  const settings = { rate: { warnPerMin: 0, blockPerMin: load.limit } }
  return inTemporaryHome(undefined, async (folder) => {
    const start = performance.now()
    const answers: Answers = { admittedAt: [], probes: [], denied: 0, failed: 0 }
    let [miscounted, unsigned, most] = [0, 0, 0]
    for (let home = 1; home <= load.homes; home += 1) {
      const before = { admitted: answers.admittedAt.length, denied: answers.denied }
      const place = join(folder, String(home))
      mkdirSync(place)
      await callAtOnce(program, place, settings, CALLS / load.homes, answers)
      most = Math.max(most, mostInAMinute(answers.admittedAt.slice(before.admitted)))
      if (program !== HOOK_PROGRAM) continue
      const totals = await totalsOf(place)
      const ran = answers.admittedAt.length - before.admitted
      const denied = answers.denied - before.denied
      miscounted += Math.abs(totals.blocked - denied) + Math.abs(totals.calls - totals.blocked - ran)
      unsigned += totals.unsigned
    }
    return {
      ...{ name: program.name, load, admitted: answers.admittedAt.length, denied: answers.denied },
      ...{ failed: answers.failed, most, seconds: (performance.now() - start) / 1000 },
      ...(program === HOOK_PROGRAM
        ? { miscounted, unsigned }
        : { miscounted: undefined, unsigned: undefined }),
      probe: median(answers.probes),
    }
  })
}

/** So many calls, AT_ONCE of them at any time. */
async function callAtOnce(
  program: Program,
  home: string,
  settings: object,
  calls: number,
  answers: Answers,
): Promise<void> {
  writeFileSync(join(home, 'config.json'), JSON.stringify(settings))
  let next = 0
  const worker = async () => {
    while (next < calls) {
      next += 1
      const isProbed = next % PROBE_EVERY === 0
      const { exitCode, stdout, endedAt } = await run(program, home, call())
      if (exitCode === 2 || /"permissionDecision":\s*"deny"|"decision":\s*"block"/.test(stdout))
        answers.denied += 1
      else if (exitCode === 0) answers.admittedAt.push(endedAt)
      else answers.failed += 1
      if (isProbed) answers.probes.push((await run(NODE_ALONE, home, '')).ms)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

interface Totals {
  readonly calls: number
  readonly blocked: number
  readonly unsigned: number
}

async function totalsOf(home: string): Promise<Totals> {
  return JSON.parse((await run(command('status', '--json'), home, '')).stdout).totals
}

/** The highest number of times within any 60 consecutive seconds of the clock. */
function mostInAMinute(times: readonly number[]): number {
  const seconds = times.map((time) => Math.floor(time / 1000))
  return Math.max(
    0,
    ...seconds.map((first) => seconds.filter((second) => second >= first && second < first + 60).length),
  )
}

function judge(results: readonly Result[]): void {
  const sum = (of: (result: Result) => number) => results.reduce((total, each) => total + of(each), 0)
  const failed = sum((each) => each.failed)
  const miscounted = sum((each) => each.miscounted ?? 0)
  const unsigned = sum((each) => each.unsigned ?? 0)
  const isExact = results.every(isFull)
  console.log(`\n${failed} failed, ${miscounted} miscounted, ${unsigned} unsigned`)
  console.log(`nothing lost, not one call too many: ${failed + miscounted === 0 && isExact ? 'yes' : 'NO'}`)
  if (failed + miscounted + unsigned > 0 || !isExact) process.exitCode = 1
}

/** Not one call too many; and, while all of it falls into one window, not one too few. */
function isFull({ load, admitted, seconds }: Result): boolean {
  if (load.homes > 1) return admitted === load.homes * (load.limit - 1)
  return seconds * 1000 > EXACT_WITHIN_MS || admitted === load.limit - 1
}
