import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { settingsPage } from '../../scripts/reference.ts'

test('the page of settings is what the table of settings says: npm run reference', () => {
  const page = new URL('../../docs/settings.md', import.meta.url)
  assert.equal(readFileSync(page, 'utf8'), settingsPage())
})
