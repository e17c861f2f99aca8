/** Does anything get lost, or through, when hooks run at once? */

import {
  call,
  HOOK_PROGRAM,
  inTemporaryHome,
  type Peer,
  type Program,
  printTable,
  run,
  shell,
} from './measure.ts'

const AT_ONCE = 32
const CALLS = 1600
const LIMIT = 1000

/** In a run longer than this, the first calls may leave the window, and make place, before the last come. */
const EXACT_WITHIN_MS = 55_000

export async function exactness(peers: readonly Peer[]): Promise<void> {
  console.log(`${CALLS} calls, ${AT_ONCE} processes at once, limit ${LIMIT} a minute\n`)
  const programs = [HOOK_PROGRAM, ...peers.map(({ name, command }) => shell(name, command))]
  const results = []
  for (const program of programs) results.push(await storm(program))
  printTable(
    ['hook', 'admitted', 'denied', 'failed', 'sum', 'most in any 60 s', 'seconds'],
    results.map((r) => [
      r.name,
      ...[r.admitted, r.denied, r.failed, r.sum, r.most].map(String),
      r.seconds.toFixed(1),
    ]),
  )
  const [own] = results
  if (own) judge(own)
}

interface Result {
  readonly name: string
  readonly admitted: number
  readonly denied: number
  readonly failed: number
  readonly sum: number
  readonly most: number
  readonly seconds: number
}

async function storm(program: Program): Promise<Result> {
  return inTemporaryHome({ rate: { warnPerMin: 0, blockPerMin: LIMIT } }, async (home) => {
    const start = performance.now()
    const admittedAt: number[] = []
    let denied = 0
    let failed = 0
    let next = 0
    const worker = async () => {
      while (next < CALLS) {
        next += 1
        const { exitCode, stdout, endedAt } = await run(program, home, call())
        if (exitCode === 2 || /"permissionDecision":\s*"deny"|"decision":\s*"block"/.test(stdout)) denied += 1
        else if (exitCode === 0) admittedAt.push(endedAt)
        else failed += 1
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    const admitted = admittedAt.length
    const sum = admitted + denied + failed
    const seconds = (performance.now() - start) / 1000
    return { name: program.name, admitted, denied, failed, sum, most: mostInAMinute(admittedAt), seconds }
  })
}

/** The highest number of times within any 60 consecutive seconds of the clock. */
function mostInAMinute(times: readonly number[]): number {
  const seconds = times.map((time) => Math.floor(time / 1000))
  return Math.max(
    0,
    ...seconds.map((first) => seconds.filter((second) => second >= first && second < first + 60).length),
  )
}

function judge({ admitted, denied, sum, most, seconds }: Result): void {
  const isExact = sum === CALLS && admitted + denied === CALLS && most <= LIMIT - 1
  const isFull = seconds * 1000 > EXACT_WITHIN_MS || admitted === LIMIT - 1
  console.log(`\nnothing lost, not one call too many: ${isExact && isFull ? 'yes' : 'NO'}`)
  if (!isExact || !isFull) process.exitCode = 1
}
