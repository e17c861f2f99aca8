/**
 * The hook, read from top to bottom: one event in on stdin, one answer out.
 *
 * This is the hot path: every tool call waits for it. A call that is allowed loads nothing but this bundle,
 * node:* and SQLite's binary. What is worth more words comes in with `import()` when there is something to say.
 */

import { existsSync } from 'node:fs'
import { decide } from './guard/decide.ts'
import { type Identity, identify } from './guard/identity.ts'
import { isOff, lacksTenant, type Policy } from './guard/policy.ts'
import { asCounted } from './guard/shadow.ts'
import { stateWaits } from './hook/deadlines.ts'
import type { Destination } from './hook/sign.ts'
import { isNamedAgent } from './hosts/claude-code/agent-shell.ts'
import { CLAUDE_CODE } from './hosts/claude-code/claude-code.ts'
import { isStartedByAgent } from './hosts/claude-code/client.ts'
import { badInput, eventNameIn } from './hosts/claude-code/event.ts'
import { fingerprint } from './hosts/fingerprint.ts'
import type { GuardedInput, HookInput, SettingsChangeInput } from './hosts/input.ts'
import { hostOf } from './hosts/known.ts'
import { type Reply, SILENCE } from './hosts/reply.ts'
import { type Config, readConfig, remembered, withProject } from './settings/load.ts'
import { withEventStore } from './store/open.ts'
import { mayBegin } from './store/rows.ts'
import type { EventStore, PolicyChange, Update, Updated } from './store/store.ts'
import { namedIn } from './system/environment.ts'
import { describe, failure } from './system/failure.ts'
import { openHash } from './system/keyed-hash.ts'
import { type Environment, type Paths, pathsOf, projectSettingsPath } from './system/paths.ts'
import { isInteractive, readInput, writeOut } from './system/stdio.ts'
import { oldNode } from './system/version.ts'

/** One run of the hook. */
interface Run {
  readonly env: Environment
  readonly paths: Paths
  readonly config: Config
}

/** By whom an event is, and the rules that hold for it. */
interface Case {
  readonly identity: Identity
  readonly policy: Policy
  readonly project: string
  /** Why the project's own settings are ignored, if they are. */
  readonly ignored: string | undefined
  readonly destination: Destination
}

/** Answers the event on stdin and ends the process; or is the process in which another one writes down what it has blocked. */
export async function main(): Promise<void> {
  process.umask(0o077)
  if (process.argv[2] === 'record') return (await import('./hook/recorder.ts')).main()
  const paths = pathsOf(process.env)
  const reply = await replyToStdin({ env: process.env, paths, config: await readConfig(paths.config) })
  writeOut(1, reply.stdout)
  writeOut(2, reply.stderr)
  process.exit(reply.exitCode)
}

async function replyToStdin(run: Run): Promise<Reply> {
  let text = ''
  let host = CLAUDE_CODE
  try {
    refuseTerminal()
    const input = readInput()
    text = input.text
    host = await hostOf(text)
    const old = oldNode(process.versions)
    if (old) throw old
    if (input.problem) throw badInput(input.problem)
    return host.reply(await replyTo(run, host.parse(text)))
  } catch (error) {
    return host.reply(await failed(run, run.config.policy, describe(error), eventNameIn(text)))
  }
}

function refuseTerminal(): void {
  if (isInteractive()) {
    throw failure('spikectl-hook waits for an event on stdin', 'For people there is: spikectl --help')
  }
}

async function replyTo(run: Run, input: HookInput): Promise<Reply> {
  if (input.type === 'other') return SILENCE

  const about = await caseOf(run, input)
  if (input.type === 'call' && lacksTenant(about.identity, about.policy) && about.policy.mode === 'enforce') {
    const { answerMissingTenant } = await import('./hook/answer.ts')
    return answerMissingTenant(about.destination, input, about.identity)
  }
  if (isOff(about.policy)) return switchedOff(run, input, about)
  if (input.type !== 'call' && isNamedAgent(run.env)) {
    const { ignoreForged } = await import('./hook/forged.ts')
    const ignored = ignoreForged(run, input, about)
    if (ignored) return ignored
  }
  if (input.type === 'settings_change') {
    const { answerSettingsChange } = await import('./hook/settings-change.ts')
    return answerSettingsChange(run.env, input, about)
  }
  if (!mayBegin(input) && !existsSync(run.paths.stateDb)) return SILENCE
  try {
    return await count(run, input, about)
  } catch (error) {
    const { answerUncounted } = await import('./hook/uncounted.ts')
    return answerUncounted(input, about, describe(error))
  }
}

