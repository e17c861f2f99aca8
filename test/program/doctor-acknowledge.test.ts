/** Blocks that could not be signed: warned of until a person says that they are known. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { findings, type Person, person, unsigned } from '../support/person.ts'
import { runCli } from '../support/processes.ts'

async function database(p: Person): Promise<string> {
  const { found } = await findings(p)
  return found
    .filter(({ check }) => check === 'database')
    .map(({ level, what }) => `${level}: ${what}`)
    .join()
}

describe('spikectl doctor --acknowledge', () => {
  test('ends the warning of blocks that could not be signed, until another one is', async (t) => {
    const p = await person(t)
    await unsigned(p)
    assert.equal(await database(p), 'warning: 2 blocks could not be signed')

    const { exitCode, stdout, stderr } = await p.spikectl('doctor', '--acknowledge')
    assert.deepEqual([exitCode, stderr], [0, 'acknowledged: 2 blocks that could not be signed\n'], stdout)
    assert.match(stdout, /state\.db is sound, 3 calls counted, 2 blocks not signed: acknowledged/)
    assert.equal((await p.spikectl('doctor')).exitCode, 0)

    await unsigned(p)
    assert.equal(await database(p), 'warning: 3 blocks could not be signed')
  })

  test('is logged, and takes nothing from what status and the metrics count', async (t) => {
    const p = await person(t)
    await unsigned(p)
    await p.spikectl('doctor', '--acknowledge')
    const line = JSON.parse(
      readFileSync(join(p.state, 'log.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? '',
    )
    assert.equal(line.event, 'acknowledged')
    assert.match(line.message, /^acknowledged by \S+: 2 blocks that could not be signed$/)
    assert.equal(JSON.parse((await p.spikectl('status', '--json')).stdout).totals.unsigned, 2)
    assert.match((await p.spikectl('metrics')).stdout, /^spikectl_audit_unsigned_total 2$/m)
  })

  test('has nothing to say where all was signed, or nothing was counted', async (t) => {
    const p = await person(t)
    const { exitCode, stderr } = await p.spikectl('doctor', '--acknowledge')
    assert.equal(exitCode, 0)
    assert.equal(stderr, 'nothing to acknowledge: every block since the last time was signed\n')
  })

  test("refuses to run in an agent's own shell", async (t) => {
    const p = await person(t)
    await unsigned(p)
    const env = { ...p.env, AI_AGENT: 'claude-code_agent' }
    const { exitCode, stderr } = await runCli(['doctor', '--acknowledge'], { home: p.home, env })
    assert.equal(exitCode, 2)
    assert.match(stderr, /doctor --acknowledge refuses to run in an agent's own shell/)
    assert.equal(await database(p), 'warning: 2 blocks could not be signed')
  })
})
