/** What was stopped goes on: written down, signed and logged, whoever has brought it about. */

import type { How } from '../guard/reset.ts'
import type { Answer } from '../hosts/answer.ts'
import { callerOf, clientOf } from './caller.ts'
import type { Context } from './context.ts'
import { withNotice } from './logged.ts'
import { record } from './record.ts'

const WHAT: Readonly<Record<How, string>> = {
  prompt: 'goes on after a halt: a prompt came from',
  answer: 'goes on beyond a limit: a yes came from',
  session_end: 'its window is dropped although calls are blocked: the end of the session came from',
  mode: 'goes on after a halt: shadow mode was met by an event from',
}

export async function recordResumed(context: Context, how: How, answer: Answer): Promise<Answer> {
  const caller = callerOf(context)
  const client = clientOf(context)
  const line = { event: 'resumed', how, ...caller, ...client, cwd: context.input.cwd }
  const name = client.client_pid === undefined ? 'a client that is not named' : `client ${client.client_pid}`
  const message = `${WHAT[how]} ${name}, ${client.tty ? 'at a' : 'without a known'} terminal`
  const { problem } = await record(context, { line, entry: { event: 'resumed', message, ...caller } })
  return withNotice(answer, problem)
}
