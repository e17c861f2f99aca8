/**
 * The command line. cli/ has the names and options; each command's file is loaded only when it runs. What stands in <>
 * and [] names a value: commands/completion/values.ts says what may stand in its place.
 */

import { Command, CommanderError, Option } from 'commander'
import { addAuditCommands } from './cli/audit.ts'
import { addCompletionCommands } from './cli/completion.ts'
import { addConfigCommands } from './cli/config.ts'
import { addDoctor, addInstallCommands } from './cli/installing.ts'
import { addSessionCommands } from './cli/sessions.ts'
import { describe } from './failure.ts'
import { reportError } from './terminal/terminal.ts'
import { oldNode, VERSION } from './version.ts'

const EXAMPLES = `
Examples:
  spikectl demo                        see it count, warn and block, in a throw-away folder
  spikectl status                      who is calling how fast
  spikectl config set rate.blockPerMin 300
  spikectl reset 3f2a9c1e              let a blocked session go on
  spikectl audit verify                is the log of what was blocked untouched?`

/** Runs the command line in `process.argv`; sets the exit code. */
export async function main(): Promise<void> {
  const old = oldNode(process.versions)
  if (old) {
    process.stderr.write(`error: ${describe(old)}\n`)
    process.exitCode = 2
    return
  }
  process.umask(0o077)
  process.stdout.on('error', ignoreClosedPipe)
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

/** `spikectl status | head -1` is no failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
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
  addAuditCommands(root.command('audit').description('the signed log of what was refused'))
  addCompletionCommands(root)
  return root
}
