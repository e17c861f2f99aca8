/** `spikectl reset`: clears the windows of sessions, and signs who did it. */

import { readStore, withStore } from '../store/sqlite-store.ts'
import type { NamedSession } from '../store/store.ts'
import { describe, failure } from '../system/failure.ts'
import { tryLog } from '../system/log.ts'
import type { Context, ExitCode } from './context.ts'
import { refuseAgents, signForPerson, whoIsThere } from './person.ts'
import { fullName, namesLike, pickSession } from './sessions.ts'

export interface ResetOptions {
  readonly all?: boolean
  readonly tenant?: string
}

export async function reset(
  context: Context,
  names: readonly string[],
  options: ResetOptions,
): Promise<ExitCode> {
  refuseAgents(context, 'reset')
  if (names.length > 0 === Boolean(options.all)) {
    throw failure(
      'expected either session ids or --all',
      'Run: spikectl status, then: spikectl reset SESSION',
    )
  }
  const chosen = choose(context, names, options)
  if (chosen.length === 0) {
    context.terminal.print('nothing to reset: no session is known')
    return 0
  }
  const keys = chosen.map(({ key }) => key)
  withStore(context.paths.stateDb, (store) => store.reset(keys))
  await record(context, chosen, options)
  return 0
}

function choose(
  { paths }: Context,
  names: readonly string[],
  { all, tenant }: ResetOptions,
): readonly NamedSession[] {
  if (all) return readStore(paths.stateDb, (seen) => seen.names({ tenant }))
  const known = readStore(paths.stateDb, (seen) => names.map((name) => namesLike(seen, name, tenant)))
  const chosen = names.map((name, index) => pickSession(known[index] ?? [], name))
  return [...new Map(chosen.map((session) => [session.key, session])).values()]
}

/** The reset stands, so what cannot be written down about it is a warning and no failure. */
async function record(
  context: Context,
  chosen: readonly NamedSession[],
  options: ResetOptions,
): Promise<void> {
  const { paths, terminal } = context
  const facts = options.all
    ? [{ all: true, tenant: options.tenant }]
    : chosen.map(({ identity }) => ({ session: identity.id, tenant: identity.tenant }))
  for (const fact of facts) {
    try {
      const { remark } = await signForPerson(context, { event: 'reset', ...fact })
      if (remark) terminal.remark(`warning: ${remark}`)
    } catch (error) {
      terminal.remark(`warning: the reset is not signed: ${describe(error)}`)
    }
  }
  for (const { identity } of chosen) {
    const { id, tenant } = identity
    const { by, tty } = whoIsThere()
    const message = `reset by ${by}, standard input is ${tty ? 'a' : 'no'} terminal`
    const unlogged = tryLog(paths.log, { event: 'reset', message, session: id, tenant })
    if (unlogged) terminal.remark(`warning: ${unlogged}`)
    terminal.print(`reset ${fullName(identity)}: its next call is counted from 0`)
  }
}
