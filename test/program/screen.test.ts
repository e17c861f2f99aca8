import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { widthOf } from '../../src/terminal/width.ts'
import { event, hookEach, runCli, temporaryHome, times } from '../support/processes.ts'

const HALTED = '3f2a9c1e-5b7d-4e0a'
const BUSY = '77aa61b0-5b7d-4e0a'

/** A home in which one session was blocked, and another one, with fewer calls, is halted. */
async function busyHome(): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'spikectl-test-'))
  writeFileSync(join(home, 'config.json'), JSON.stringify({ rate: { warnPerMin: 6, blockPerMin: 7 } }))
  const cwd = join(home, 'app')
  mkdirSync(cwd)
  const looping = times(8, (index) => loop(index, { session_id: HALTED, cwd })).flat()
  const calling = times(8, () => event({ session_id: BUSY, cwd }))
  await hookEach([...looping, ...calling], { home })
  return home
}

/** One call and what it returned: the same each time. */
function loop(index: number, members: object): string[] {
  const call = { tool_name: 'Bash', tool_input: { command: 'make' }, tool_use_id: `t${index}` }
  const results = [{ ...call, tool_response: 'no rule to make target' }]
  return [
    event({ ...call, ...members }),
    event({ hook_event_name: 'PostToolBatch', tool_calls: results, ...members }),
  ]
}

describe('at 80 columns', () => {
  let home = ''
  before(async () => {
    home = await busyHome()
  })
  after(() => rmSync(home, { recursive: true }))

  test('doctor, log, audit show and status break between words', async () => {
    for (const args of [
      ['doctor'],
      ['log'],
      ['log', HALTED],
      ['audit', 'show'],
      ['status'],
      ['status', BUSY],
    ]) {
      const { stdout } = await runCli(args, { home, env: { COLUMNS: '80' } })
      const wide = (await runCli(args, { home, env: { COLUMNS: '1000' } })).stdout
      for (const line of stdout.split('\n')) {
        const isOneWord = /^\s*\S+$/.test(line)
        assert.ok(widthOf(line) <= 80 || isOneWord, `${args.join(' ')}: ${line}`)
      }
      const words = (text: string) => new Set(text.split(/[\s\\]+/))
      const known = words(wide)
      const broken = [...words(stdout)].filter((word) => /^[a-z_']{4,}$/.test(word) && !known.has(word))
      assert.deepEqual(broken, [], args.join(' '))
    }
  })

  test('times are local or relative, and never in the form of machines', async () => {
    for (const args of [['log'], ['audit', 'show'], ['status']]) {
      const { stdout } = await runCli(args, { home })
      assert.doesNotMatch(stdout, /\d{4}-\d\d-\d\dT/, args.join(' '))
      assert.match(stdout, /\b(now|\d+ (s|min|seconds?|minutes?) ago)\b/, args.join(' '))
    }
  })

  test('log -f shows the time of day, which stays right', async () => {
    const endIt = (child: ChildProcess) => child.stdout?.once('data', () => child.kill('SIGKILL'))
    const { stdout } = await runCli(['log', '-f'], { home, onStart: endIt })
    assert.match(stdout, /^\d\d:\d\d:\d\d {6}\w+ /)
  })

  test('status shows what is halted first, though another session has called more', async () => {
    const { stdout } = await runCli(['status'], { home, env: { COLUMNS: '80' } })
    const [first = '', ...others] = stdout.split('\n')
    assert.match(first, /^HALTED 3f2a9c1e since \d\d:\d\d:\d\d, .+ \(loop_detected:/)
    const rows = others.filter((line) => /^(3f2a9c1e|77aa61b0) /.test(line))
    assert.match(rows[0] ?? '', /^3f2a9c1e .* HALT +after a prompt$/)
    assert.match(rows[1] ?? '', /^77aa61b0 .* (block +in \d+ s|\w+ +now)$/)
  })

  test('doctor and audit show say ~ for the home folder', async () => {
    const { stdout } = await runCli(['audit', 'show'], { home })
    assert.match(stdout, / {2}~\/app\n/)
    assert.ok(!stdout.includes(home))
    const doctor = await runCli(['doctor'], { home, env: { SPIKECTL_HOME: join(home, 'state') } })
    assert.match(doctor.stdout, /\nok {7}files {5}~\/state: ours alone/)
  })

  test('one is one call, one agent, one turn and one error', async (t) => {
    const fresh = temporaryHome(t, { spawn: { warnPerMin: 1, blockPerMin: 0 }, rate: { warnPerMin: 1 } })
    await hookEach([event({ tool_name: 'Agent' })], { home: fresh })
    const shown =
      (await runCli(['log'], { home: fresh })).stdout + (await runCli(['status'], { home: fresh })).stdout
    assert.match(shown, /warned: 1 agent started in the last 60 s/)
    assert.match(shown, /since the beginning: 1 call, of them 1 at or above a warn limit/)
    assert.doesNotMatch(shown, /\b1 (tool )?(calls|agents|turns|errors)/)
  })
})
