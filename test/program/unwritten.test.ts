/** What cannot be written changes no exit code, and is said wherever it still can be. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { JOB, type Job } from '../../src/hook/recorder.ts'
import { monotonic } from '../../src/system/deadline.ts'
import { pathsOf } from '../../src/system/paths.ts'
import { BLOCKING, CLI, event, HOOK, type Options, run, temporaryHome } from '../support/processes.ts'
import { given } from '../support/statusline.ts'

/** Every write to it fails with ENOSPC. */
const FULL = '/dev/full'

const NEEDS_FULL = { skip: existsSync(FULL) ? false : `there is no ${FULL}` }

/** A shell's redirections: of stdout into the full disk, or of stderr, or of stdout into a pipe that nobody reads. */
const TO_FULL = { stdout: `exec "$0" "$@" >${FULL}`, stderr: `exec "$0" "$@" 2>${FULL}` }

function runTo(redirection: string, args: readonly string[], options: Options) {
  return run(['-c', redirection, process.execPath, ...args], options, '/bin/sh')
}

const WARNING = { rate: { warnPerMin: 1 } }

/** Why an answer could not be written, as the log has it. */
function failuresIn(home: string): string[] {
  const lines = readFileSync(join(home, 'log.jsonl'), 'utf8').trimEnd().split('\n')
  const entries: { event: string; message: string }[] = lines.map((line) => JSON.parse(line))
  return entries.filter(({ event }) => event === 'error').map(({ message }) => message)
}

describe('an answer that cannot be written', NEEDS_FULL, () => {
  for (const [name, settings, redirection, exitCode] of [
    ['a warning', WARNING, TO_FULL.stdout, 0],
    ['a block', BLOCKING, TO_FULL.stderr, 2],
  ] as const) {
    test(`leaves the exit code of ${name}, and stands in the log`, async (t) => {
      const home = temporaryHome(t, settings)
      const ended = await runTo(redirection, [HOOK], { home, input: event() })
      assert.deepEqual([ended.exitCode, ended.stdout, ended.stderr], [exitCode, '', ''])
      assert.deepEqual(failuresIn(home), [
        'the answer could not be written: the disk is full (ENOSPC). Run: df -h',
      ])
    })
  }

  test('is no failure where its reader has gone', async (t) => {
    const home = temporaryHome(t, WARNING)
    const options = {
      home,
      input: event(),
      onStart: ({ stdout }: { stdout: { destroy(): void } | null }) => stdout?.destroy(),
    }
    const { exitCode } = await run([HOOK], options)
    assert.equal(exitCode, 0)
    assert.deepEqual(failuresIn(home), [])
  })
})

describe('a recorder', NEEDS_FULL, () => {
  const ending = async (t: TestContext, redirection: string) => {
    const home = temporaryHome(t)
    const job: Job = {
      destination: { paths: pathsOf({ SPIKECTL_HOME: home }), segmentBytes: 2048 },
      until: monotonic() + 3_600_000,
      entry: { event: 'block', message: 'x' },
    }
    const ended = await runTo(redirection, [HOOK, 'record'], { home, env: { [JOB]: JSON.stringify(job) } })
    assert.equal(existsSync(join(home, 'log.jsonl')), true)
    return ended.exitCode
  }

  test('ends with 1 when it cannot say what it did', async (t) => {
    assert.equal(await ending(t, TO_FULL.stdout), 1)
    assert.equal(await ending(t, 'exec "$0" "$@"'), 0)
  })
})

describe('a status line that cannot be written', NEEDS_FULL, () => {
  test('is told of on stderr', async (t) => {
    const options = { home: temporaryHome(t), input: given() }
    const { exitCode, stderr } = await runTo(TO_FULL.stdout, [CLI, 'statusline'], options)
    assert.equal(exitCode, 0)
    assert.equal(stderr, 'spikectl: the line could not be written: the disk is full (ENOSPC). Run: df -h\n')
  })
})
