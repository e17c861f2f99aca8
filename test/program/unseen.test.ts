import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { event, hookEach, runCli, runHook, temporaryHome } from '../support/processes.ts'

/** ESC, DEL, a C1 control, a bidi override, zero-width characters, a line separator, a tag, a blank letter. */
const ODD = 'a\u001b[31m\u007f\u009b1m\u202eb\u200b\u200d\ufeff\u2028\u{e0041}\u3164'
/** A setting of a tool's own, which takes no white space. */
const PATTERN = `${ODD.slice(0, ODD.indexOf('\ufeff'))}*`
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u3164]/u

/** A home in which a tool of an odd name was blocked, and its call. */
async function blockedHome(t: TestContext) {
  const home = temporaryHome(t, {
    rate: { warnPerMin: 1, blockPerMin: 2 },
    tools: { [PATTERN]: { blockPerMin: 2 } },
  })
  const call = () => event({ session_id: `s-${ODD}`, tool_name: `mcp__${ODD}`, agent_id: `a-${ODD}` })
  await hookEach(
    [
      call(),
      call(),
      event({ session_id: 's2', tool_name: ODD }),
      event({ session_id: 's2', tool_name: ODD }),
    ],
    {
      home,
    },
  )
  return { home, call }
}

function assertSeen(text: string): void {
  for (const line of text.split('\n')) assert.doesNotMatch(line, UNSEEN)
}

describe('control, bidi and zero-width characters of names', () => {
  test('stand in log.jsonl as \\uXXXX, and parse to what they were', async (t) => {
    const { home } = await blockedHome(t)
    const text = readFileSync(join(home, 'log.jsonl'), 'utf8')
    assertSeen(text)
    const entries = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      [entries[0].event, entries[0].session, entries[0].tool, entries[0].agent],
      ['warn', `s-${ODD}`, `mcp__${ODD}`, `a-${ODD}`],
    )
  })

  test('stand in what is asked for as JSON as \\uXXXX', async (t) => {
    const { home, call } = await blockedHome(t)
    for (const args of [
      ['status', '--json'],
      ['log', '--json'],
      ['audit', 'show', '--json'],
      ['config', 'get'],
      ['explain', '-', '--json'],
      ['explain', '--session', 's2', '--json'],
    ]) {
      const { exitCode, stdout } = await runCli(args, { home, input: call() })
      assert.deepEqual([args, exitCode], [args, 0])
      assertSeen(stdout)
    }
  })

  test('parse from --json to what they were', async (t) => {
    const { home, call } = await blockedHome(t)
    const status = JSON.parse((await runCli(['status', '--json'], { home })).stdout)
    const odd = status.sessions.find(({ session }: { session: string }) => session === `s-${ODD}`)
    assert.deepEqual(odd.tools, { [`mcp__${ODD}`]: 1 })
    const explained = JSON.parse((await runCli(['explain', '-', '--json'], { home, input: call() })).stdout)
    assert.ok(explained.about.startsWith(`mcp__${ODD} in `))
    assert.deepEqual(Object.keys(JSON.parse((await runCli(['config', 'get'], { home })).stdout).tools), [
      PATTERN,
    ])
  })

  test('are replaced in what people are shown', async (t) => {
    const { home, call } = await blockedHome(t)
    for (const args of [
      ['status'],
      ['log'],
      ['audit', 'show'],
      ['explain', '-'],
      ['explain', '--session', 's2'],
    ]) {
      const { exitCode, stdout } = await runCli(args, { home, input: call() })
      assert.deepEqual([args, exitCode], [args, 0])
      assertSeen(stdout)
    }
  })

  test('are replaced in the reason of a block', async (t) => {
    const { home } = await blockedHome(t)
    const { exitCode, stderr } = await runHook({ home, input: event({ session_id: 's2', tool_name: ODD }) })
    assert.equal(exitCode, 2)
    assertSeen(stderr)
  })

  test('stand as \\uXXXX in what log --json shows of a line that was stored with them', async (t) => {
    const home = temporaryHome(t)
    writeFileSync(join(home, 'log.jsonl'), `{"event":"warn","tool":"\u009b\u202e\u200b"}\n`)
    const { stdout } = await runCli(['log', '--json'], { home })
    assert.equal(stdout, '{"event":"warn","tool":"\\u009b\\u202e\\u200b"}\n')
  })
})
