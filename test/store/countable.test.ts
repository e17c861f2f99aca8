/** What the hook needs of its folder and files, looked at by a process to which their rights matter. */

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { giveAway, makeFolderAt, rootOnly } from '../support/places.ts'
import { temporaryHome } from '../support/processes.ts'
import { runBound } from '../support/unwritable.ts'

const COUNTABLE = pathToFileURL(join(import.meta.dirname, '../../src/store/countable.ts')).href
const PATHS = pathToFileURL(join(import.meta.dirname, '../../src/system/paths.ts')).href

/** Prints the problem of each home that is named, or null. */
const LOOK = `
  const { countingProblem } = await import(${JSON.stringify(COUNTABLE)})
  const { pathsOf } = await import(${JSON.stringify(PATHS)})
  const problems = process.argv.slice(1).map((home) => {
    const problem = countingProblem(pathsOf({ SPIKECTL_HOME: home }))
    return problem ? [problem.message, problem.hint] : null
  })
  console.log(JSON.stringify(problems))`

/** A folder with all that the hook makes in it. */
function whole(home: string): void {
  mkdirSync(home, { recursive: true })
  for (const name of ['state.db', 'state.db-journal', 'state.db-key']) writeFileSync(join(home, name), '')
}

type Make = (home: string) => void
type Case = readonly [name: string, make: Make, message?: string, hint?: string]

const CASES: readonly Case[] = [
  ['a folder with all its files', whole],
  ['a folder that is missing', () => undefined],
  ['a folder that is missing in one that is missing', () => undefined],
  ['an empty folder', (home) => mkdirSync(home)],
  [
    'a folder that can only be read, with all its files',
    (home) => {
      whole(home)
      chmodSync(home, 0o500)
    },
  ],
  [
    'a folder that can only be read, without a journal',
    (home) => {
      mkdirSync(home)
      for (const name of ['state.db', 'state.db-key']) writeFileSync(join(home, name), '')
      chmodSync(home, 0o500)
    },
    'HOME cannot be written (EACCES)',
    'Run: chmod u+rwx HOME',
  ],
  [
    'a folder that cannot be entered',
    (home) => {
      whole(home)
      chmodSync(home, 0o600)
    },
    'HOME cannot be written (EACCES)',
    'Run: chmod u+rwx HOME',
  ],
  [
    'a file in place of the folder',
    (home) => writeFileSync(home, ''),
    'HOME is no folder',
    'Run: mv HOME HOME.aside',
  ],
  ...(['state.db', 'state.db-journal'] as const).map(
    (name): Case => [
      `a ${name} that can only be read`,
      (home) => {
        whole(home)
        chmodSync(join(home, name), 0o400)
      },
      `HOME/${name} cannot be written (EACCES)`,
      `Run: chmod u+rw HOME/${name}`,
    ],
  ),
  [
    'a key that can only be read',
    (home) => {
      whole(home)
      chmodSync(join(home, 'state.db-key'), 0o400)
    },
  ],
  [
    'a key that cannot be read',
    (home) => {
      whole(home)
      chmodSync(join(home, 'state.db-key'), 0o200)
    },
    'HOME/state.db-key cannot be read (EACCES)',
    'Run: chmod u+rw HOME/state.db-key',
  ],
  [
    'a folder in place of state.db, which is refused by name where it is opened',
    (home) => {
      whole(home)
      makeFolderAt(join(home, 'state.db'))
      chmodSync(join(home, 'state.db'), 0o000)
    },
  ],
]

const FOREIGN: readonly Case[] = [
  [
    'a state.db of somebody else',
    (home) => {
      whole(home)
      giveAway(join(home, 'state.db'))
      chmodSync(join(home, 'state.db'), 0o600)
    },
    'HOME/state.db cannot be written (EACCES)',
    'Run: sudo chown "$(id -u)" HOME/state.db',
  ],
]

async function problemsOf(t: TestContext, cases: readonly Case[]): Promise<unknown[]> {
  const folder = temporaryHome(t)
  const homes = cases.map(([name], i) => join(folder, `${i}`, name.includes('in one') ? 'deep/home' : 'home'))
  for (const [i, [name, make]] of cases.entries()) {
    if (!name.includes('in one')) mkdirSync(join(folder, `${i}`))
    make(homes[i] ?? '')
  }
  const { stdout, stderr } = await runBound(['--input-type=module', '-e', LOOK, ...homes], { home: folder })
  assert.equal(stderr, '')
  const problems: ([string, string] | null)[] = JSON.parse(stdout)
  for (const home of homes.filter((made) => existsSync(made))) chmodSync(home, 0o700) // to be removed
  return problems.map((problem, i) => problem?.map((text) => text.replaceAll(homes[i] ?? '', 'HOME')) ?? null)
}

describe('nothing can be counted', () => {
  test('in none but these places, and each says why and what to run', async (t) => {
    const problems = await problemsOf(t, CASES)
    for (const [i, [name, , message, hint]] of CASES.entries()) {
      assert.deepEqual(problems[i], message ? [message, hint] : null, name)
    }
  })

  test('in a file of somebody else', rootOnly, async (t) => {
    const problems = await problemsOf(t, FOREIGN)
    assert.deepEqual(
      problems,
      FOREIGN.map(([, , message, hint]) => [message, hint]),
    )
  })
})
