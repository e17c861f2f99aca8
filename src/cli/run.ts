import type { Command } from 'commander'
import type { Context, ExitCode } from '../commands/context.ts'
import { pathsOf } from '../system/paths.ts'
import { openTerminal } from '../terminal/terminal.ts'

/** Runs a command with its context; what it returns becomes the exit code. */
export async function run(command: Command, act: (context: Context) => Promise<ExitCode>): Promise<void> {
  const { color } = command.optsWithGlobals<{ color?: boolean }>()
  process.exitCode = await act({
    env: process.env,
    paths: pathsOf(process.env),
    terminal: openTerminal({ color }),
  })
}
