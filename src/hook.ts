/**
 * The hook, read from top to bottom: one event in on stdin, one answer out.
 *
 * This is the hot path: every tool call waits for it. A call that is allowed loads nothing but this bundle,
 * node:* and SQLite's binary. What is worth more words comes in with `import()` when there is something to say.
 */

import { existsSync } from 'node:fs'
import { decide } from './guard/decide.ts'
import type { GuardEvent } from './guard/event.ts'
import { isOff, lacksTenant } from './guard/policy.ts'
import { asCounted } from './guard/shadow.ts'
import { type Context, contextOf, type Run } from './hook/context.ts'
import { stateWaits } from './hook/deadlines.ts'
import { heard } from './hook/heard.ts'
import { parentIn, starterFor } from './hook/starter.ts'
import { type Answer, NOTHING } from './hosts/answer.ts'
import type { Host } from './hosts/host.ts'
import { type GuardedInput, type HookInput, isBoundary } from './hosts/input.ts'
import { hostOf, USUAL } from './hosts/known.ts'
import type { Reply } from './hosts/reply.ts'
import { readConfig, remembered } from './settings/load.ts'
import type { Ledger } from './store/ledger.ts'
import { withEventStore } from './store/open.ts'
import { mayBegin } from './store/rows.ts'
import type { EventStore, Update, Updated } from './store/store.ts'
import { describe, failure } from './system/failure.ts'
import { pathsOf } from './system/paths.ts'
import { isInteractive, readInput, writeOut } from './system/stdio.ts'
import { oldNode } from './system/version.ts'

/** Answers the event on stdin and ends the process; or is the process in which another one writes down what it has blocked. */
export async function main(): Promise<void> {
  process.umask(0o077)
  if (process.argv[2] === 'record') return (await import('./hook/recorder.ts')).main()
  const paths = pathsOf(process.env)
  const reply = await replyToStdin({ env: process.env, paths, config: await readConfig(paths.config) })
  const unsaid = [writeOut(1, reply.stdout), writeOut(2, reply.stderr)].find(Boolean)
  try {
    if (unsaid) (await import('./hook/failed.ts')).recordUnsaid(paths, unsaid)
  } finally {
    process.exit(reply.exitCode)
  }
}

async function replyToStdin(run: Run): Promise<Reply> {
  let text = ''
  let host = USUAL
  try {
    refuseTerminal()
    const input = readInput()
    text = input.text
    host = await hostOf(text)
    const old = oldNode(process.versions)
    if (old) throw old
    if (input.problem) throw host.badInput(input.problem)
    return await host.reply(await answerTo(run, host, host.parse(text)))
  } catch (error) {
    const policed = { ...run, host, policy: run.config.policy }
    return host.reply(await failed(policed, describe(error), host.mayBeCall(text)))
  }
}

function refuseTerminal(): void {
  if (isInteractive()) {
    throw failure('spikectl-hook waits for an event on stdin', 'For people there is: spikectl --help')
  }
}

async function answerTo(run: Run, host: Host, input: HookInput): Promise<Answer> {
  if (input.type === 'other') return NOTHING

  const context = await contextOf(run, host, input)
  const { env, paths, identity, policy } = context
  if (input.type === 'call' && lacksTenant(identity, policy) && policy.mode === 'enforce') {
    const { answerMissingTenant } = await import('./hook/answer.ts')
    return answerMissingTenant(context)
  }
  if (isOff(policy)) return switchedOff(context)
  if (input.type !== 'call' && host.isRunByAgent(env)) {
    const { ignoreForged } = await import('./hook/forged.ts')
    const ignored = await ignoreForged(context)
    if (ignored) return ignored
  }
  if (input.type === 'settings_change') {
    const { answerSettingsChange } = await import('./hook/settings-change.ts')
    return answerSettingsChange(context)
  }
  if (!mayBegin(input) && !namesTranscript(input) && !existsSync(paths.stateDb)) return NOTHING
  const guarded = { ...context, input }
  try {
    return await count(guarded)
  } catch (error) {
    const { answerUncounted } = await import('./hook/uncounted.ts')
    return answerUncounted(guarded, describe(error))
  }
}

/** What was used up before the first event counts too. */
function namesTranscript(input: GuardedInput): boolean {
  return isBoundary(input) && input.transcript !== undefined
}

