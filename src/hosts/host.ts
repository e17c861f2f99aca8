/** A client whose hooks run us. It has words of its own for what happened, and for what we answer. */

import type { Environment, Paths } from '../system/paths.ts'
import type { Answer } from './answer.ts'
import type { HookInput } from './input.ts'
import type { Reply } from './reply.ts'
import type { Usage } from './usage.ts'

export interface Host {
  /** True for a text on stdin that this client has written and no other. */
  readonly wrote: (text: string) => boolean
  /** What happened, from the whole text of stdin. Throws a Failure that says what is wrong with it. */
  readonly parse: (text: string) => HookInput
  /**
   * True unless the text, which may be malformed or cut off, tells of something else than a call: `onError: "block"`
   * holds for calls only, so a failure has to know what it failed at.
   */
  readonly mayBeCall: (text: string) => boolean
  /** A Failure about the text on stdin: `what` completes "the hook input on stdin …". */
  readonly badInput: (what: string) => Error
  /** Our answer, as this client reads it. Its words are loaded only when there is something to say. */
  readonly reply: (answer: Answer) => Promise<Reply>
  /** Loads those words, so that an answer that has to wait for something needs nothing more from the disk. */
  readonly prepare: () => Promise<unknown>
  /** The client that runs the hook in this environment. */
  readonly client: (env: Environment) => Client
  /** Who has started that client; undefined when that cannot be known. */
  readonly starter: (env: Environment) => Starter | undefined
  /** True where a person can answer what that client asks. */
  readonly isAttended: (env: Environment) => boolean
  /** True where no client has run the hook, but an agent in a shell of its own. */
  readonly isRunByAgent: (env: Environment) => boolean
  /** What it writes down of what its messages have used up; loaded only then. Absent where it writes down nothing. */
  readonly usage?: () => Promise<Usage>
  /** What can be asked of the client's settings; loaded only then. */
  readonly settings: () => Promise<HostSettings>
}

export interface Starter {
  /** It was an agent, from its shell, and no person. */
  readonly isAgent: boolean
  /** The session of that agent, if it is named. */
  readonly session: string | undefined
}

export interface Client {
  /** Its process id; undefined where the environment names none. */
  readonly pid: number | undefined
  /** True when its standard input is known to be a terminal. */
  readonly isAtTerminal: boolean
}

/** Of the files that a session in `project` reads. Throws what keeps them from being looked at. */
export interface HostSettings {
  /** What in them keeps our hooks from running as they should: the first that there is. */
  readonly silencingIn: (project: string, env: Environment, paths: Paths) => Silencing | undefined
  /** True when they set for all that the client starts what `isRunByAgent` looks at: it tells nothing then. */
  readonly setsAgent: (project: string, env: Environment) => boolean
}

/** `problem` completes "FILE …". */
export interface Silencing {
  readonly file: string
  readonly problem: string
  /** `install` puts it in order; else only an edit by hand does. */
  readonly isInstallable?: true
}