async function caseOf({ env, paths, config }: Run, input: GuardedInput | SettingsChangeInput): Promise<Case> {
  const identity = identify({ ...namedIn(env), session: input.session })
  const project = env.CLAUDE_PROJECT_DIR || input.cwd || process.cwd()
  const { policy, ignored } = await withProject(config.policy, projectSettingsPath(project))
  const destination = { paths, segmentBytes: policy.audit.segmentBytes }
  return { identity, policy, project, ignored, destination }
}

/** Decides the event on its session's state, under the store's lock, and answers it. */
async function count(run: Run, input: GuardedInput, about: Case): Promise<Reply> {
  const { paths, config } = run
  const update = updateFor(run, input, about)
  const use = (store: EventStore) => store.update(update)
  const { result, notices } = await withEventStore(paths.stateDb, use, stateWaits())
  const isBlocked = result.verdict.kind === 'block' || result.verdict.kind === 'halt'
  // Between a block and its answer nothing may wait for state.db: the next event sweeps, and tells of looser settings.
  const unswept = result.sweepIsDue && !isBlocked ? await sweep(paths.stateDb) : undefined
  const before = isBlocked ? undefined : result.policyBefore
  const change = before === undefined ? undefined : { before, after: update.policy }
  const reply = await answer(run, input, about, result, change)
  const broken = config.problem && `the built-in limits are in force, because ${describe(config.problem)}`
  const trouble = [...notices, result.dropped, unswept, broken].filter(Boolean)
  return trouble.length > 0 ? failed(run, about.policy, trouble.join('; '), input.name, reply) : reply
}

/** What the store is asked. */
function updateFor({ env, paths, config }: Run, input: GuardedInput, about: Case): Update {
  const { identity, policy, project, ignored } = about
  const event = fingerprint(input, openHash(paths.hashKey))
  return {
    identity,
    event,
    project,
    policy: remembered(paths.config, config.policy, policy),
    notice: ignored,
    decide: (state, now, isNew) => {
      const known = isNew || event.type === 'prompt' ? { ...event, ...starterOf(env) } : event
      return asCounted(policy, decide(state, known, policy, now))
    },
  }
}

/** The answer to an event that was counted. What it takes to say something is loaded only when there is something. */
async function answer(
  { env }: Run,
  input: GuardedInput,
  { identity, ignored, destination }: Case,
  result: Updated,
  change: PolicyChange | undefined,
): Promise<Reply> {
  let reply = SILENCE
  if (result.verdict.kind !== 'allow' || result.noticeIsNew || result.unasked.length > 0) {
    const { answerEvent } = await import('./hook/answer.ts')
    reply = await answerEvent(destination, input, identity, result, ignored)
  }
  if (result.resumed) {
    const { recordResumed } = await import('./hook/resumed.ts')
    reply = await recordResumed(destination, input, identity, result.resumed, { env, reply })
  }
  if (change) {
    const { recordLoosening } = await import('./hook/loosened.ts')
    reply = await recordLoosening(destination, { input, identity, env }, change, reply)
  }
  return reply
}

async function sweep(file: string): Promise<string | undefined> {
  const store = await import('./store/sqlite-store.ts')
  return store.sweep(file)
}

/** Nothing is counted; but that rules which were in force are so no longer is told of. */
async function switchedOff(
  { env, paths, config }: Run,
  input: GuardedInput | SettingsChangeInput,
  { identity, policy, destination }: Case,
): Promise<Reply> {
  if (!existsSync(paths.stateDb)) return SILENCE
  const { recordSwitchedOff } = await import('./hook/loosened.ts')
  const after = remembered(paths.config, config.policy, policy)
  return recordSwitchedOff(destination, { input, identity, env }, after)
}

/** Who has started the client, which is asked at prompts and at the first event of a session. */
function starterOf(env: Environment): { startedByAgent?: boolean } {
  const startedByAgent = isStartedByAgent(env)
  return startedByAgent === undefined ? {} : { startedByAgent }
}

async function failed(
  { paths }: Run,
  policy: Policy,
  what: string,
  eventName: string | undefined,
  reply = SILENCE,
): Promise<Reply> {
  const { answerFailure } = await import('./hook/failed.ts')
  return answerFailure(paths, policy, what, eventName, reply)
}
