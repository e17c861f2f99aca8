import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Command } from 'commander'
import { complete } from '../../src/commands/completion/complete.ts'
import type { Context } from '../../src/commands/context.ts'
import { explain } from '../../src/commands/explain.ts'
import { metrics } from '../../src/commands/metrics.ts'
import { reset } from '../../src/commands/reset.ts'
import { status } from '../../src/commands/status.ts'
import { decide } from '../../src/guard/decide.ts'
import type { GuardEvent } from '../../src/guard/event.ts'
import { identify } from '../../src/guard/identity.ts'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import type { EventStore } from '../../src/store/store.ts'
import { pathsOf } from '../../src/system/paths.ts'
import { openTerminal } from '../../src/terminal/terminal.ts'
import { temporaryHome } from '../support/processes.ts'
import { call, limits, MAIN } from '../support/table.ts'

const MANY = 2000
/** A command line whose only argument is a session. */
const PROGRAM = new Command('spikectl').argument('[session]')
const policy = limits(5, 10)

/**
 * A state.db of so many sessions, one a minute, each of which has called once and ended; the last has just begun.
 * It is filled once, and each test gets a copy.
 */
const FILLED = fill()

function fill(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'spikectl-test-'))
  const clock = { now: Date.now() - MANY * 60_000 }
  const file = join(folder, 'state.db')
  const store = new SqliteStore(
    file,
    () => 0,
    () => clock.now,
  )
  for (let i = 0; i < MANY; i += 1) {
    clock.now += 60_000
    see(store, `session-${i}`, call(`${i}`))
    if (i < MANY - 1) see(store, `session-${i}`, { type: 'session_end', agent: MAIN })
  }
  store.close()
  const bytes = readFileSync(file)
  rmSync(folder, { recursive: true })
  return bytes
}

function see(store: EventStore, session: string, event: GuardEvent): void {
  store.update({
    identity: identify({ session }),
    event,
    policy: '',
    project: '/home/dev/app',
    decide: (state, now) => decide(state, event, policy, now),
  })
}

/** A context whose output is kept, and nothing of its surroundings. */
function contextIn(home: string): { context: Context; printed: string[] } {
  const printed: string[] = []
  const env = { SPIKECTL_HOME: home, HOME: home }
  const terminal = { ...openTerminal({ color: false }), print: (line: string) => void printed.push(line) }
  return { context: { env, paths: pathsOf(env), terminal }, printed }
}

/** Bytes that this process has read from files since it began. Source: proc(5). */
function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1])
}

describe('of 2,000 known sessions', { skip: !existsSync('/proc/self/io') && 'needs /proc' }, () => {
  for (const [name, run, says] of [
    ['status SESSION', (context) => status(context, 'session-1234', {}), /\nsession-\S* +app +0 /],
    [
      'explain --session',
      (context) => explain(context, undefined, { session: 'session-1234' }),
      /session-1234/,
    ],
    ['status', (context) => status(context, undefined, {}), /\nsession-\S* +app +1 /],
    [
      'metrics',
      (context) => metrics(context),
      /\nspikectl_tool_calls_total 2000\n(.*\n)*spikectl_sessions_active 1\n/,
    ],
    ['complete SESSION', (context) => complete(context, PROGRAM, ['session-1234']), /^words\nsession-1234\t/],
    ['complete without a beginning', (context) => complete(context, PROGRAM, ['']), /^words\nsession-1999\t/],
    ['reset SESSION', (context) => reset(context, ['session-1234'], {}), /^reset session-1234/],
  ] as const satisfies readonly (readonly [string, (context: Context) => unknown, RegExp])[]) {
    test(`${name} reads those that it is about, and not the others`, async (t) => {
      const home = temporaryHome(t)
      writeFileSync(join(home, 'state.db'), FILLED)
      const { context, printed } = contextIn(home)
      const before = bytesRead()
      await run(context)
      const read = bytesRead() - before
      assert.match(printed.join('\n'), says)
      assert.ok(read < FILLED.length / 3, `${read} bytes of ${FILLED.length} were read`)
    })
  }
})
