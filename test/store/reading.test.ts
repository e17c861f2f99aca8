/** state.db as it is read for show alone, and files of other versions. */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { identify, keyOf } from '../../src/guard/identity.ts'
import { freshState } from '../../src/guard/state.ts'
import { onCopy, peek } from '../../src/store/look.ts'
import { NO_TOTALS } from '../../src/store/queries.ts'
import { readStore, withStore } from '../../src/store/sqlite-store.ts'
import { withSqlite } from '../../src/system/sqlite.ts'
import { run, temporaryHome } from '../support/processes.ts'
import {
  callBy,
  next,
  overwrite,
  type Store,
  sessionsIn,
  storeAt,
  tell,
  totalsIn,
  toVersionBefore,
} from '../support/stores.ts'
import { START } from '../support/table.ts'

const calls = (file: string, read: typeof peek | typeof onCopy) => read(file, (seen) => seen.totals().calls)

const KEY = keyOf(identify({ session: 's' }))
const AT_ONCE = { locks: () => 0, copy: () => 1 }

/** All that can be asked, but for the time. */
function everythingIn(file: string, read: typeof peek | typeof onCopy | typeof readStore) {
  return read(file, ({ now, state, ...seen }) => {
    const { session, agent } = state(KEY, 'main')
    return {
      ...{ totals: seen.totals(), sessions: seen.sessions(), session: seen.session(KEY) },
      ...{ names: seen.names(), tenants: seen.tenants(), agents: seen.agentStates(KEY) },
      ...{ unsigned: seen.unsigned(), isSound: seen.isSound() },
      isFresh: isDeepStrictEqual({ session, agent }, freshState(now)),
    }
  })
}

const NOTHING = {
  ...{ totals: NO_TOTALS, sessions: [], session: undefined, names: [], tenants: [], agents: [] },
  ...{ unsigned: { count: 0, fresh: 0 }, isSound: true, isFresh: true },
}

function counted(t: TestContext): Store {
  const store = storeAt(t)
  tell(store, 's', callBy('main'), { project: '/p', policyText: 'limits' })
  return store
}

for (const [name, read] of [
  ['a look at state.db', peek],
  ['a look at a copy of state.db', onCopy],
] as const) {
  describe(name, () => {
    test('shows what was counted, and leaves the file as it is', (t) => {
      const { file } = counted(t)
      const before = readFileSync(file)
      const names = readdirSync(dirname(file))
      assert.equal(calls(file, read), 1)
      assert.equal(
        read(file, (seen) => seen.isSound()),
        true,
      )
      assert.deepEqual([readFileSync(file), readdirSync(dirname(file))], [before, names])
    })

    test('finds nothing where there is no file, and makes none', (t) => {
      const file = join(temporaryHome(t), 'state.db')
      assert.deepEqual(everythingIn(file, read), NOTHING)
      assert.equal(existsSync(file), false)
    })

    test('shows what an earlier version has counted, and does not bring the file up to date', (t) => {
      const file = ofFirstVersion(t)
      const before = readFileSync(file)
      assert.equal(calls(file, read), 12)
      assert.deepEqual(
        read(file, (seen) => seen.session(KEY)?.tools),
        { Bash: 5 },
      )
      assert.deepEqual([readFileSync(file), versionOf(file)], [before, 1])
    })

    test('says that a file was written by a newer version', (t) => {
      const { file } = counted(t)
      withSqlite(file, (db) => db.pragma('user_version = 99'))
      assert.throws(() => calls(file, read), /state\.db was written by a newer version of spikectl/)
    })

    test('gives the time of the clock on the wall', (t) => {
      const { file } = counted(t)
      const before = Date.now()
      const now = read(file, (seen) => seen.now)
      assert.ok(before <= now && now <= Date.now())
    })
  })
}

