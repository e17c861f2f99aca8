/** The hook's way to state.db: quick on a sound file, and else the way of all of the store. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { decide } from '../../src/guard/decide.ts'
import { identify } from '../../src/guard/identity.ts'
import { peek } from '../../src/store/look.ts'
import { withEventStore } from '../../src/store/open.ts'
import { withStore } from '../../src/store/sqlite-store.ts'
import type { EventStore, Update } from '../../src/store/store.ts'
import { openSqlite } from '../../src/system/sqlite.ts'
import { temporaryHome } from '../support/processes.ts'
import { ENFORCED, toVersionBefore } from '../support/stores.ts'
import { call } from '../support/table.ts'

const AT_ONCE = { locks: () => 0, copy: () => 1 }

/** One more call of the session s. */
function count(store: EventStore): void {
  const event = call('ls')
  const update: Update = {
    ...{ identity: identify({ session: 's' }), event, project: '/home/dev/app', policy: '' },
    decide: (state, now) => decide(state, event, ENFORCED, now),
  }
  store.update(update)
}

function callsIn(file: string): number {
  return peek(file, (seen) => seen.totals().calls)
}

describe("the hook's way to state.db", () => {
  const places: readonly [string, (t: TestContext) => string, calls: number, notice: RegExp | undefined][] = [
    ['where there is no folder yet makes it', (t) => join(temporaryHome(t), 'a/state.db'), 1, undefined],
    ['counts on in a file that it knows', counted, 2, undefined],
    ['brings a file without tables up to date', empty, 1, undefined],
    ['brings a file of an earlier version up to date', outdated, 2, undefined],
    ['moves a damaged file aside, and says so', damaged, 1, /^state\.db was damaged: it is moved to /],
  ]
  for (const [name, fileIn, calls, notice] of places) {
    test(name, async (t) => {
      const file = fileIn(t)
      const { notices } = await withEventStore(file, count, AT_ONCE)
      assert.equal(callsIn(file), calls)
      if (notice) assert.match(notices.join(), notice)
      else assert.deepEqual(notices, [])
    })
  }

  test('says who waited how long when somebody holds its lock', async (t) => {
    const file = counted(t)
    const holder = openSqlite(file)
    t.after(() => holder.close())
    holder.exec('BEGIN IMMEDIATE')
    await assert.rejects(withEventStore(file, count, AT_ONCE), {
      message: `${file} was locked for 0 s by another process`,
    })
  })

  test('throws a defect of ours as it is', async (t) => {
    const defect = new TypeError('a defect')
    const failing = () => {
      throw defect
    }
    await assert.rejects(withEventStore(counted(t), failing, AT_ONCE), (error) => error === defect)
  })
})

function counted(t: TestContext): string {
  const file = join(temporaryHome(t), 'state.db')
  withStore(file, count)
  return file
}

function outdated(t: TestContext): string {
  const file = counted(t)
  toVersionBefore(file)
  return file
}

function empty(t: TestContext): string {
  const file = join(temporaryHome(t), 'state.db')
  writeFileSync(file, '', { mode: 0o600 })
  return file
}

function damaged(t: TestContext): string {
  const file = join(temporaryHome(t), 'state.db')
  writeFileSync(file, Buffer.alloc(40_960), { mode: 0o600 })
  return file
}
