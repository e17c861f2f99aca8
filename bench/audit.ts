/** What the audit log costs: verifying it, the memory that takes, and how long hooks that sign at once wait. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Appended } from './audit/append.ts'
import { storm, syncTimes } from './audit/storm.ts'
import type { Verified } from './audit/verify.ts'
import { inTemporaryHome, median, printTable, quantile } from './measure.ts'

const FILL = fileURLToPath(new URL('./audit/fill.ts', import.meta.url))
const VERIFY = fileURLToPath(new URL('./audit/verify.ts', import.meta.url))

const SHORT_LINES = 15_000
const TIMES_LONGER = 8
const SPEED_RUNS = 5
/** Lines a second of one core, at least. */
const TARGETS = { full: 8_000, fast: 150_000 }

const HOOKS = 16
const STORMS = 8
const LINES_EACH = 4
const SYNCS_EACH = 30
/** Half of the hooks wait less than the longer of these. */
const SHORT_WAIT_MS = 100
const SHORT_WAIT_SYNCS = 10

type Mode = keyof typeof TARGETS

export async function audit(): Promise<void> {
  console.log(`Node ${process.versions.node}\n`)
  await inTemporaryHome(undefined, async (home) => {
    const tiny = fill(home, 1)
    const short = fill(home, SHORT_LINES)
    const long = fill(home, SHORT_LINES * TIMES_LONGER)
    benchSpeed(short, long)
    benchMemory([tiny, short, long])
  })
  await inTemporaryHome(undefined, benchAppend)
}

function fill(home: string, lines: number): string {
  const folder = join(home, `${lines}`)
  execFileSync(process.execPath, [FILL, folder, String(lines)])
  return folder
}

function verify(folder: string, mode: Mode): Verified {
  return JSON.parse(execFileSync(process.execPath, [VERIFY, folder, mode], { encoding: 'utf8' }))
}

/** The fast way needs the long log: of a short one, half the time is spent on compiling. */
function benchSpeed(short: string, long: string): void {
  const full: Verified[] = []
  const fast: Verified[] = []
  for (let round = 0; round < SPEED_RUNS; round += 1) {
    full.push(verify(short, 'full'))
    fast.push(verify(long, 'fast'))
  }
  console.log(`verifying, ${SPEED_RUNS} runs of each, interleaved\n`)
  const titles = ['lines a second', 'of one core', 'by the clock', 'target', 'met', 'lines', 'files']
  printTable(titles, [speedRow('full', full), speedRow('fast', fast)])
}

/**
 * What is judged is processor time: on a shared machine the clock also counts what others do. Collecting garbage is in
 * it, on whatever core it was.
 */
function speedRow(mode: Mode, runs: readonly Verified[]): string[] {
  const perSecond = median(runs.map(({ lines, cpuMs }) => (1000 * lines) / cpuMs))
  const byClock = median(runs.map(({ lines, wallMs }) => (1000 * lines) / wallMs))
  const { lines = 0, segments = 0 } = runs[0] ?? {}
  const numbers = [perSecond, byClock, TARGETS[mode]].map((number) => number.toFixed(0))
  return [mode, ...numbers, answer(perSecond >= TARGETS[mode]), String(lines), String(segments)]
}

/**
 * A log of one line shows what the program itself takes. Garbage is in it too: V8 leaves more of it lying the longer
 * a process runs, up to a limit of its own.
 */
function benchMemory(folders: readonly string[]): void {
  const runs = folders.map((folder) => ({
    bytes: bytesIn(folder),
    full: verify(folder, 'full'),
    fast: verify(folder, 'fast'),
  }))
  console.log('\nmemory: most that was resident\n')
  printTable(
    ['lines', 'log MB', 'full MB', 'fast MB'],
    runs.map(({ bytes, full, fast }) => [
      String(full.lines),
      (bytes / 1024 / 1024).toFixed(1),
      ...[full, fast].map(({ peakKb }) => (peakKb / 1024).toFixed(0)),
    ]),
  )
  const [, short, long] = runs
  if (!short || !long) return
  const ratio = (mode: Mode) => (long[mode].peakKb / short[mode].peakKb).toFixed(2)
  console.log(
    `\n${TIMES_LONGER} times the lines take ${ratio('full')} (full), ${ratio('fast')} (fast) times the memory`,
  )
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

async function benchAppend(home: string): Promise<void> {
  await storm(home, HOOKS, 1) // the first one makes the key and the log
  const [, line = ''] = readFileSync(join(home, 'audit', 'audit-000001.jsonl'), 'utf8').split('\n')
  const syncs: number[] = []
  const first: Appended[] = []
  const later: Appended[] = []
  // Interleaved, so that whatever else the disk does falls on both alike.
  for (let round = 0; round < STORMS; round += 1) {
    syncs.push(...syncTimes(join(home, 'synced'), `${line}\n`, SYNCS_EACH))
    const [cold = [], ...warm] = await storm(home, HOOKS, LINES_EACH)
    first.push(...cold)
    later.push(...warm.flat())
  }
  printAppend(first, later, syncs, line.length + 1)
}

/** A hook appends one line at most. What its later lines would take is the lock without the cold start. */
function printAppend(
  first: readonly Appended[],
  later: readonly Appended[],
  syncs: readonly number[],
  bytes: number,
): void {
  const waits = first.map(({ wait }) => wait)
  console.log(`\nappending: ${HOOKS} new processes at once, ${LINES_EACH} lines each, ${STORMS} times\n`)
  printTable(
    ['', 'p50 ms', 'p90 ms'],
    [
      timeRow('first line: wait for the lock', waits),
      timeRow(
        'first line: lock held',
        first.map(({ held }) => held),
      ),
      timeRow(
        'later lines: wait for the lock',
        later.map(({ wait }) => wait),
      ),
      timeRow(
        'later lines: lock held',
        later.map(({ held }) => held),
      ),
      timeRow(`write + fdatasync of ${bytes} bytes`, syncs),
    ],
  )
  const limit = Math.max(SHORT_WAIT_MS, SHORT_WAIT_SYNCS * median(syncs))
  console.log(`\nhalf of the hooks wait less than ${limit.toFixed(0)} ms: ${answer(median(waits) < limit)}`)
}

function timeRow(name: string, ms: readonly number[]): string[] {
  return [name, quantile(ms, 0.5).toFixed(1), quantile(ms, 0.9).toFixed(1)]
}

/** Also the exit code's. */
function answer(isMet: boolean): string {
  if (!isMet) process.exitCode = 1
  return isMet ? 'yes' : 'NO'
}
