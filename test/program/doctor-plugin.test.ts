/** Our plugin, as doctor finds it in the client's own files: without a client, and as the client would. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { enable, findings, type Person, person, plugin } from '../support/person.ts'

/** A person with the plugin alone, and with no `claude` on the PATH. */
async function plugged(t: TestContext): Promise<Person & { readonly folder: string }> {
  const p = await person(t)
  rmSync(join(p.bin, 'claude'))
  assert.equal((await p.spikectl('uninstall')).exitCode, 0)
  return { ...p, folder: plugin(p) }
}

/** Levels and sentences of what is about settings and the plugin, and whether its hook was tried. */
async function told(p: Person): Promise<string[]> {
  const { found } = await findings(p)
  return found
    .filter(({ check }) => ['settings', 'plugin', 'block'].includes(check))
    .map(({ level, what }) => `${level}: ${what}`)
}

const GUARDED = [
  'ok: the hooks are in the plugin spikectl@here',
  'ok: the hook in the plugin spikectl@here blocked call 3 of a throw-away session with that limit',
]
const UNGUARDED = ['failure: no settings hold the hooks of spikectl, and no plugin does']

/** The files of the client are changed as it would change them, or as people do. */
const ROWS: readonly (readonly [string, (p: Person & { folder: string }) => unknown, readonly string[]])[] = [
  ['enabled in the user scope', () => undefined, GUARDED],
  ['switched off by the local settings', ({ local }) => enable(local, 'spikectl@here', false), UNGUARDED],
  [
    'switched on by the project, though off for the user',
    ({ file, project }) => {
      enable(file, 'spikectl@here', false)
      enable(join(project, '.claude/settings.json'), 'spikectl@here', true)
    },
    GUARDED,
  ],
  [
    'of a marketplace that the settings alone know',
    ({ home, file, folder }) => {
      rmSync(join(home, '.claude/plugins'), { recursive: true })
      const extraKnownMarketplaces = { here: { source: { source: 'directory', path: folder } } }
      const settings = JSON.parse(readFileSync(file, 'utf8'))
      writeFileSync(file, JSON.stringify({ ...settings, extraKnownMarketplaces }))
    },
    GUARDED,
  ],
  [
    'copied from a marketplace that is no folder',
    ({ home, folder }) => {
      const copy = join(home, '.claude/plugins/cache/here/spikectl/0.1.0')
      mkdirSync(join(copy, '..'), { recursive: true })
      renameSync(folder, copy)
      const source = { source: 'github', repo: 'someone/spikectl' }
      const entry = { scope: 'user', installPath: copy, version: '0.1.0' }
      const other = { ...entry, scope: 'project', projectPath: '/elsewhere', installPath: '/elsewhere' }
      write(home, 'known_marketplaces.json', { here: { source } })
      write(home, 'installed_plugins.json', { version: 2, plugins: { 'spikectl@here': [other, entry] } })
    },
    GUARDED,
  ],
  [
    'enabled, but nowhere on this machine',
    ({ home }) => write(home, 'known_marketplaces.json', {}),
    [
      'failure: the plugin spikectl@here is enabled, but its folder is gone: nothing of it runs',
      'failure: no settings hold the hooks of spikectl, and no plugin does',
    ],
  ],
  [
    'in a list of marketplaces that is broken',
    ({ home }) => writeFileSync(join(home, '.claude/plugins/known_marketplaces.json'), '{'),
    [
      'failure: HOME/.claude/plugins/known_marketplaces.json is no JSON, so that it is not known which plugins run',
      'failure: no settings hold the hooks of spikectl, and no plugin does',
    ],
  ],
]

function write(home: string, name: string, value: object): void {
  writeFileSync(join(home, '.claude/plugins', name), JSON.stringify(value))
}

describe('without claude on the PATH, doctor knows of a plugin', () => {
  for (const [name, change, expected] of ROWS) {
    test(name, async (t) => {
      const p = await plugged(t)
      change(p)
      const named = (await told(p)).map((line) => line.replace(p.home, 'HOME'))
      assert.deepEqual(named, expected)
    })
  }
})
