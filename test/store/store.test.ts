import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { decide } from '../../src/guard/decide.ts'
import type { CallEvent, GuardEvent } from '../../src/guard/event.ts'
import { identify, keyOf } from '../../src/guard/identity.ts'
import { RATE } from '../../src/guard/rules/rate.ts'
import { counterIn, type SessionState } from '../../src/guard/state.ts'
import { countOf } from '../../src/guard/window.ts'
import {
  decodeAgent,
  decodeLasting,
  decodeSession,
  encodeAgent,
  encodeLasting,
  encodeSession,
} from '../../src/store/codec.ts'
import { NO_TOTALS } from '../../src/store/queries.ts'
import { SqliteStore, withStore } from '../../src/store/sqlite-store.ts'
import type { EventStore, SessionStore } from '../../src/store/store.ts'
import { patienceOf } from '../../src/system/deadline.ts'
import { openSqlite, withSqlite } from '../../src/system/sqlite.ts'
import { temporaryHome } from '../support/processes.ts'
import { limits, MAIN, START } from '../support/table.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const policy = limits(5, 10)

/** A state.db with a clock of its own. */
function store(t: TestContext) {
  const file = join(temporaryHome(t), 'state.db')
  const clock = { now: START }
  const db = new SqliteStore(
    file,
    () => 0,
    () => clock.now,
  )
  t.after(() => db.close())
  return { file, clock, db }
}

let signatures = 0

function callOf(agent = MAIN, tool = 'Bash'): CallEvent {
  signatures += 1
  return { type: 'call', agent, tool, signature: `${signatures}`, isPoll: false }
}

function count(db: EventStore, session: string, event: GuardEvent = callOf(), rules = policy) {
  return db.update({
    identity: identify({ session }),
    event,
    project: '/home/dev/app',
    policy: '',
    decide: (state, now) => decide(state, event, rules, now),
  })
}

function sessions(db: SessionStore) {
  return db.read((seen) => seen.sessions())
}

function admittedIn(session: SessionState): number {
  return countOf(counterIn(session, RATE).window)
}

