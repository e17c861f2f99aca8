/** What was stopped goes on: written down, signed and logged, whoever has brought it about. */

import type { Identity } from '../guard/identity.ts'
import type { How } from '../guard/reset.ts'
import { withNotice } from '../hosts/claude-code/wording.ts'
import type { GuardedInput } from '../hosts/input.ts'
import type { Reply } from '../hosts/reply.ts'
import type { Environment } from '../system/paths.ts'
import { callerOf, clientOf } from './caller.ts'
import { record } from './record.ts'
import type { Destination } from './sign.ts'

const WHAT: Readonly<Record<How, string>> = {
  prompt: 'goes on after a halt: a prompt came from',
  session_end: 'its window is dropped although calls are blocked: the end of the session came from',
  mode: 'goes on after a halt: shadow mode was met by an event from',
}

export async function recordResumed(
  destination: Destination,
  input: GuardedInput,
  identity: Identity,
  how: How,
  { env, reply }: { readonly env: Environment; readonly reply: Reply },
): Promise<Reply> {
  const caller = callerOf(input, identity)
  const client = clientOf(env)
  const line = { event: 'resumed', how, ...caller, ...client, cwd: input.cwd }
  const name = client.client_pid === undefined ? 'a client that is not named' : `client ${client.client_pid}`
  const message = `${WHAT[how]} ${name}, ${client.tty ? 'at a' : 'without a known'} terminal`
  const { problem } = await record(destination, { line, entry: { event: 'resumed', message, ...caller } })
  return problem ? withNotice(reply, problem) : reply
}