describe('a look at state.db', () => {
  test('waits for a lock as long as it is told to, and then says who has it', (t) => {
    const { file } = counted(t)
    withSqlite(file, (db) => {
      db.exec('BEGIN EXCLUSIVE')
      const look = () => peek(file, () => 0, 0)
      assert.throws(look, { message: 'state.db is locked by another process', hint: 'Run: spikectl status' })
      assert.equal(calls(file, onCopy), 1, 'a copy needs no lock')
    })
  })

  test('says that a damaged file is mended by the next call', (t) => {
    const { file } = counted(t)
    writeFileSync(file, 'no database, but long enough to be looked at as if it were one\n'.repeat(99))
    assert.throws(() => calls(file, peek), {
      message: 'state.db is damaged',
      hint: 'The next tool call mends it, or run: spikectl status',
    })
  })

  test('says that a file which a killed process has left half written is mended by the next call', async (t) => {
    const { file } = counted(t)
    const home = dirname(file)
    const sqlite = JSON.stringify(new URL('../../src/system/sqlite.ts', import.meta.url).href)
    const killed = `
      import { openSqlite, QUICK } from ${sqlite}
      openSqlite('state.db').exec(QUICK + '; BEGIN IMMEDIATE; UPDATE session SET calls = 2')
      process.kill(process.pid, 'SIGKILL')`
    assert.equal((await run(['--input-type=module', '-e', killed], { home })).signal, 'SIGKILL')
    const before = readdirSync(home)
    assert.throws(() => calls(file, peek), { message: 'state.db is half written' })
    assert.deepEqual(readdirSync(home), before)
  })

  test('says what else is wrong', (t) => {
    const file = temporaryHome(t)
    assert.throws(() => calls(file, peek), /is no regular file/)
  })

  test('makes no copy of more than 256 MiB', (t) => {
    const { file } = counted(t)
    truncateSync(file, 2 ** 28 + 1)
    assert.throws(() => calls(file, onCopy), /state\.db is too large to be copied/)
  })
})

describe('a state.db of the version before', () => {
  test('is brought up to date by the next call', (t) => {
    const { file } = counted(t)
    toVersionBefore(file)
    assert.equal(calls(file, peek), 1)
    const store = storeAt(t, file)
    store.db.count('unsigned')
    assert.deepEqual(totalsIn(store), { calls: 1, unsigned: 1 })
    assert.equal(store.db.acknowledgeUnsigned(), 1)
  })
})

describe('a state.db of the first version', () => {
  test('is brought up to date by the next call: what it has counted goes on', (t) => {
    const store = storeAt(t, ofFirstVersion(t))
    const { verdict, dropped } = tell(store, 's', callBy('main'))
    assert.deepEqual([verdict.kind, dropped], ['allow', undefined])
    assert.deepEqual(totalsIn(store), { calls: 13, warned: 4, blocked: 3, errors: 1 })
    const [session] = sessionsIn(store)
    assert.deepEqual(
      [session?.project, session?.calls, session?.unasked, session?.agents],
      ['/p', 6, 0, [{ agent: 'main', type: '', count: 6 }]],
    )
    assert.ok(versionOf(store.file) > 1)
  })

  test('is brought up to date when it is read', (t) => {
    const store = storeAt(t, ofFirstVersion(t))
    assert.deepEqual(totalsIn(store), { calls: 12, warned: 4, blocked: 3, errors: 1 })
    assert.deepEqual(sessionsIn(store)[0]?.state.counters, {}, 'its windows are void')
  })

  test('is as it was when bringing it up to date fails', (t) => {
    const store = storeAt(t, ofFirstVersion(t))
    withSqlite(store.file, (db) => db.exec('ALTER TABLE session ADD COLUMN guard'))
    assert.throws(() => next(store, 's', 'main'), /duplicate column name: guard/)
    assert.equal(versionOf(store.file), 1)
  })
})

/** As spikectl made it at first, with one session. */
function ofFirstVersion(t: TestContext): string {
  const file = join(temporaryHome(t), 'state.db')
  withSqlite(file, (db) => {
    db.exec(`
      CREATE TABLE session (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL,
        user TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, project TEXT NOT NULL,
        notice TEXT NOT NULL DEFAULT '', tools TEXT NOT NULL DEFAULT '{}', peak INTEGER NOT NULL DEFAULT 0,
        calls INTEGER NOT NULL DEFAULT 0, warned INTEGER NOT NULL DEFAULT 0, blocked INTEGER NOT NULL DEFAULT 0,
        first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, last_minute INTEGER NOT NULL, live TEXT);
      CREATE INDEX session_by_age ON session (live IS NULL, last_minute);
      CREATE TABLE agent (session INTEGER NOT NULL, agent TEXT NOT NULL, type TEXT NOT NULL,
        calls INTEGER NOT NULL, last_minute INTEGER NOT NULL, PRIMARY KEY (session, agent)) WITHOUT ROWID;
      CREATE INDEX agent_by_age ON agent (last_minute) WHERE agent NOT IN ('main', '(idle)');
      CREATE TABLE retired (only INTEGER PRIMARY KEY CHECK (only = 1), calls INTEGER NOT NULL,
        warned INTEGER NOT NULL, blocked INTEGER NOT NULL, errors INTEGER NOT NULL, swept_ms INTEGER NOT NULL);
      INSERT INTO retired VALUES (1, 7, 3, 2, 1, 0);
      PRAGMA user_version = 1`)
    const minute = Math.floor(START / 60_000)
    db.prepare(
      `INSERT INTO session VALUES (1, '["","session","s"]', '', '', 'session', 's', '/p', '', '{"Bash":5}',
         5, 5, 1, 1, ?, ?, ?, '{"ring":[]}')`,
    ).run(START, START, minute)
    db.prepare("INSERT INTO agent VALUES (1, 'main', '', 5, ?)").run(minute)
  })
  return file
}

