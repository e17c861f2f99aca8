import { type Answer, NOTHING } from '../answer.ts'
import type { Host } from '../host.ts'
import { type Reply, SILENCE } from '../reply.ts'
import { isNamedAgent } from './agent-shell.ts'
import { clientOf, starterOf } from './client.ts'
import { badInput, mayBeCall, parseHookInput } from './event.ts'

/** What no other client has written is taken for Claude Code's. */
export const CLAUDE_CODE: Host = {
  wrote: () => true,
  parse: parseHookInput,
  mayBeCall,
  badInput,
  reply,
  prepare: words,
  client: clientOf,
  starter: starterOf,
  isAttended: (env) => env.CLAUDE_CODE_SESSION_ATTENDED === '1',
  isRunByAgent: isNamedAgent,
  usage: async () => (await import('./usage.ts')).USAGE,
  settings: () => import('./settings/session.ts'),
}

async function reply(answer: Answer): Promise<Reply> {
  return answer === NOTHING ? SILENCE : (await words()).worded(answer)
}

function words() {
  return import('./wording.ts')
}
