/** Another status line inside of ours: real commands, well behaved and not. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CLI, run, temporaryHome } from '../support/processes.ts'
import { draw, given } from '../support/statusline.ts'

describe('spikectl statusline --wrap', () => {
  for (const [prints, command, stdout] of [
    ['one line', 'echo opus', 'opus | spikectl 0/500\n'],
    ['several lines', 'printf "a\\n\\nb"', 'a\n\nb | spikectl 0/500\n'],
    ['line ends after its last word', 'printf "a  \\r\\n\\n"', 'a   | spikectl 0/500\n'],
    ['nothing', 'true', 'spikectl 0/500\n'],
    ['a line and leaves a child that never ends', 'sleep 5 & echo opus', 'opus | spikectl 0/500\n'],
    ['nothing but line ends', 'echo; echo', 'spikectl 0/500\n'],
    ['what it was given, byte for byte', 'cat', `${given()} | spikectl 0/500\n`],
  ] as const) {
    test(`puts ours after the last line of a command that prints ${prints}`, async (t) => {
      const ended = await draw({ home: temporaryHome(t) }, '--wrap', command, '--no-color')
      assert.deepEqual(ended, { exitCode: 0, signal: null, stdout, stderr: '' })
    })
  }

  test("ends the command's colour before ours begins, and passes its stderr on", async (t) => {
    const home = temporaryHome(t)
    const { stdout, stderr } = await draw({ home }, "--wrap=printf '\\033[35mopus'; echo psst >&2")
    assert.equal(stdout, '\u001b[35mopus\u001b[0m | \u001b[2mspikectl 0/500\u001b[0m\n')
    assert.equal(stderr, 'psst\n')
  })

  test('passes bytes through that are no UTF-8, and input that is no JSON', async (t) => {
    const home = temporaryHome(t)
    const args = ['statusline', '--no-color', '--wrap', "printf '\\377'; od -An -tx1 | tr -d '\\n'"]
    const shown = await run(
      ['-c', '"$0" "$@" | od -An -c', process.execPath, CLI, ...args],
      { home, input: Buffer.from([0xfe]) },
      '/bin/sh',
    )
    assert.match(shown.stdout.replace(/\s+/g, ''), /^377fe\|spikectl:stdinisnotUTF-8\\n$/)
  })

  for (const [does, command, stdout] of [
    ['fails', 'echo opus; exit 3', 'opus | spikectl 0/500, --wrap exited with 3\n'],
    ['is not there', 'exec no-such-command 2>/dev/null', 'spikectl 0/500, --wrap exited with 127\n'],
    ['dies', 'echo opus; kill -9 $$', 'opus | spikectl 0/500, --wrap was ended by SIGKILL\n'],
    ['never ends', 'echo opus; exec sleep 60', 'opus | spikectl 0/500, --wrap took over 3 s\n'],
    [
      'ignores that it is to end',
      "trap '' TERM; echo opus; sleep 5 & wait",
      'opus | spikectl 0/500, --wrap took over 3 s\n',
    ],
  ] as const) {
    test(`says so when the command ${does}, after what it has printed`, async (t) => {
      const ended = await draw({ home: temporaryHome(t) }, '--no-color', '--wrap', command)
      assert.deepEqual(ended, { exitCode: 0, signal: null, stdout, stderr: '' })
    })
  }

  test('stops a command that prints without end', async (t) => {
    const { exitCode, stdout } = await draw({ home: temporaryHome(t) }, '--no-color', '--wrap', 'yes')
    assert.equal(exitCode, 0)
    assert.match(stdout.slice(-80), /y\n?.* \| spikectl 0\/500, --wrap printed over 1 MiB\n$/)
    assert.ok(stdout.length < 1.1e6)
  })

  test('ends the command when it is itself ended', { timeout: 20_000 }, async (t) => {
    const home = temporaryHome(t)
    const pipe = join(home, 'alive')
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
    const env = { PATH: process.env.PATH ?? '', HOME: home, SPIKECTL_HOME: home }
    const command = `exec 3> '${pipe}'; echo begun >&3; exec sleep 60`
    const child = spawn(process.execPath, [CLI, 'statusline', '--wrap', command], { env, cwd: home })
    child.stdin.end(given())
    const ended = once(child, 'exit')
    // The pipe is closed by nothing but the end of the command.
    for await (const words of createReadStream(pipe, 'utf8')) {
      assert.equal(words, 'begun\n')
      child.kill('SIGTERM')
    }
    assert.deepEqual(await ended, [null, 'SIGTERM'])
  })
})
