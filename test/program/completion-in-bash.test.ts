/** The script for bash, without a terminal; test/shells/ presses Tab at one. */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, type TestContext, test } from 'node:test'
import { run } from '../support/processes.ts'
import { person, requireProgram } from '../support/shells.ts'

/** Calls the function as bash does for a Tab at the end of these words, and prints what it replies. */
const TAB = `
  eval "$(spikectl completion bash)"
  eval "$(spikectl completion bash)"
  complete -p spikectl
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
  _spikectl spikectl "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
  printf '%s\\n' "\${COMPREPLY[@]}"`

describe('completion in bash', () => {
  async function replies(t: TestContext, ...words: string[]): Promise<string[]> {
    requireProgram('bash')
    const options = await person(t)
    const { stdout, stderr } = await run(['--norc', '-c', TAB, 'bash', 'spikectl', ...words], options, 'bash')
    const [registered, ...replied] = stdout.split('\n').filter(Boolean)
    assert.deepEqual([stderr, registered], ['', 'complete -o default -o nosort -F _spikectl spikectl'])
    assert.deepEqual(readdirSync(options.cwd), ['event.json'])
    return replied
  }

  for (const [words, expected] of [
    [['re'], ['reset', 'replay']],
    [['audit', 'p'], ['prune']],
    [['install', '--scope', '=', 'p'], ['project']],
    [['config', 'set', 'mode', 's'], ['shadow']],
    [['audit', 'verify', 'e'], []],
    [['reset', '3'], ['3f2a9c1e']],
    [['reset', '$(touch typed)', '3'], ['3f2a9c1e']],
    [['reset', 'a'], ['a\\$\\(touch\\ b\\)']],
    [['reset', 'a', ':', 'b'], []],
  ] as const) {
    test(`${words.join(' ')} becomes ${expected.join(' or ') || 'what bash makes of it'}`, async (t) => {
      assert.deepEqual(await replies(t, ...words), expected)
    })
  }

  test('is silent where spikectl is gone', async (t) => {
    const gone = TAB.replace('complete -p', 'PATH=/nowhere\n complete -p')
    const { stdout, stderr } = await run(
      ['--norc', '-c', gone, 'bash', 'spikectl', 're'],
      await person(t),
      'bash',
    )
    assert.deepEqual([stdout.split('\n').slice(1).join(''), stderr], ['', ''])
  })
})
