/** Tab, pressed in real shells at a terminal. */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { run } from '../support/processes.ts'
import { atPrompt, SHOW_LINE } from '../support/prompt.ts'
import { person, requireProgram } from '../support/shells.ts'

/** What is typed before a Tab, and what then stands on the line. */
const LINES = [
  ['rese', 'reset '],
  ['re', 're'],
  ['audit pru', 'audit prune '],
  ['install --dry', 'install --dry-run '],
  ['install --scope p', 'install --scope project '],
  ['install --scope=p', 'install --scope=project '],
  ['config set repeat.w', 'config set repeat.warn '],
  ['config set mode s', 'config set mode shadow '],
  ['reset 3', 'reset 3f2a9c1e '],
  ['explain --session "3', 'explain --session "3f2a9c1e" '],
  ['reset a', 'reset a\\$\\(touch\\ b\\) '],
  ['reset $(touch b) 3', 'reset $(touch b) 3f2a9c1e '],
  ['audit verify e', 'audit verify event.json '],
  ['audit verify --checkpoint=e', 'audit verify --checkpoint=event.json '],
  ['replay ~/w', 'replay ~/work/'],
  ['stats e', 'stats e'],
] as const

for (const [shell, list] of [
  ['bash', '\t\t'],
  ['zsh', '\t'],
] as const) {
  describe(`Tab in ${shell}`, () => {
    test('completes each of these lines, and runs nothing of them', async (t) => {
      const somebody = await person(t)
      const { lineAfter } = await atPrompt(t, shell, somebody)
      for (const [typed, completed] of LINES) {
        assert.equal(await lineAfter(`spikectl ${typed}\t`), `spikectl ${completed}`)
      }
      assert.deepEqual(readdirSync(somebody.cwd), ['event.json'])
    })

    test('lists what may follow, and what it means', async (t) => {
      const { shownAfter } = await atPrompt(t, shell, await person(t))
      await shownAfter(`spikectl reset ${list}`, /3f2a9c1e[^\n]+app, allow, \d+ s ago/)
      await shownAfter(
        `spikectl co${list}`,
        /config +\W+show and change settings[\s\S]+completion +\W+the script/,
      )
    })

    test('shows no error where spikectl is gone', async (t) => {
      const { shownAfter } = await atPrompt(t, shell, await person(t))
      await shownAfter('PATH=/nowhere\r', /ready> /)
      const shown = await shownAfter(`spikectl re\t${SHOW_LINE}`, /\[\[spikectl re\]\]/)
      assert.doesNotMatch(shown, /not found|no such file/i)
    })
  })
}

describe('Tab in fish', () => {
  const ASK = 'spikectl completion fish | source; complete --do-complete "spikectl $argv[1]"'

  for (const [line, offered] of [
    ['re', /^reset\tclear the count .+\nreplay\twhat the rules .+\n$/],
    ['install --scope ', /^user\nproject\nlocal\n$/],
    ['install --scope=p', /^--scope=project\n$/],
    ['config set mode ', /^enforce\tas it is now\nshadow\n$/],
    ['reset ', /^a\$\(touch b\)\tapp, allow, \d s ago\n3f2a9c1e\tapp, allow, \d s ago\n$/],
    ['explain --session "3', /^3f2a9c1e\tapp, allow, \d s ago\n$/],
    ['reset $(touch b) 3', /^3f2a9c1e\tapp, allow, \d s ago\n$/],
    ['audit verify ', /^event\.json\n$/],
    ['audit verify --checkpoint=e', /^--checkpoint=event\.json\n$/],
    ['replay ~/w', /^~\/work\/\n$/],
    ['stats e', /^$/],
  ] as const) {
    test(`offers what may end the line ${line}`, async (t) => {
      requireProgram('fish')
      const somebody = await person(t)
      const { stdout, stderr } = await run(['--no-config', '-c', ASK, line], somebody, 'fish')
      assert.match(stdout, offered)
      assert.equal(stderr, '')
      assert.deepEqual(readdirSync(somebody.cwd), ['event.json'])
    })
  }

  test('is silent where spikectl is gone', async (t) => {
    requireProgram('fish')
    const gone = ASK.replace(';', '; set PATH /nowhere;')
    const { stdout, stderr } = await run(['--no-config', '-c', gone, 're'], await person(t), 'fish')
    assert.deepEqual([stdout, stderr], ['', ''])
  })
})
