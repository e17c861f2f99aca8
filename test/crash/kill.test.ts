/** Processes that append to one log, killed at random moments: what was said to be in the log is in it, and stays. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Acknowledged, acknowledged, aftermathOf } from '../support/aftermath.ts'
import { type Ended, event, inParallel, runCli, runHook, temporaryHome, times } from '../support/processes.ts'

const KILLS = 300
const AT_ONCE = 4
/** So many runs leave some 20 killed; then the log is verified. */
const RUNS_A_ROUND = 40
/** Far more than it takes: so the test ends even where nothing can be killed in time. */
const MOST_ROUNDS = 60

/** Every call is blocked and signed; a file takes about four lines. */
const SETTINGS = { rate: { warnPerMin: 0, blockPerMin: 1 }, audit: { segmentBytes: 2048 } }

/** A process that appends to the log, and what it exits with if it is let. */
interface Writer {
  readonly start: (home: string, killAfterMs?: number) => Promise<Ended>
  readonly exitCode: number
}

const BLOCK: Writer = {
  start: (home, ms) => runHook({ home, input: event(), ...killedAfter(ms) }),
  exitCode: 2,
}

const ROTATION: Writer = {
  start: (home, ms) => runCli(['audit', 'rotate-key'], { home, ...killedAfter(ms) }),
  exitCode: 0,
}

function killedAfter(ms: number | undefined) {
  return ms === undefined ? {} : { killAfterMs: ms }
}

/** One run in eight rotates the key. */
function writerOf(run: number): Writer {
  return run % 8 === 5 ? ROTATION : BLOCK
}

/** How long a writer takes here and now with three others beside it, on a log of their own. */
async function usualRunMs(crowded: string, { start }: Writer): Promise<number> {
  const before = performance.now()
  await Promise.all(times(AT_ONCE, () => start(crowded)))
  return performance.now() - before
}

/**
 * When to kill a writer: one in two at any moment of its life, or shortly after its end; one in two in the second
 * half of it, in which it signs and writes.
 */
async function momentsOf(crowded: string): Promise<(writer: Writer) => number> {
  const block = await usualRunMs(crowded, BLOCK)
  const rotation = await usualRunMs(crowded, ROTATION)
  return (writer) => {
    const earliest = Math.random() < 0.5 ? 0 : 0.5
    return (writer === ROTATION ? rotation : block) * (earliest + (1.2 - earliest) * Math.random())
  }
}

/** All that happened to one log. */
interface Toll {
  kills: number
  readonly acknowledged: Acknowledged[]
  /** Runs that ended neither by their kill nor as they should. */
  readonly odd: string[]
  readonly alarms: string[]
  readonly lost: Set<Acknowledged>
}

/** Many runs, each killed if it is not faster. Measured anew each time, because others use the machine too. */
async function round(home: string, crowded: string, toll: Toll): Promise<void> {
  const momentFor = await momentsOf(crowded)
  const runs = times(RUNS_A_ROUND, (run) => async () => {
    const writer = writerOf(run)
    const ended = await writer.start(home, momentFor(writer))
    const line = acknowledged(ended)
    if (line) toll.acknowledged.push(line)
    if (ended.signal === 'SIGKILL') toll.kills += 1
    else if (ended.exitCode !== writer.exitCode) toll.odd.push(`${ended.exitCode}: ${ended.stderr}`)
  })
  await inParallel(runs, AT_ONCE)
}

function verify(home: string, toll: Toll): void {
  const { alarm, holds } = aftermathOf(home)
  if (alarm) toll.alarms.push(alarm)
  for (const line of toll.acknowledged) if (!holds(line)) toll.lost.add(line)
}

/** Why blocks were not signed. That the log's lock could not be had in time is no fault. */
function faults(home: string): string[] {
  const reasons = readFileSync(join(home, 'log.jsonl'), 'utf8').match(/"not signed: [^"]*"/g) ?? []
  return reasons.filter((reason) => !reason.includes('database is locked'))
}

describe('300 processes killed while four at a time append to a log of many files and keys', () => {
  test('lose no line that was acknowledged, and leave nothing that looks like tampering', async (t) => {
    const home = temporaryHome(t, SETTINGS)
    const crowded = temporaryHome(t, SETTINGS)
    // A key can be rotated only once there is a log; how one begins is for the other test to interrupt.
    for (const place of [home, crowded]) await BLOCK.start(place)
    const toll: Toll = { kills: 0, acknowledged: [], odd: [], alarms: [], lost: new Set() }
    for (let rounds = 0; toll.kills < KILLS && rounds < MOST_ROUNDS; rounds += 1) {
      await round(home, crowded, toll)
      verify(home, toll)
    }
    const { kills, alarms, lost, odd } = toll
    const told = toll.acknowledged.length
    console.log(`${kills} kills, ${told} acknowledged, lost ${lost.size}, false alarms ${alarms.length}`)
    assert.deepEqual(
      { lost: [...lost], alarms, odd, faults: faults(home) },
      { lost: [], alarms: [], odd: [], faults: [] },
    )
    assert.ok(kills >= KILLS && told >= 50, 'too few to say anything')
  })
})