describe('state.db', () => {
  test('keeps a session from one call to the next', (t) => {
    const { db } = store(t)
    for (let i = 0; i < 10; i += 1) count(db, 's')
    const [session] = sessions(db)
    assert.deepEqual(
      [session?.peak, session?.denied, session?.tools, session?.agents],
      [9, 1, { Bash: 9 }, [{ agent: 'main', type: '', count: 9 }]],
    )
    assert.deepEqual(
      db.read((seen) => seen.totals()),
      { ...NO_TOTALS, calls: 10, warned: 5, blocked: 1 },
    )
  })

  test('drops the rings of a session that was idle for 60 s, and its summary after 30 days', (t) => {
    const { db, clock } = store(t)
    count(db, 'idle')
    clock.now += MINUTE - 1000
    count(db, 'busy')
    clock.now += 1000
    db.sweep()
    assert.deepEqual(
      sessions(db).map(({ identity, state }) => [identity.id, admittedIn(state) > 0]),
      [
        ['busy', true],
        ['idle', false],
      ],
    )
    clock.now += 30 * DAY + MINUTE
    db.sweep()
    db.sweep()
    assert.deepEqual(sessions(db), [])
    const totals = db.read((seen) => seen.totals())
    assert.equal(totals?.calls, 2, 'what they had counted is not forgotten')
  })

  test('counts calls that nobody asked about with their session, and after it is dropped', (t) => {
    const { db, clock } = store(t)
    count(db, 's', { type: 'prompt', agent: MAIN, by: 'person' })
    const calls = ['a', 'b'].map((id) => ({ id, tool: 'Read', signature: id, isPoll: false, result: id }))
    const round = { type: 'results', agent: MAIN, calls, endsRound: true } as const
    count(db, 's', round)
    count(db, 's', round)
    const [session] = sessions(db)
    assert.deepEqual(
      [session?.unasked, session?.calls, session?.tools, session?.peak, session?.agents],
      [2, 2, { Read: 2 }, 2, [{ agent: 'main', type: '', count: 2 }]],
    )
    clock.now += MINUTE
    db.sweep()
    clock.now += 31 * DAY
    db.sweep()
    assert.deepEqual(sessions(db), [])
    const totals = db.read((seen) => seen.totals())
    assert.deepEqual(totals, { ...NO_TOTALS, calls: 2, unasked: 2 })
  })

  test('knows not all that was asked in a session whose row cannot be read', (t) => {
    const { db, file } = store(t)
    const prompt = { type: 'prompt', agent: MAIN, by: 'person' } as const
    count(db, 's', prompt)
    withSqlite(file, (raw) => raw.exec("UPDATE session SET lasting = 'x'"))
    assert.equal(count(db, 's', prompt).session.lasting.asked, 'not all')
  })

  test('folds agents that were idle for 10 minutes into one', (t) => {
    const { db, clock } = store(t)
    for (const id of ['a', 'b', 'a']) count(db, 's', callOf({ id, type: 'Explore' }))
    count(db, 's')
    clock.now += 11 * MINUTE
    count(db, 's', callOf({ id: 'c', type: 'Plan' }))
    db.sweep()
    assert.deepEqual(sessions(db)[0]?.agents, [
      { agent: '(idle)', type: '', count: 3 },
      { agent: 'c', type: 'Plan', count: 1 },
      { agent: 'main', type: '', count: 1 },
    ])
  })

  test('says that a sweep is due once a minute', (t) => {
    const { db, clock } = store(t)
    assert.equal(count(db, 's').sweepIsDue, true)
    db.sweep()
    clock.now += MINUTE - 1
    assert.equal(count(db, 's').sweepIsDue, false)
    clock.now += 1
    assert.equal(count(db, 's').sweepIsDue, true)
  })

  test('does not wait for a lock in order to sweep', { timeout: 20_000 }, (t) => {
    const { file } = store(t)
    const patient = new SqliteStore(file, patienceOf(3_600_000), () => START)
    t.after(() => patient.close())
    count(patient, 's')
    const other = openSqlite(file)
    t.after(() => other.close())
    other.exec('BEGIN IMMEDIATE')
    assert.equal(patient.sweep(), undefined)
    assert.throws(() => count(patient, 's'), { code: 'SQLITE_BUSY' }, 'the lock was held all the while')
  })

  test('answers what was decided even if sweeping fails', (t) => {
    const { db, file } = store(t)
    count(db, 's')
    const raw = openSqlite(file)
    raw.exec("CREATE TRIGGER no BEFORE UPDATE ON retired BEGIN SELECT raise(ABORT, 'no'); END")
    raw.close()
    assert.match(db.sweep() ?? '', /idle sessions cannot be forgotten \(no\)/)
  })

  test('drops a row that does not parse, alone, and says so', (t) => {
    const { db, file } = store(t)
    count(db, 'good')
    count(db, 'bad')
    const raw = openSqlite(file)
    raw.prepare('UPDATE session SET live = ? WHERE key = ?').run('[[1,2', keyOf(identify({ session: 'bad' })))
    raw.close()
    assert.equal(count(db, 'good').dropped, undefined)
    const { dropped, session } = count(db, 'bad')
    assert.match(dropped ?? '', /unreadable: it is counted from 0/)
    assert.equal(admittedIn(session), 1)
  })

  test('refuses a file that another version wrote, and leaves it alone', (t) => {
    const { db, file } = store(t)
    count(db, 's')
    const raw = openSqlite(file)
    raw.pragma('user_version = 99')
    raw.close()
    const before = readFileSync(file)
    assert.throws(() => count(db, 's'), /written by a newer version/)
    assert.deepEqual(readFileSync(file), before)
  })

  test('counts tools of any name, and those after the fortieth together', (t) => {
    const { db } = store(t)
    const odd = ['__proto__', 'constructor', '10', 'mcp__a__b']
    const names = [...odd, ...odd, ...Array.from({ length: 40 }, (_, i) => `tool ${i}`)]
    for (const name of names) count(db, 's', callOf(MAIN, name), limits(0, 0))
    const tools = new Map(Object.entries(sessions(db)[0]?.tools ?? {}))
    assert.deepEqual(
      odd.map((name) => tools.get(name)),
      [2, 2, 2, 2],
    )
    assert.deepEqual([tools.size, tools.get('(other)')], [41, 4])
  })
})

