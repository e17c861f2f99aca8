/** Events of a client that an agent has started count for the outermost session too: its limits hold, and its halt. */

import type { Identity } from '../guard/identity.ts'
import { nestedAgent } from '../guard/nested.ts'
import type { Answer } from '../hosts/answer.ts'
import type { GuardedInput } from '../hosts/input.ts'
import type { Context } from './context.ts'

/** The event as one of an agent of the session `root`. */
export function atRoot(context: Context<GuardedInput>, root: string): Context<GuardedInput> {
  const { input, identity } = context
  const agent = nestedAgent(input.agent, identity.id)
  const outermost: Identity = { ...identity, kind: 'session', id: root }
  // The limits of the project that it works in are the nested session's own.
  const { policy } = context.config
  return {
    ...context,
    policy,
    ignored: undefined,
    identity: outermost,
    input: { ...input, agent },
    isNested: true,
  }
}

/** What is said where both have something to say: what the outermost session does not let pass does not pass. */
export function heavier(root: Answer, own: Answer): Answer {
  const isLighter = root.statement === undefined || (root.statement.about === 'call' && isWarning(root))
  const { statement = root.statement } = isLighter ? own : root
  const failure = own.failure ?? root.failure
  return {
    notices: [...new Set([...own.notices, ...root.notices])],
    ...(statement ? { statement } : {}),
    ...(failure ? { failure } : {}),
  }
}

function isWarning({ statement }: Answer): boolean {
  return statement?.about === 'call' && statement.verdict.kind === 'warn'
}
