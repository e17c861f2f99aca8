/** All commands by their names, with their options. */

import { Command, CommanderError, Option } from 'commander'
import { VERSION } from '../system/version.ts'
import { reportError } from '../terminal/terminal.ts'
import { addAuditCommands } from './audit.ts'
import { addCompletionCommands } from './completion.ts'
import { addConfigCommands } from './config.ts'
import { addDoctor, addInstallCommands } from './installing.ts'
import { addSessionCommands } from './sessions.ts'

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
  addInstallCommands(root)
  addDoctor(root)
  addSessionCommands(root)
  addConfigCommands(root.command('config').description('show and change settings'))
  addAuditCommands(root.command('audit').description('the signed log of what was blocked'))
  addCompletionCommands(root)
  return root
}