function versionOf(file: string): number {
  return withSqlite(file, (db) => Number(db.pragma('user_version', { simple: true })))
}

describe('the counts of tools', () => {
  test('that cannot be read are begun anew', (t) => {
    const store = counted(t)
    for (const [tools, expected] of [
      ['x', { Bash: 1 }],
      ['null', { Bash: 1 }],
      ['{"Bash":"5"}', { Bash: 1 }],
      ['{"Read":1.5,"Bash":2}', { Bash: 3 }],
      ['{"Bash":2,"Read":1}', { Bash: 3, Read: 1 }],
    ] as const) {
      overwrite(store, 'UPDATE session SET tools = ?', tools)
      tell(store, 's', callBy('main'))
      assert.deepEqual(sessionsIn(store)[0]?.tools, expected, tools)
    }
  })

  test('are those of calls that ran', (t) => {
    const store = storeAt(t)
    const agent = { id: 'main', type: '' }
    tell(store, 's', { type: 'prompt', agent, by: 'person' })
    const unasked = ['Read', 'Read', 'Grep'].map((tool, i) => {
      return { id: `${i}`, tool, signature: `${i}`, isPoll: false, result: 'r' }
    })
    tell(store, 's', { type: 'results', agent, calls: unasked, endsRound: true })
    const call = callBy('main')
    for (let i = 0; i < 2; i += 1) tell(store, 's', call)
    assert.deepEqual(sessionsIn(store)[0]?.tools, { Read: 2, Grep: 1, Bash: 1 })
  })
})

test('where there is no state.db a question finds nothing, and makes none', (t) => {
  const file = join(temporaryHome(t), 'state.db')
  assert.deepEqual(everythingIn(file, readStore), NOTHING)
  assert.equal(existsSync(file), false)
})

describe('a state.db that is opened', () => {
  const open = (file: string, locks: () => number) =>
    withStore(file, (store) => store.count('errors'), { locks, copy: () => 1 })

  test('makes its folder', (t) => {
    const file = join(temporaryHome(t), 'a/b/state.db')
    assert.deepEqual(open(file, () => 0).notices, [])
    assert.equal(
      peek(file, (seen) => seen.totals().errors),
      1,
    )
  })

  test('by somebody else for long says so, with the line that shows who it is', (t) => {
    const { file } = counted(t)
    withSqlite(file, (db) => {
      db.exec('BEGIN EXCLUSIVE')
      assert.throws(() => open(file, () => 0), {
        message: `${file} was locked for 0 s by another process`,
        hint: 'Run: spikectl status, and end what holds it',
      })
    })
  })

  test('is closed whatever happens, and a defect of ours is thrown as it is', (t) => {
    const { file } = counted(t)
    const defect = new TypeError('a defect')
    const failing = () => {
      throw defect
    }
    assert.throws(
      () => withStore(file, failing, AT_ONCE),
      (error) => error === defect,
    )
  })

  test('and is damaged each time is given up at the third, with what was in it kept', (t) => {
    const { file } = counted(t)
    let tries = 0
    const spoil = () => {
      tries += 1
      writeFileSync(file, 'no database, but long enough to be looked at as if it were one\n'.repeat(99))
      return peekAnew(file)
    }
    assert.throws(() => withStore(file, spoil, AT_ONCE, () => START + tries))
    assert.equal(tries, 3)
    const aside = readdirSync(dirname(file)).filter((name) => /\.damaged-[^/]+\d$/.test(name))
    assert.equal(aside.length, 2)
  })
})

function peekAnew(file: string): unknown {
  return withSqlite(file, (db) => db.exec('SELECT * FROM session'))
}
