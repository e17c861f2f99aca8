import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openSqlite } from '../../src/system/sqlite.ts'
import { offered, wordsOffered } from '../support/offered.ts'
import { event, hookEach, LOW, runCli, temporaryHome, times } from '../support/processes.ts'
import { countCalls, toVersionBefore } from '../support/stores.ts'

describe('completion of sessions', () => {
  function known(t: TestContext, ...ids: string[]): string {
    const home = temporaryHome(t, LOW)
    countCalls(home, ids, LOW)
    return home
  }

  test('offers their short ids, the latest first, with project, state and age', async (t) => {
    const home = known(t, '3f2a9c1e-5b7d-4e0a', ...times(9, () => '77aa61b0-77aa-4e0a'))
    const places = [['status'], ['reset'], ['log'], ['explain', '--session'], ['reset', '--json', '--']]
    for (const place of places) {
      const sessions = await offered(home, ...place, '')
      assert.deepEqual(Object.keys(sessions), ['77aa61b0', '3f2a9c1e'], place.join(' '))
      assert.match(Object.values(sessions).join('\n'), /^app, block, \d+ s ago\napp, allow, \d+ s ago$/)
    }
  })

  test('offers whole ids where short ones are not unique, or more was typed', async (t) => {
    const home = known(t, 'session-of-monday', 'session-of-tuesday', '3f2a9c1e-5b7d-4e0a')
    assert.deepEqual(await wordsOffered(home, 'log', 'sess'), ['session-of-tuesday', 'session-of-monday'])
    assert.deepEqual(await wordsOffered(home, 'log', '3f2a9c1e-5'), ['3f2a9c1e-5b7d-4e0a'])
  })

  test('does not offer one that is named already', async (t) => {
    const home = known(t, 'one', 'two')
    assert.deepEqual(await wordsOffered(home, 'reset', 'two', ''), ['one'])
    assert.deepEqual(await wordsOffered(home, 'status', 'two', 'o'), [
      '--all',
      '--tenant',
      '--json',
      '--watch',
      '--help',
    ])
  })

  test('offers those of the tenant that is named', async (t) => {
    const home = known(t, 's1')
    await hookEach([event({ session_id: 's2' })], { home, env: { SPIKECTL_TENANT: 'acme' } })
    assert.deepEqual(await wordsOffered(home, 'reset', '--tenant', ''), ['acme'])
    assert.deepEqual(await wordsOffered(home, 'reset', '--tenant', 'acme', ''), ['s2'])
    assert.match(JSON.stringify(await offered(home, 'reset', 's2')), /s ago, tenant acme"/)
  })

  test('offers no id that would be an option, and prints no control characters', async (t) => {
    const home = known(t, '--all', 'a\tb\u001b[31m\nc')
    assert.deepEqual(await wordsOffered(home, 'reset', ''), ['a�b�[31m�c'])
    assert.deepEqual(await wordsOffered(home, 'reset', '--', ''), ['a�b�[31m�c'])
  })
})

describe('completion only looks', () => {
  test('at a home without state.db, and creates nothing', async (t) => {
    const home = temporaryHome(t)
    assert.deepEqual(await wordsOffered(home, 'status', ''), [])
    assert.deepEqual(await wordsOffered(home, 'reset', '--tenant', ''), [])
    assert.deepEqual(readdirSync(home), [])
    const env = { SPIKECTL_HOME: join(home, 'none') }
    assert.equal((await runCli(['complete', '--', 'log', ''], { home, env })).stdout, 'words\n')
    assert.deepEqual(readdirSync(home), [])
  })

  test('at a state.db that somebody has just removed', (t) => {
    const home = temporaryHome(t)
    assert.throws(() => openSqlite(join(home, 'state.db'), { readonly: true }), /SQLITE_CANTOPEN/)
    assert.deepEqual(readdirSync(home), [])
  })

  test('at a state.db that is damaged, and neither mends it nor offers anything', async (t) => {
    const home = temporaryHome(t)
    writeFileSync(join(home, 'state.db'), 'x'.repeat(8192))
    const { exitCode, stdout, stderr } = await runCli(['complete', '--', 'status', ''], { home })
    assert.deepEqual([exitCode, stdout], [2, ''])
    assert.match(stderr, /state\.db is damaged/)
    assert.deepEqual(readdirSync(home), ['state.db'])
    assert.equal(readFileSync(join(home, 'state.db'), 'utf8'), 'x'.repeat(8192))
  })

  test('at a state.db that somebody has locked, and one of an earlier version', async (t) => {
    const home = temporaryHome(t)
    await hookEach([event()], { home })
    const db = openSqlite(join(home, 'state.db'))
    t.after(() => db.close())
    db.exec('BEGIN EXCLUSIVE')
    const locked = await runCli(['complete', '--', 'status', ''], { home })
    assert.deepEqual([locked.exitCode, locked.stdout], [2, ''])
    db.exec('COMMIT')
    toVersionBefore(join(home, 'state.db'))
    const { mtimeMs } = statSync(join(home, 'state.db'))
    assert.equal((await wordsOffered(home, 'status', '')).length, 1)
    assert.equal(statSync(join(home, 'state.db')).mtimeMs, mtimeMs)
  })
})
