/**
 * The hook, read from top to bottom: one event in on stdin, one answer out.
 *
 * This is the hot path: every tool call waits for it. It loads nothing but this bundle, node:* and SQLite's
 * binary; the audit room comes in only when there is something to sign.
 */

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Config, readConfig, withProject } from './config.ts'
import { describe, failure } from './failure.ts'
import { fingerprint, openHash } from './fingerprint.ts'
import { decide, lacksTenant } from './guard/decide.ts'
import { identify } from './guard/identity.ts'
import { isOff } from './guard/policy.ts'
import { eventNameIn, parseHookInput } from './hosts/claude-code/event.ts'
import { type Reply, replyToFailure, SILENCE, withNotice } from './hosts/claude-code/reply.ts'
import { namedIn } from './named.ts'
import { type Environment, type Paths, pathsOf, projectSettingsPath } from './paths.ts'
import { recordFailure, recordNotice } from './record.ts'
import { answerCall, answerMissingTenant } from './answer.ts'
import { isInteractive, readInput, writeOut } from './stdio.ts'
import { withStateDb } from './store/open.ts'
import type { Update } from './store/state-db.ts'
import { sweep } from './store/sweep.ts'
import { oldNode } from './version.ts'

/** One run of the hook. */
interface Run {
  readonly env: Environment
  readonly paths: Paths
  readonly config: Config
}

/** Answers the event on stdin and ends the process. */
export async function main(): Promise<void> {
  process.umask(0o077)
  const paths = pathsOf(process.env)
  const reply = await replyToStdin({ env: process.env, paths, config: readConfig(paths.config) })
  writeOut(1, reply.stdout)
  writeOut(2, reply.stderr)
  process.exit(reply.exitCode)
}

async function replyToStdin(run: Run): Promise<Reply> {
  let text = ''
  try {
    refuseToRun()
    text = readInput()
    return await replyTo(run, text)
  } catch (error) {
    return failed(run, describe(error), eventNameIn(text))
  }
}

function refuseToRun(): void {
  const old = oldNode(process.versions)
  if (old) throw failure(old, 'This call was not checked')
  if (isInteractive()) throw failure('spikectl-hook waits for an event on stdin', 'For people there is: spikectl --help')
}

async function replyTo(run: Run, text: string): Promise<Reply> {
  const { env, paths, config } = run
  const input = parseHookInput(text)
  if (input.type === 'other') return SILENCE

  const identity = identify({ ...namedIn(env), session: input.session })
  const projectFile = projectSettingsPath(env, input.cwd ?? process.cwd())
  const { policy, ignored } = withProject(config.policy, projectFile)
  if (input.type === 'call' && lacksTenant(identity, policy)) return answerMissingTenant(paths, input, identity)
  if (isOff(policy)) return SILENCE
  if (input.type !== 'call' && !existsSync(paths.stateDb)) return SILENCE

  const event = fingerprint(input, openHash(paths.hashKey))
  const { result, notices } = count(paths, {
    identity,
    event,
    project: dirname(dirname(projectFile)),
    notice: ignored,
    decide: (state, now) => decide(state, event, policy, now),
  })
  const reply = input.type === 'call' ? await answerCall(paths, input, identity, result) : SILENCE
  const told = ignored && result.noticeIsNew ? withNotice(reply, recordNotice(paths, ignored)) : reply

  const trouble = config.problem ? [...notices, describe(config.problem)] : notices
  return trouble.length > 0 && told.exitCode !== 2 ? failed(run, trouble.join('; '), input.name) : told
}

/** A failure of ours: the person is told, and with `onError: "block"` a tool call is refused. */
function failed({ paths, config }: Run, what: string, eventName = 'PreToolUse'): Reply {
  if (isOff(config.policy)) return SILENCE
  recordFailure(paths, what)
  return replyToFailure(what, eventName === 'PreToolUse' && config.policy.onError === 'block')
}

/** Decides the event on its session's state, under the store's lock. */
function count(paths: Paths, update: Update) {
  return withStateDb(paths.stateDb, Date.now, (store) => {
    const updated = store.update(update)
    if (updated.sweepIsDue) sweep(store)
    return updated
  })
}
