/** What starting costs: the figures behind docs/decisions/0001 and 0002, and what the commands that are run most take. */

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLI, call, HOOK_PROGRAM, inTemporaryHome, median, printTable, run } from './measure.ts'

const ROUNDS = 100

const COMMANDS = ['--help', '--version', 'status', 'config', 'audit verify']

/** As much code as the hook has. A binary is loaded with require(), which an ES module has to make first. */
const FUNCTIONS = Array.from(
  { length: 400 },
  (_, i) => `function f${i}(a, b) { return a.map((x) => x + b + ${i}) }`,
)

const FILES = {
  'nothing.cjs': '',
  'bundle.cjs': `const fs = require('node:fs'), path = require('node:path')\n${FUNCTIONS.join('\n')}\nmodule.exports = { f0, fs, path }`,
  'bundle.mjs': `import fs from 'node:fs'; import path from 'node:path'; import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n${FUNCTIONS.join('\n')}\nexport { f0, fs, path, require }`,
  'commonjs.cjs': "require('./bundle.cjs')",
  'module.mjs': "import './bundle.mjs'",
  'chalk.mjs': `import ${JSON.stringify(import.meta.resolve('chalk'))}`,
  'crypto.cjs': "require('node:crypto').createHmac('sha256', 'key').update('call').digest()",
}

export async function startup(): Promise<void> {
  await inTemporaryHome(undefined, async (home) => {
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(home, name), text)
    await blockOnce(home)
    const cases: readonly (readonly [string, ...string[]])[] = [
      ['node -e 0', '-e', '0'],
      ['an empty file', 'nothing.cjs'],
      ['a CommonJS file and a bundle', 'commonjs.cjs'],
      ['an ES module and a bundle', 'module.mjs'],
      ['node:crypto and one HMAC', 'crypto.cjs'],
      ['an ES module and chalk', 'chalk.mjs'],
      ...COMMANDS.map((words) => [`spikectl ${words}`, CLI, ...words.split(' ')] as const),
    ]
    const times = new Map(cases.map(([name]): [string, number[]] => [name, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, ...args] of cases) {
        const { ms } = await run({ name, file: process.execPath, args }, home, '')
        times.get(name)?.push(ms)
      }
    }
    const base = median(times.get('node -e 0') ?? [])
    console.log(`Node ${process.versions.node}, ${ROUNDS} runs of each, interleaved\n`)
    const rows = [...times].map(([name, ms]) => [name, median(ms).toFixed(1), (median(ms) / base).toFixed(2)])
    printTable(['whole process', 'p50 ms', 'times node -e 0'], rows)
  })
}

/** A session, and a log with a block: something to show and to verify. */
async function blockOnce(home: string): Promise<void> {
  const settings = join(home, 'config.json')
  writeFileSync(settings, '{"rate":{"blockPerMin":1}}')
  await run(HOOK_PROGRAM, home, call())
  rmSync(settings)
}
