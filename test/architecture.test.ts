/** The law of the house: which room imports which, as docs/architecture.md says. The linter checks guard/; this checks them all. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))
const DOC = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8')
const files = globSync('**/*.ts', { cwd: SRC }).filter((file) => !file.endsWith('.d.ts'))

/** What a file imports: other files of ours as paths from src/, packages by their names. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  const names = [...text.matchAll(/(?:from |import\(|import )'([^']+)'/g)].map((match) => match[1] ?? '')
  return names.map((name) => (name.startsWith('.') ? normalize(join(dirname(file), name)) : name))
}

/** The names in each row of the table of that head: `guard/`, `hook.ts`. */
function tableOf(head: string): { readonly names: readonly string[]; readonly others: readonly string[] }[] {
  const [, table = ''] = DOC.split(`${head}\n|---|---|\n`)
  const rows = /^(\|.*\|\n)*/.exec(table)?.[0].trimEnd().split('\n') ?? []
  return rows.map((row) => {
    const [names = [], others = []] = row
      .split('|')
      .slice(1, 3)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
    return { names, others }
  })
}

/** `hosts/` of what is in it, the file itself of what is in no room. */
function roomOf(file: string): string {
  return /^[^/]+\/|^.*/.exec(file)?.[0] ?? ''
}

/** A room, a file with or without its ending, or a package. */
function isIn(file: string, place: string): boolean {
  return place.endsWith('/') ? file.startsWith(place) : file === place || file === `${place}.ts`
}

const ROOMS = new Map(
  tableOf('| room | imports |').flatMap(({ names, others }) => names.map((name) => [name, others] as const)),
)
const FEW = tableOf('| what | who imports it |')
  .flatMap(({ names, others }) => names.map((name) => ({ name, others })))
  .sort((a, b) => b.name.length - a.name.length)

describe('the house', () => {
  test('has rooms to look at, all of them in the table', () => {
    assert.ok(files.length > 30)
    assert.deepEqual([...new Set(files.map(roomOf))].sort(), [...ROOMS.keys()].sort())
  })

  for (const [room, allowed] of ROOMS) {
    test(`${room} imports ${allowed.join(', ') || 'nothing but itself'}`, () => {
      const imported = files
        .filter((file) => isIn(file, room))
        .flatMap(importsOf)
        .filter((name) => files.includes(name))
        .map(roomOf)
      assert.deepEqual([...new Set(imported)].filter((name) => name !== room).sort(), [...allowed].sort())
    })
  }

  test('guard/ imports no packages, and nothing of node', () => {
    for (const file of files.filter((name) => isIn(name, 'guard/'))) {
      for (const name of importsOf(file)) assert.match(name, /^guard\//, `${file} imports ${name}`)
    }
  })

  for (const { name, others } of FEW) {
    test(`${name} is imported by ${others.join(', ') || 'nobody'} beside its own room`, () => {
      const importers = files.filter((file) =>
        importsOf(file).some((imported) => FEW.find((row) => isIn(imported, row.name))?.name === name),
      )
      assert.ok(importers.length > 0)
      const own = name.includes('/') ? [roomOf(name)] : []
      const strangers = importers.filter((file) => ![...own, ...others].some((place) => isIn(file, place)))
      assert.deepEqual(strangers, [])
      const idle = others.filter((place) => !importers.some((file) => isIn(file, place)))
      assert.deepEqual(idle, [], 'the table has importers that are none')
    })
  }

  test('every package has its row', () => {
    const packages = files
      .flatMap(importsOf)
      .filter((name) => !name.startsWith('node:') && !/\.ts$|\.\.\//.test(name))
    for (const name of packages)
      assert.ok(
        FEW.some((row) => row.name === name),
        name,
      )
  })

  test('nobody imports hook.ts, statusline.ts or cli.ts', () => {
    const entries = files.filter((file) => !file.includes('/'))
    assert.deepEqual(
      files.filter((file) => importsOf(file).some((name) => entries.includes(name))),
      [],
    )
  })

  test('no SQL leaves store/ and audit/, and no Database', () => {
    const others = files.filter((file) => !/^(store|audit|system)\//.test(file))
    const isSql = (text: string) =>
      /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|PRAGMA) |\bDatabase\b/.test(text)
    assert.deepEqual(
      others.filter((file) => isSql(readFileSync(join(SRC, file), 'utf8'))),
      [],
    )
  })
})
