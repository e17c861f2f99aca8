/**
 * What Copilot reads of a hook. Any exit code but 0 denies the call, 1 too, so a failure of ours is 0; and it drops
 * stderr, so the reason stands on stdout. It knows no way to end a turn. Source: Copilot CLI 1.0.102 as observed.
 */

import { membersIn, membersOf } from '../../guard/members.ts'
import type { Reply } from '../reply.ts'

export function copilotReply({ stdout, stderr, exitCode }: Reply): Reply {
  if (exitCode !== 2) return { stdout: contextIn(stdout), stderr, exitCode: 0 }
  const answer = { permissionDecision: 'deny', permissionDecisionReason: stderr.trimEnd() }
  return { stdout: `${JSON.stringify(answer)}\n`, stderr, exitCode }
}

/** Of what we say beside a call that runs, what the model is to read. */
function contextIn(stdout: string): string {
  const { additionalContext } = membersOf(membersIn(stdout).hookSpecificOutput)
  return additionalContext === undefined ? '' : `${JSON.stringify({ additionalContext })}\n`
}
