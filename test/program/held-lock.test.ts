/** state.db cannot be used, by a lock that somebody holds or by what stands in its way: a halt stands all the same. */

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { verifyLog } from '../../src/audit/verify.ts'
import { openSqlite } from '../../src/system/sqlite.ts'
import { client, HAS_PROC } from '../support/halted.ts'
import { makePipe } from '../support/places.ts'
import { event, runCli, runHook, temporaryHome } from '../support/processes.ts'

/** Each run waits for the lock as long as it may. Only what hangs takes longer than this. */
const HANGS = { timeout: 300_000 }

const NEEDS_PROC = { skip: HAS_PROC ? false : 'no /proc' }

/** A call is blocked at once, and one round with a blocked call is enough. */
const HALTING = { tools: { Bash: { blockPerMin: 1 } }, halt: { afterDeniedRounds: 1 } }

/** A home in which the agent of `members` was halted: the main one, and the session with it, if none is named. */
async function haltedHome(t: TestContext, members: object = {}): Promise<string> {
  const home = temporaryHome(t, HALTING)
  const made = { tool_name: 'Bash', tool_input: { command: 'ls' }, tool_use_id: 't1' }
  assert.equal((await runHook({ home, input: event({ ...made, ...members }) })).exitCode, 2)
  const batch = { hook_event_name: 'PostToolBatch', tool_calls: [made] }
  const { stdout } = await runHook({ home, input: event({ ...batch, ...members }) })
  assert.equal(JSON.parse(stdout).continue, false)
  return home
}

/** Takes a lock of state.db and holds it until the test is over, or the returned function is called. */
function hold(t: TestContext, home: string, begin: string): () => void {
  const holder = openSqlite(join(home, 'state.db'))
  holder.exec(begin)
  let isOpen = true
  const release = () => {
    if (isOpen) holder.close()
    isOpen = false
  }
  t.after(release)
  return release
}

const HINDRANCES: readonly [string, (t: TestContext, home: string) => () => void][] = [
  ['a write lock is held', (t, home) => hold(t, home, 'BEGIN IMMEDIATE')],
  ['an exclusive lock is held', (t, home) => hold(t, home, 'BEGIN EXCLUSIVE')],
  [
    'a named pipe stands in place of its journal',
    (_, home) => {
      makePipe(join(home, 'state.db-journal'))
      return () => rmSync(join(home, 'state.db-journal'))
    },
  ],
]

const MACHINE = { hook_event_name: 'UserPromptSubmit', prompt: '<task-notification>\n…' }
const PERSON = { hook_event_name: 'UserPromptSubmit', prompt: 'go on' }
const ROUND = { hook_event_name: 'PostToolBatch', tool_calls: [{ tool_name: 'Read', tool_use_id: 't9' }] }
const READ = { tool_name: 'Read', tool_input: { file_path: '/a' } }

for (const [name, hinder] of HINDRANCES) {
  describe(`where ${name} on state.db`, HANGS, () => {
    test('a halted session stays halted, for its calls, rounds and notifications, until it is reset', async (t) => {
      const home = await haltedHome(t)
      const release = hinder(t, home)
      const ask = (members: object) => runHook({ home, input: event(members) })
      const [call, sibling, round, machine, person, other] = await Promise.all(
        [READ, { ...READ, agent_id: 'a1' }, ROUND, MACHINE, PERSON, { ...READ, session_id: 'other' }].map(
          ask,
        ),
      )
      for (const blocked of [call, sibling]) {
        assert.equal(blocked?.exitCode, 2, blocked?.stderr)
        assert.match(blocked?.stderr ?? '', /^halted: .+\n.+\n\[audit .+\]\n$/)
        assert.equal(JSON.parse(blocked?.stdout ?? '').continue, false)
      }
      assert.deepEqual([round?.exitCode, JSON.parse(round?.stdout ?? '').continue], [0, false])
      assert.deepEqual([machine?.exitCode, machine?.stderr.startsWith('halted: ')], [2, true])
      // What cannot be counted fails as ever: nobody says that these are halted.
      assert.deepEqual([person?.exitCode, other?.exitCode], [1, 1])
      assert.equal(verifyLog({ folder: join(home, 'audit') }).problem, undefined)

      release()
      assert.equal((await ask(READ)).exitCode, 2)
      assert.equal((await runCli(['reset', 's1'], { home })).exitCode, 0)
      assert.equal((await ask(READ)).exitCode, 0)
    })

    test(
      'a client that an agent of a halted session has started stays halted with it',
      NEEDS_PROC,
      async (t) => {
        const home = await haltedHome(t)
        const nested = client(t, { AI_AGENT: 'claude-code_2-1-330_agent', CLAUDE_CODE_SESSION_ID: 's1' })
        const person = client(t, { TERM: 'xterm' })
        const known = { ...READ, session_id: 'n1' }
        assert.equal((await runHook({ home, env: nested, input: event(known) })).exitCode, 2)
        hinder(t, home)
        const told = [
          { env: nested, members: known },
          { env: {}, members: known },
          { env: nested, members: { ...READ, session_id: 'n2' } },
          { env: nested, members: { ...PERSON, session_id: 'n3' } },
          { env: person, members: known },
          { env: person, members: { ...READ, session_id: 'n2' } },
        ]
        const answers = await Promise.all(
          told.map(({ env, members }) => runHook({ home, env, input: event(members) })),
        )
        assert.deepEqual(
          answers.map(({ exitCode }) => exitCode),
          [2, 2, 2, 2, 1, 1],
        )
        for (const { stderr } of answers.slice(0, 4)) assert.match(stderr, /^halted: .* spikectl reset s1\n/)
        assert.equal(verifyLog({ folder: join(home, 'audit') }).problem, undefined)
      },
    )

    test('an agent that was halted alone stays halted, and its siblings are not', async (t) => {
      const home = await haltedHome(t, { agent_id: 'a1' })
      hinder(t, home)
      const [halted, sibling] = await Promise.all(
        ['a1', 'a2'].map((agent) => runHook({ home, input: event({ ...READ, agent_id: agent }) })),
      )
      assert.deepEqual([halted?.exitCode, sibling?.exitCode], [2, 1])
      assert.match(halted?.stderr ?? '', /^halted: /)
    })
  })
}

describe('a halt that shadow mode has made void', HANGS, () => {
  test('is void under a held lock too', async (t) => {
    const home = await haltedHome(t)
    await runCli(['config', 'set', 'mode', 'shadow'], { home })
    hold(t, home, 'BEGIN EXCLUSIVE')
    assert.equal((await runHook({ home, input: event(READ) })).exitCode, 1)
  })
})

test(
  'a named pipe in place of the journal of audit.db lets nothing of a halted session run',
  HANGS,
  async (t) => {
    const home = await haltedHome(t)
    makePipe(join(home, 'audit.db-journal'))
    const { exitCode, stderr } = await runHook({ home, input: event(READ) })
    assert.equal(exitCode, 2)
    assert.match(stderr, /^halted: .+\n.+\n\[audit not signed: see spikectl log\]\n$/)
  },
)
