/** A client whose hooks run us. It has words of its own for what happened, and for what we answer. */

import type { HookInput } from './input.ts'
import type { Reply } from './reply.ts'

export interface Host {
  /** True for a text on stdin that this client has written and no other. */
  readonly wrote: (text: string) => boolean
  /** What happened, from the whole text of stdin. Throws a Failure that says what is wrong with it. */
  readonly parse: (text: string) => HookInput
  /** Our answer, which is worded for Claude Code, as this client reads it. */
  readonly reply: (answer: Reply) => Reply
}
