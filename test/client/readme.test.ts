import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CLAUDE_CODE } from './support/download.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

test('the README names the version of the client that it is tested with, and no other', () => {
  const named = [...README.matchAll(/Claude Code (\d+\.\d+\.\d+)/g)].map((match) => match[1])
  assert.deepEqual([...new Set(named)], [CLAUDE_CODE])
})