/** Tables and indexes that disagree, as lost pages leave them: the page of the index on ages is emptied. */
function withoutIndexRow(bytes: Buffer): Buffer {
  const db = new Database(bytes)
  const root = Number(
    db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'session_by_age'").pluck().get(),
  )
  const size = Number(db.pragma('page_size', { simple: true }))
  db.close()
  const start = (root - 1) * size
  bytes.writeUInt16BE(0, start + 3) // no cells
  bytes.writeUInt16BE(size, start + 5) // and none of their content
  return bytes
}

describe('a damaged state.db', () => {
  const open = (file: string) => withStore(file, (db) => count(db, 's'))

  for (const [name, spoil] of [
    ['of zeros', (bytes: Buffer) => bytes.fill(0)],
    [
      'of text',
      () =>
        Buffer.from('this is no database, but long enough to be looked at as if it were one\n'.repeat(99)),
    ],
    ['with a broken page', (bytes: Buffer) => bytes.fill(0xff, 4096, 8192)],
    ['cut in half', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['with an index that lost a row', withoutIndexRow],
  ] as const) {
    test(`${name} is moved aside, never deleted, and counting starts anew`, (t) => {
      const file = join(temporaryHome(t), 'state.db')
      open(file)
      const spoilt = Buffer.from(spoil(readFileSync(file)))
      writeFileSync(file, spoilt)
      const { result, notices } = open(file)
      assert.equal(admittedIn(result.session), 1)
      assert.equal(notices.length, 1)
      const aside = /moved to (\S+),/.exec(notices[0] ?? '')?.[1] ?? ''
      assert.deepEqual(readFileSync(aside), spoilt)
      assert.deepEqual(open(file).notices, [])
    })
  }

  test('over 2 GiB is moved aside like any other', (t) => {
    const file = join(temporaryHome(t), 'state.db')
    writeFileSync(file, 'no database')
    truncateSync(file, 2 ** 31 + 8192)
    const { result, notices } = open(file)
    assert.equal(admittedIn(result.session), 1)
    const aside = /moved to (\S+),/.exec(notices[0] ?? '')?.[1] ?? ''
    const { size, blocks } = statSync(aside)
    assert.equal(size, 2 ** 31 + 8192)
    assert.ok(blocks * 512 < 2 ** 24, 'its holes are holes in the copy')
  })

  test('that is too large to be copied before the deadline of a call is left as it is, for people to wait', (t) => {
    const home = temporaryHome(t)
    const file = join(home, 'state.db')
    writeFileSync(file, 'no database')
    truncateSync(file, 2 ** 26)
    const call = { locks: () => 1, copy: () => 0 }
    assert.throws(
      () => withStore(file, (db) => count(db, 's'), call),
      /state\.db is damaged, and too large to be moved aside while a call waits/,
    )
    assert.deepEqual(
      [statSync(file).size, readdirSync(home).filter((name) => name.includes('damaged'))],
      [2 ** 26, []],
    )
    assert.equal(open(file).notices.length, 1)
  })

  test('takes its journal with it, which would else be rolled back into the fresh file', (t) => {
    const home = temporaryHome(t)
    const file = join(home, 'state.db')
    writeFileSync(file, Buffer.alloc(8192))
    writeFileSync(`${file}-journal`, '')
    open(file)
    const names = readdirSync(home).filter((name) => name.startsWith('state.db.damaged-'))
    assert.equal(names.filter((name) => name.endsWith('-journal')).length, 1)
    assert.equal(names.length, 2)
  })

  test('that was removed under an open connection is not written to', (t) => {
    const file = join(temporaryHome(t), 'state.db')
    const seen: number[] = []
    const { result } = withStore(file, (db) => {
      seen.push(seen.length)
      if (seen.length === 1) {
        count(db, 's')
        rmSync(file)
      }
      return count(db, 's')
    })
    assert.equal(seen.length, 2)
    assert.equal(admittedIn(result.session), 1)
  })
})

const HEARS = { prompts: true, results: false, rounds: true }

describe('what state.db remembers', () => {
  test('of a session and an agent is the same after it was written and read', (t) => {
    const { db } = store(t)
    for (let i = 0; i < 11; i += 1) count(db, 's', { ...callOf(), id: `${i}` })
    const { session, agent } = count(db, 's', { ...callOf(), id: 'last' })
    assert.equal(agent.history.length, 9)
    assert.ok(agent.round?.block)
    assert.deepEqual(decodeSession(encodeSession(session), session.lasting), session)
    assert.deepEqual(decodeAgent(encodeAgent(agent)), agent)
    const trip = { rule: 'repeat', count: 5, limit: 5, at: START, blocked: 2 } as const
    const lasting = { epoch: 3, hears: HEARS, mode: 'enforce', looping: ['main'], trip } as const
    for (const asked of [[], ['a', 'b'], 'not all'] as const) {
      assert.deepEqual(decodeLasting(encodeLasting({ ...lasting, asked })), { ...lasting, asked })
    }
    assert.deepEqual(decodeAgent(encodeAgent({ ...agent, trip })), { ...agent, trip })
  })

  const ring = { newest: 5, buckets: new Array(60).fill(0) }
  const whole = { meters: { rate: { ring, warned: false } }, denied: ring, answered: [] }
  const agent = { epoch: 0, history: [['s', 5, 0, 'r', 'i']], warned: [], deniedRounds: 0, denials: 0 }
  const lasting = { epoch: 0, hears: HEARS, mode: 'enforce', looping: [] } as const

  test('in the form that is written comes out', () => {
    assert.ok(decodeSession(JSON.stringify(whole), lasting))
    assert.ok(decodeAgent(JSON.stringify(agent)))
    assert.ok(decodeLasting(JSON.stringify(lasting)))
  })

  test('of an earlier version does not know all that was asked, and of a later one keeps what is new', () => {
    const { asked, ...rest } = decodeLasting(JSON.stringify({ ...lasting, later: [1] })) ?? {}
    assert.equal(asked, 'not all')
    assert.deepEqual(rest, { ...lasting, later: [1] })
    assert.equal(decodeLasting(JSON.stringify({ ...lasting, asked: [5] }))?.asked, 'not all')
  })

  const nothing = ['', 'null', '{}', '[]']
  const spoiltSessions = [
    { ...whole, meters: { rate: { ring, warned: 1 } } },
    { ...whole, meters: { rate: { ring: { ...ring, newest: 'x' }, warned: false } } },
    { ...whole, denied: { ...ring, buckets: new Array(59).fill(0) } },
    { ...whole, denied: { ...ring, buckets: new Array(60).fill(-1) } },
    { ...whole, denied: { ...ring, buckets: new Array(60).fill('1') } },
    { ...whole, answered: [['id', 'signature', 'at']] },
    { ...whole, answered: [['id', 'signature', 5, { kind: 'surprise' }]] },
  ]
  for (const text of [...nothing, ...spoiltSessions.map((value) => JSON.stringify(value))]) {
    test(`does not come out of a session that is ${text.slice(-60) || 'nothing'}`, () =>
      assert.equal(decodeSession(text, lasting), undefined))
  }

  const spoiltAgents = [
    { ...agent, epoch: -1 },
    { ...agent, history: [[5]] },
    { ...agent, warned: [1] },
    { ...agent, round: { beganAt: 'x', ids: [] } },
    { ...agent, latch: { rule: 'whim' } },
    { ...agent, freeAt: 'soon' },
  ]
  for (const text of [...nothing, ...spoiltAgents.map((value) => JSON.stringify(value))]) {
    test(`does not come out of an agent that is ${text.slice(-60) || 'nothing'}`, () =>
      assert.equal(decodeAgent(text), undefined))
  }

  for (const value of [
    { ...lasting, epoch: 1.5 },
    { ...lasting, latch: {} },
    { ...lasting, hears: 1 },
  ]) {
    test(`does not come out of what lasts that is ${JSON.stringify(value)}`, () =>
      assert.equal(decodeLasting(JSON.stringify(value)), undefined))
  }
})
