/** Events that did not come from the client. */

import { keyOf } from '../guard/identity.ts'
import { type Answer, NOTHING } from '../hosts/answer.ts'
import { peek } from '../store/look.ts'
import { callerOf, toolOf } from './caller.ts'
import type { Context } from './context.ts'
import { logged } from './logged.ts'

/**
 * Prompts, results, ends of sessions and changes of settings come from the client; from an agent's own shell they reset
 * no trip. Undefined when settings make everything that the client starts look so: it tells nothing then, and who has
 * cloned such a project would have no rounds counted. Those settings are looked for where the session began: the event
 * itself may name a folder that the agent has made for it.
 */
export async function ignoreForged(context: Context): Promise<Answer | undefined> {
  const { host, env, paths, identity, project, input } = context
  const began = peek(paths.stateDb, (seen) => seen.session(keyOf(identity))?.project)
  const { setsAgent } = await host.settings()
  if (setsAgent(began ?? project, env)) return undefined
  const message = `ignored: ${input.name} came from an agent's own shell`
  return logged(NOTHING, paths, { event: 'notice', message, ...callerOf(context), tool: toolOf(context) })
}
