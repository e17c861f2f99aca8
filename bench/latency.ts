/** What a tool call and the status line wait for: the whole process, against `node -e 0` on the same Node. */

import {
  call,
  HOOK_PROGRAM,
  inTemporaryHome,
  longRoundEnd,
  median,
  NODE_ALONE,
  type Peer,
  printTable,
  quantile,
  roundEnd,
  run,
  STATUS_LINE_PROGRAM,
  shell,
  statusLine,
} from './measure.ts'

const ROUNDS = 150
const WARM_UP = 5

/** So few calls in a session that no limit is reached with the built-in settings. */
const CALLS_IN_A_SESSION = 50
const ALWAYS_REACHED = { rate: { warnPerMin: 0, blockPerMin: 1 } }

export async function latency(peers: readonly Peer[]): Promise<void> {
  const others = peers.map(({ name, command }) => shell(name, command))
  await inTemporaryHome(undefined, async (home) =>
    inTemporaryHome(ALWAYS_REACHED, async (blocking) =>
      inTemporaryHome(undefined, async (reading) => {
        const cases = [
          { program: NODE_ALONE, home, input: call },
          { program: { ...HOOK_PROGRAM, name: 'spikectl-hook, call allowed' }, home, input: call },
          { program: { ...HOOK_PROGRAM, name: 'spikectl-hook, end of a round' }, home, input: roundEnd },
          {
            program: { ...HOOK_PROGRAM, name: 'spikectl-hook, the same with 1 MB of new transcript' },
            home: reading,
            input: (session: string) => longRoundEnd(session, reading),
          },
          {
            program: { ...HOOK_PROGRAM, name: 'spikectl-hook, call blocked and signed' },
            home: blocking,
            input: call,
          },
          { program: STATUS_LINE_PROGRAM, home, input: statusLine },
          ...others.map((program) => ({ program, home, input: call })),
        ]
        const times = new Map<string, number[]>()
        // Interleaved, so that whatever else the machine does falls on all of them alike.
        for (let round = -WARM_UP; round < ROUNDS; round += 1) {
          for (const { program, home: where, input } of cases) {
            const { ms } = await run(
              program,
              where,
              input(`session-${Math.floor(round / CALLS_IN_A_SESSION)}`),
            )
            if (round >= 0) times.set(program.name, [...(times.get(program.name) ?? []), ms])
          }
        }
        print(times, NODE_ALONE.name)
      }),
    ),
  )
}

function print(times: ReadonlyMap<string, readonly number[]>, base: string): void {
  const reference = median(times.get(base) ?? [])
  console.log(`Node ${process.versions.node}, ${ROUNDS} runs of each, interleaved\n`)
  const rows = [...times].map(([name, ms]) => [
    name,
    quantile(ms, 0.5).toFixed(1),
    quantile(ms, 0.9).toFixed(1),
    (median(ms) / reference).toFixed(2),
  ])
  printTable(['whole process', 'p50 ms', 'p90 ms', `times ${base}`], rows)
}
