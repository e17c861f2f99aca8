/** The law of the house: which room may import which. The linter checks guard/; this checks them all. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))
const files = globSync('**/*.ts', { cwd: SRC }).filter((file) => !file.endsWith('.d.ts'))

/** What a file imports: other files of ours as paths from src/, packages by their names. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  const names = [...text.matchAll(/(?:from |import\(|import )'([^']+)'/g)].map((match) => match[1] ?? '')
  return names.map((name) => (name.startsWith('.') ? normalize(join(dirname(file), name)) : name))
}

function importersOf(isMeant: (name: string) => boolean): string[] {
  return files.filter((file) => importsOf(file).some(isMeant))
}

describe('the house', () => {
  test('has rooms to look at', () => assert.ok(files.length > 30))

  test('guard/ imports nothing but itself', () => {
    for (const file of files.filter((name) => name.startsWith('guard/'))) {
      for (const name of importsOf(file)) assert.match(name, /^guard\//, `${file} imports ${name}`)
    }
  })

  for (const [name, only] of [
    ['better-sqlite3', /^system\/sqlite\.ts$/],
    ['tweetnacl', /^audit\/keys\.ts$/],
    ['chalk', /^terminal\//],
    ['commander', /^cli\//],
  ] as const) {
    test(`${name} has one importer`, () => {
      const importers = importersOf((imported) => imported === name)
      assert.ok(importers.length > 0)
      for (const file of importers) assert.match(file, only)
    })
  }

  test('nobody imports hook.ts, statusline.ts or cli.ts', () => {
    assert.deepEqual(
      importersOf((name) => /^(hook|statusline|cli)\.ts$/.test(name)),
      [],
    )
  })

  test('cli/ belongs to cli.ts alone', () => {
    for (const file of importersOf((name) => name.startsWith('cli/'))) assert.match(file, /^cli(\.ts$|\/)/)
  })

  test('hook/ belongs to hook.ts alone', () => {
    const importers = importersOf((name) => name.startsWith('hook/'))
    for (const file of importers) assert.match(file, /^hook(\.ts$|\/)/)
  })

  test('store/, audit/ and hosts/ know nothing of each other', () => {
    const rooms = ['store/', 'audit/', 'hosts/']
    for (const room of rooms) {
      const others = rooms.filter((other) => other !== room)
      for (const file of files.filter((name) => name.startsWith(room))) {
        const strangers = importsOf(file).filter((name) => others.some((other) => name.startsWith(other)))
        assert.deepEqual(strangers, [], file)
      }
    }
  })

  test('hosts/ and store/ know nothing of commands/ and terminal/', () => {
    for (const file of files.filter(
      (name) => !/^(commands|terminal|cli\/|cli\.ts|statusline\.ts)/.test(name),
    )) {
      for (const name of importsOf(file))
        assert.doesNotMatch(name, /^(commands|terminal)\//, `${file} imports ${name}`)
    }
  })
})
