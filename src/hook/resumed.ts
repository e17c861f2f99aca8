/** What was stopped goes on: written down, signed and logged, whoever has brought it about. */

import type { Identity } from '../guard/identity.ts'
import type { How } from '../guard/reset.ts'
import { clientPid, isClientAtTerminal } from '../hosts/claude-code/client.ts'
import { withNotice } from '../hosts/claude-code/wording.ts'
import type { GuardedInput } from '../hosts/input.ts'
import type { Reply } from '../hosts/reply.ts'
import type { Environment } from '../system/paths.ts'
import { partiesOf } from './answer.ts'
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
  const pid = clientPid(env)
  const tty = isClientAtTerminal(env)
  const { tool: _, ...parties } = partiesOf(input, identity)
  const line = {
    event: 'resumed',
    how,
    ...parties,
    tty,
    ...(pid === undefined ? {} : { client_pid: pid }),
    ...(input.cwd ? { cwd: input.cwd } : {}),
  }
  const client = pid === undefined ? 'a client that is not named' : `client ${pid}`
  const message = `${WHAT[how]} ${client}, ${tty ? 'at a' : 'without a known'} terminal`
  const { problem } = await record(destination, { line, entry: { event: 'resumed', message, ...parties } })
  return problem ? withNotice(reply, problem) : reply
}
