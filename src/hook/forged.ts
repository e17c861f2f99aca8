/** Events that did not come from the client. */

import { type Identity, keyOf } from '../guard/identity.ts'
import { settingsTexts } from '../hosts/claude-code/settings/files.ts'
import { envIn } from '../hosts/claude-code/settings/silencing.ts'
import { type Reply, SILENCE } from '../hosts/reply.ts'
import { peek } from '../store/look.ts'
import type { Environment, Paths } from '../system/paths.ts'
import { callerOf, type HeardInput, toolOf } from './caller.ts'
import { logged } from './logged.ts'

/**
 * Prompts, results, ends of sessions and changes of settings come from the client; from an agent's own shell they reset
 * no trip. Undefined when settings set AI_AGENT for everything that the client starts: it tells nothing then, and who
 * has cloned such a project would have no rounds counted. Those settings are looked for where the session began: the
 * event itself may name a folder that the agent has made for it.
 */
export function ignoreForged(
  { paths, env }: { readonly paths: Paths; readonly env: Environment },
  input: HeardInput,
  { identity, project }: { readonly identity: Identity; readonly project: string },
): Reply | undefined {
  const began = peek(paths.stateDb, (seen) => seen.session(keyOf(identity))?.project)
  if (settingsTexts(began ?? project, env, {}).some(({ text }) => envIn(text).AI_AGENT === env.AI_AGENT))
    return undefined
  const message = `ignored: ${input.name} came from an agent's own shell`
  const entry = { event: 'notice', message, ...callerOf(input, identity), tool: toolOf(input) } as const
  return logged(SILENCE, paths, entry)
}
