import type { Environment, Paths } from '../system/paths.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What every command is given: where things are, and where to write. */
export interface Context {
  readonly env: Environment
  readonly paths: Paths
  readonly terminal: Terminal
}

/** 0 done, 1 the answer is no, 2 wrong usage or it could not run, 3 nothing vouches for the end of the log. */
export type ExitCode = 0 | 1 | 2 | 3
