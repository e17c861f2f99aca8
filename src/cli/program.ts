/** The command line, made of the table of commands. */

import { Command, CommanderError, Option } from 'commander'
import { pathsOf } from '../system/paths.ts'
import { VERSION } from '../system/version.ts'
import { openTerminal, reportError } from '../terminal/terminal.ts'
import type { Act, CommandRow } from './command.ts'
import { COMMANDS } from './commands.ts'

const EXAMPLES = `
Examples:
  spikectl demo                        see it count, warn and block, in a throw-away folder
  spikectl status                      who is calling how fast
  spikectl config set rate.blockPerMin 300
  spikectl reset 3f2a9c1e              let a blocked session go on
  spikectl audit verify                is the log of what was blocked untouched?`

/** Runs the command that was asked for; its exit code. */
export async function runProgram(): Promise<void> {
  try {
    await program().parseAsync()
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? usageExitCode(error) : reportError(error)
  }
}

/** commander has printed its message already; help and version are no errors. */
function usageExitCode(error: CommanderError): number {
  return error.exitCode === 0 ? 0 : 2
}

function program(): Command {
  const root = new Command('spikectl')
    .description(
      'The circuit breaker for Claude Code: counts tool calls, warns, blocks, and signs what it blocked.',
    )
    .version(VERSION)
    .addOption(new Option('--no-color', 'no colour'))
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text) })
    .exitOverride()
  for (const row of COMMANDS) add(root, row)
  addComplete(root)
  return root
}

function add(parent: Command, row: CommandRow): void {
  const { name, about, args = {}, options = {}, load, commands = [], isDefault = false } = row
  const command = parent.command(name, { isDefault }).description(about)
  for (const [flags, what] of Object.entries(args)) command.argument(flags, what)
  for (const [flags, what] of Object.entries(options)) command.option(flags, what)
  for (const each of commands) add(command, each)
  // commander calls it with the values of the arguments, the options and itself.
  if (load) command.action(async (...given) => run(command, await load(), given.slice(0, -2)))
}

/** What the command returns becomes the exit code. commander does not know the types of values and options. */
async function run(command: Command, act: Act, values: readonly unknown[]): Promise<void> {
  const options = command.optsWithGlobals<{ color?: boolean }>()
  const terminal = openTerminal({ color: options.color })
  const context = { env: process.env, paths: pathsOf(process.env), terminal }
  process.exitCode = await act(context, ...([...values, options] as never[]))
}

/** What the scripts in completions/ call: it reads all the other commands, and takes any word for what it is. */
function addComplete(root: Command): void {
  const command = root.command('complete', { hidden: true })
  command
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async () => {
      const { complete } = await import('../commands/completion/complete.ts')
      return run(command, (context) => complete(context, root, wordsTyped()), [])
    })
}

/** All after the first `--`, just as it was typed: commander would read it, and take another `--` out. */
function wordsTyped(): string[] {
  return process.argv.slice(process.argv.indexOf('--') + 1)
}