/** Decides the event on its session's state, under the store's lock, and answers it. */
async function count(context: Context<GuardedInput>): Promise<Answer> {
  const { paths, config, input } = context
  const update = { ...updateFor(context, await heard(context)), ledger: await openLedger(context) }
  const use = (store: EventStore) => store.update(update)
  const { result, notices } = await withEventStore(paths.stateDb, use, stateWaits())
  const isBlocked = result.verdict.kind === 'block' || result.verdict.kind === 'halt'
  // Between a block and its answer nothing may wait for state.db: the next event sweeps, and tells of looser settings.
  const unswept = result.sweepIsDue && !isBlocked ? await sweep(paths.stateDb) : undefined
  const counted = await answer(context, result)
  const before = isBlocked || context.isNested ? undefined : result.policyBefore
  const told = before === undefined ? counted : await loosened(context, before, update.policy, counted)
  const broken =
    !context.isNested &&
    config.problem &&
    `the built-in limits are in force, because ${describe(config.problem)}`
  const trouble = [...notices, result.dropped, unswept, broken].filter(Boolean)
  const own =
    trouble.length > 0 ? await failed(context, trouble.join('; '), input.type === 'call', told) : told
  const { root } = result
  return root === undefined || isBlocked || context.isNested ? own : countAtRoot(context, root, own)
}

/** The session's client was started from another one's shell, whose limits hold too. */
async function countAtRoot(context: Context<GuardedInput>, root: string, own: Answer): Promise<Answer> {
  const { atRoot, heavier } = await import('./hook/nested.ts')
  return heavier(await count(atRoot(context, root)), own)
}

/** What the store is asked. */
function updateFor(context: Context<GuardedInput>, event: GuardEvent): Update {
  const { paths, config, identity, policy, project, ignored, isNested } = context
  const starter = starterFor(context)
  return {
    identity,
    event,
    project,
    policy: isNested ? '' : remembered(paths.config, config.policy, policy),
    notice: ignored,
    isNested,
    parent: (isNew) => parentIn(starter(isNew)),
    decide: (state, now, isNew, used) => {
      const startedByAgent = starter(isNew)?.isAgent
      const known = startedByAgent === undefined ? event : { ...event, startedByAgent }
      return asCounted(policy, decide(state, { ...known, ...used }, policy, now))
    },
  }
}

/** What counts what is used up, where the event is one at which that is looked at. */
async function openLedger({ input, ...context }: Context<GuardedInput>): Promise<Ledger | undefined> {
  if (!isBoundary(input)) return undefined
  const { ledgerFor } = await import('./hook/spent.ts')
  return ledgerFor({ ...context, input })
}

/** The answer to an event that was counted. What it takes to say something is loaded only when there is something. */
async function answer(context: Context<GuardedInput>, result: Updated): Promise<Answer> {
  let answer = NOTHING
  if (hasWords(result)) {
    const { answerEvent } = await import('./hook/answer.ts')
    answer = await answerEvent(context, result)
  }
  if (result.resumed) {
    const { recordResumed } = await import('./hook/resumed.ts')
    answer = await recordResumed(context, result.resumed, answer)
  }
  return answer
}

function hasWords({ verdict, noticeIsNew, unasked, complaints }: Updated): boolean {
  return verdict.kind !== 'allow' || noticeIsNew || unasked.length > 0 || complaints.length > 0
}

async function sweep(file: string): Promise<string | undefined> {
  const store = await import('./store/sqlite-store.ts')
  return store.sweep(file)
}

async function loosened(context: Context, before: string, after: string, answer: Answer): Promise<Answer> {
  const { recordLoosening } = await import('./hook/loosened.ts')
  return recordLoosening(context, { before, after }, answer)
}

/** Nothing is counted; but that rules which were in force are so no longer is told of. */
async function switchedOff(context: Context): Promise<Answer> {
  if (!existsSync(context.paths.stateDb)) return NOTHING
  const { recordSwitchedOff } = await import('./hook/loosened.ts')
  return recordSwitchedOff(context)
}

async function failed(
  context: Pick<Context, 'host' | 'paths' | 'policy'>,
  what: string,
  isCall: boolean,
  answer = NOTHING,
): Promise<Answer> {
  const { answerFailure } = await import('./hook/failed.ts')
  return answerFailure(context, what, isCall, answer)
}
