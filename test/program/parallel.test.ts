import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { verifyLog } from '../../src/audit/verify.ts'
import { type Ended, event, inParallel, runCli, runHook, temporaryHome, times } from '../support/processes.ts'

const AT_ONCE = 8
/** Few enough for a slow machine to make them all within the window of a minute. */
const CALLS = 64
const LIMIT = 40
const BLOCKED = CALLS - (LIMIT - 1)

/** All calls, 8 hook processes at once; how many ran, were blocked, and anything else that came out. */
async function storm(home: string, calls: number) {
  const ended = await inParallel(
    times(calls, () => () => runHook({ home, input: event() })),
    AT_ONCE,
  )
  const withCode = (code: number) => ended.filter(({ exitCode }) => exitCode === code).length
  const odd = ended.filter(({ exitCode }) => exitCode !== 0 && exitCode !== 2).map(({ stderr }) => stderr)
  const unsigned = ended.filter(({ stderr }) => stderr.includes('[audit not signed')).length
  return { ran: withCode(0), blocked: withCode(2), odd, unsigned }
}

async function statusOf(home: string) {
  return JSON.parse((await runCli(['status', '--json'], { home })).stdout)
}

describe('8 hook processes at once', () => {
  test('on an existing database lose nothing and let through not one call too many', async (t) => {
    const home = temporaryHome(t, { rate: { warnPerMin: 0, blockPerMin: LIMIT } })
    await runHook({ home, input: event({ session_id: 'another' }) })
    const { unsigned, ...answers } = await storm(home, CALLS)
    assert.deepEqual(answers, { ran: LIMIT - 1, blocked: BLOCKED, odd: [] })
    const { sessions, totals } = await statusOf(home)
    assert.deepEqual([sessions[0].count, sessions[0].denied, totals.calls], [LIMIT - 1, BLOCKED, CALLS + 1])
    const { lines, problem } = verifyLog({ folder: join(home, 'audit') })
    assert.equal(problem, undefined)
    // A line that its recorder finishes in the moment in which the hook must answer is signed all the same.
    assert.ok(
      lines <= BLOCKED + 1 && lines + unsigned >= BLOCKED + 1,
      'a blocked call is signed, or says that it is not',
    )
    assert.ok(lines > 1, `${unsigned} of ${BLOCKED} blocks were too late to be signed`)
  })

  test('on a home that does not exist yet neither', async (t) => {
    const home = temporaryHome(t)
    for (let round = 0; round < 5; round += 1) {
      rmSync(home, { recursive: true })
      const ended = await inParallel(
        times(AT_ONCE, () => () => runHook({ home, input: event(), cwd: '/' })),
        AT_ONCE,
      )
      assert.deepEqual(
        ended.filter(({ exitCode, stderr }) => exitCode !== 0 || stderr !== ''),
        [],
      )
      const { sessions } = await statusOf(home)
      assert.equal(sessions[0].count, AT_ONCE)
    }
  })

  test('that are all blocked first make one key, one log and one line each', async (t) => {
    const home = temporaryHome(t, { rate: { warnPerMin: 0, blockPerMin: 1 } })
    const { unsigned, ...answers } = await storm(home, AT_ONCE)
    assert.deepEqual(answers, { ran: 0, blocked: AT_ONCE, odd: [] })
    const report = verifyLog({ folder: join(home, 'audit') })
    assert.deepEqual([report.lines + unsigned, report.problem], [AT_ONCE + 1, undefined])
    assert.deepEqual(readdirSync(join(home, 'audit/keys')).length, 2)
  })

  test('that append to the log never make it look tampered with to one who verifies meanwhile', async (t) => {
    const home = temporaryHome(t, { rate: { warnPerMin: 0, blockPerMin: 1 } })
    await runHook({ home, input: event() })
    let isRunning = true
    const writing = storm(home, 64).finally(() => {
      isRunning = false
    })
    const reports: string[] = []
    while (isRunning) reports.push((await runCli(['audit', 'verify'], { home })).stdout.split('\n')[0] ?? '')
    await writing
    assert.ok(reports.length > 1)
    for (const report of reports) assert.match(report, /: ok$/)
  })

  test('on a database of zeros: one moves it aside, and nothing counted afterwards is lost', async (t) => {
    const home = temporaryHome(t, { rate: { warnPerMin: 0, blockPerMin: 1000 } })
    writeFileSync(join(home, 'state.db'), Buffer.alloc(40_960))
    const { ran, blocked, odd } = await storm(home, 64)
    assert.deepEqual([ran, blocked, odd.length], [63, 0, 1], odd.join('|'))
    assert.match(
      odd[0] ?? '',
      /^spikectl: state\.db was damaged: it is moved to .+, and counting starts anew\n$/,
    )
    assert.equal((await statusOf(home)).sessions[0].count, 64)
    assert.equal(readdirSync(home).filter((name) => name.startsWith('state.db.damaged-')).length, 1)
  })
})

/** How long a blocked call takes here and now, with three others beside it. */
async function usualRunMs(home: string): Promise<number> {
  const crowd = join(home, 'crowd')
  mkdirSync(crowd, { recursive: true })
  writeFileSync(join(crowd, 'config.json'), '{"rate":{"blockPerMin":1}}')
  const start = performance.now()
  await Promise.all(times(4, () => runHook({ home: crowd, input: event() })))
  return performance.now() - start
}

describe('500 hook runs killed at random moments', () => {
  test('never leave a database that the next run cannot use, and never a count above the calls made', async (t) => {
    const home = temporaryHome(t, { rate: { warnPerMin: 20, blockPerMin: LIMIT } })
    const ended: Ended[] = []
    // How slow the machine is changes while they run, and with it when half of them are killed in time.
    while (ended.length < 500) {
      const longest = 2 * (await usualRunMs(home))
      const killable = () => runHook({ home, input: event(), killAfterMs: Math.random() * longest })
      ended.push(
        ...(await inParallel(
          times(50, () => killable),
          4,
        )),
      )
    }
    const killed = ended.filter(({ signal }) => signal === 'SIGKILL').length
    const ran = ended.filter(({ exitCode }) => exitCode === 0).length
    const blocked = ended.filter(({ exitCode }) => exitCode === 2).length
    const unsigned = ended.filter(({ stderr }) => stderr.includes('[audit not signed')).length
    assert.equal(killed + ran + blocked, 500, 'no run failed by itself')
    assert.ok(
      killed > 25 && blocked > 25,
      `${killed} killed in time, ${blocked} blocked: too few to say anything`,
    )

    const { exitCode, stderr } = await runHook({ home, input: event({ session_id: 'after' }) })
    assert.deepEqual([exitCode, stderr], [0, ''])
    const { sessions, totals } = await statusOf(home)
    const counted = sessions.find(({ session }: { session: string }) => session === 's1')
    assert.ok(counted.peak >= Math.min(ran, LIMIT - 1), 'every call that ran was counted')
    assert.ok(counted.denied >= blocked && totals.calls - 1 <= 500, 'no call was counted twice')
    assert.ok(counted.peak <= LIMIT - 1, 'not one call too many was let through')
    const report = verifyLog({ folder: join(home, 'audit') })
    assert.equal(report.problem, undefined)
    assert.ok(
      report.lines - 1 + unsigned >= blocked,
      'every block that was given is signed, or says that it is not',
    )
  })
})
