/** What Claude Code hands to the command of its status line: who is shown, and where they work. Pure. */

import { membersOf } from '../../guard/members.ts'
import { failure } from '../../system/failure.ts'
import { idOf, parsePayload, textOf } from './payload.ts'

export interface StatusLineInput {
  readonly session: string | undefined
  /** The folder whose settings are in force; undefined when it is not said. */
  readonly project: string | undefined
}

const EXAMPLE = '{"session_id":"s1","workspace":{"project_dir":"/home/dev/app"}}'

/** Translates the whole text of stdin. Throws a Failure that says what is wrong with it. */
export function parseStatusLineInput(text: string): StatusLineInput {
  const payload = parsePayload(text, badStatusInput)
  const workspace = membersOf(payload.workspace)
  return {
    session: idOf(payload, 'session_id', badStatusInput),
    project: textOf(workspace.project_dir) ?? textOf(payload.cwd),
  }
}

/** A Failure about the text on stdin: `what` completes "stdin …". */
export function badStatusInput(what: string): Error {
  return failure(`stdin ${what}`, `Expected what Claude Code gives its status line, for example ${EXAMPLE}`)
}
