/** What must stand beside a rule: of a new one, whatever is forgotten is named here. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RULES } from '../../src/guard/rules/rules.ts'
import type { Figure } from '../../src/guard/verdict.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** What rules share. */
const SHARED = ['limits.ts', 'repetition.ts', 'rule.ts', 'rules.ts']

describe('the list of rules', () => {
  for (const file of globSync(`${ROOT}src/guard/rules/*.ts`)) {
    if (SHARED.includes(basename(file))) continue
    test(`has the one that ${basename(file)} exports`, async () => {
      const exported = Object.values<unknown>(await import(file))
      assert.ok(exported.some((value) => RULES.some((rule) => rule === value)))
    })
  }

  test('has each name once', () => {
    assert.equal(new Set(RULES.map(({ name }) => name)).size, RULES.length)
  })
})

for (const { name, words, halts } of RULES) {
  const figure: Figure = { rule: name, count: 7, limit: 5, of: 'Bash' }

  describe(`what stands beside the rule "${name}"`, () => {
    test('is its tests, in test/guard', () => {
      const tests = globSync(`${ROOT}test/guard/*.test.ts`).map((file) => readFileSync(file, 'utf8'))
      assert.ok(tests.some((text) => text.includes(`describe('the ${name} rule'`)))
    })

    test('is its row in the README', () => {
      assert.match(readFileSync(`${ROOT}README.md`, 'utf8'), new RegExp(`^\\| \\*\\*${name}\\*\\* \\|`, 'm'))
    })

    test('is a word for programs', () => assert.match(words.machine, /^[a-z]+(_[a-z]+)*$/))

    test('are facts of a block and a warning, with their figures', () => {
      const warned = words.warning({ kind: 'warn', ...figure, blockLimit: 9 }, 'HERE')
      for (const said of [words.facts(figure, 'HERE'), warned]) assert.match(said, /^.*\b7\b.*[^.]$/)
      assert.match(words.blockFacts({ kind: 'block', ...figure }, 'HERE'), /^.*\b7\b.*\.$/)
    })

    test('are sentences that say what to do', () => {
      assert.match(words.blockAdvice({ kind: 'block', ...figure }), /^[A-Z].*\.$/)
      assert.match(words.warnAdvice({ kind: 'warn', ...figure, blockLimit: 9 }), /^ .*\.$/)
    })

    test('is who is halted', () => assert.match(halts, /^the (agent|session)/))
  })
}
