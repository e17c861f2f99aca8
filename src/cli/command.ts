/** What a command is: a row of the table. */

import type { Context, ExitCode } from '../commands/context.ts'

/** Called with the context, a value for each argument, and the options, `--no-color` among them. */
export type Act = (context: Context, ...given: never[]) => ExitCode | Promise<ExitCode>

export interface CommandRow {
  readonly name: string
  readonly about: string
  readonly args?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, string>>
  readonly load?: () => Promise<Act>
  /** Its own commands. */
  readonly commands?: readonly CommandRow[]
  /** The one of its parent's that runs when none is named. */
  readonly isDefault?: boolean
}
