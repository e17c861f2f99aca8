import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { pathsOf, projectSettingsPath } from '../src/system/paths.ts'

describe('where things are', { skip: process.platform === 'win32' }, () => {
  for (const [name, env, stateDb, config] of [
    ['SPIKECTL_HOME holds everything', { SPIKECTL_HOME: '/h', HOME: '/u' }, '/h/state.db', '/h/config.json'],
    [
      'a relative SPIKECTL_HOME is taken from here',
      { SPIKECTL_HOME: 'h' },
      resolve('h/state.db'),
      resolve('h/config.json'),
    ],
    [
      'the XDG defaults',
      { HOME: '/u' },
      '/u/.local/state/spikectl/state.db',
      '/u/.config/spikectl/config.json',
    ],
    [
      'the XDG folders',
      { HOME: '/u', XDG_STATE_HOME: '/s', XDG_CONFIG_HOME: '/c' },
      '/s/spikectl/state.db',
      '/c/spikectl/config.json',
    ],
    [
      'a relative XDG folder is ignored',
      { HOME: '/u', XDG_STATE_HOME: 's' },
      '/u/.local/state/spikectl/state.db',
      '/u/.config/spikectl/config.json',
    ],
  ] as const) {
    test(name, () => {
      const paths = pathsOf(env)
      assert.deepEqual([paths.stateDb, paths.config], [stateDb, config])
    })
  }

  test('a project’s settings are in its .claude folder', () => {
    assert.equal(projectSettingsPath('/p'), '/p/.claude/spikectl.json')
    assert.equal(projectSettingsPath('/'), '/.claude/spikectl.json')
  })
})
