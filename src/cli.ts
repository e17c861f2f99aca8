/**
 * The command line: names and options. Each command's file is loaded only when it runs. What stands in <> and [] names
 * a value: commands/completion/values.ts says what may stand in its place.
 */

import { Command, CommanderError, Option } from 'commander'
import type { Context, ExitCode } from './commands/context.ts'
import { describe } from './failure.ts'
import { pathsOf } from './paths.ts'
import { openTerminal, reportError } from './terminal/terminal.ts'
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

/** Runs a command with its context; what it returns becomes the exit code. */
async function run(command: Command, act: (context: Context) => Promise<ExitCode>): Promise<void> {
  const { color } = command.optsWithGlobals<{ color?: boolean }>()
  process.exitCode = await act({
    env: process.env,
    paths: pathsOf(process.env),
    terminal: openTerminal({ color }),
  })
}

function addInstallCommands(root: Command): void {
  const commands = () => import('./commands/install.ts')
  root
    .command('install')
    .description("put the hooks into Claude Code's settings")
    .option('--scope <scope>', 'user, project or local', 'user')
    .option('--fail-closed', 'a call whose hook cannot run is refused')
    .option('--dry-run', 'print the settings and change nothing')
    .action((options, command) =>
      run(command, async (context) => (await commands()).install(context, options)),
    )
  root
    .command('uninstall')
    .description('take them out again')
    .option('--scope <scope>', 'user, project or local', 'user')
    .action((options, command) =>
      run(command, async (context) => (await commands()).uninstall(context, options)),
    )
}

function addDoctor(root: Command): void {
  root
    .command('doctor')
    .description('is this machine guarded? checks everything, up to a real block')
    .option('--json', 'one JSON document')
    .action((options, command) =>
      run(command, async (context) => (await import('./commands/doctor.ts')).doctor(context, options)),
    )
}

function addSessionCommands(root: Command): void {
  root
    .command('status')
    .description('sessions, busiest first')
    .argument('[session]', 'a session id, or the beginning of one')
    .option('--all', 'also sessions idle for over an hour')
    .option('--tenant <tenant>', 'only sessions of this tenant')
    .option('--json', 'one JSON document')
    .option('--watch', 'again every second')
    .action((session, options, command) =>
      run(command, async (context) =>
        (await import('./commands/status.ts')).status(context, session, options),
      ),
    )
  root
    .command('reset')
    .description('clear the count of sessions, so that they can go on')
    .argument('[session...]', 'session ids, or the beginnings of them')
    .option('--all', 'all sessions')
    .option('--tenant <tenant>', 'only sessions of this tenant')
    .action((sessions, options, command) =>
      run(command, async (context) =>
        (await import('./commands/reset.ts')).reset(context, sessions, options),
      ),
    )
  addViews(root)
}

function addViews(root: Command): void {
  root
    .command('statusline')
    .description("one session in one line, for Claude Code's status line; its JSON comes on stdin")
    .option('--wrap <command>', 'what another status line prints comes first')
    .action((_, command: Command) =>
      run(command, async (context) =>
        (await import('./commands/statusline.ts')).statusline(context, command.optsWithGlobals()),
      ),
    )
  root
    .command('log')
    .description('what was warned, refused, reset and went wrong')
    .argument('[session]', 'only of this session, or of those that begin so')
    .option('-f, --follow', 'go on as the log grows')
    .option('--json', 'the lines as they are stored')
    .action((session, options, command) =>
      run(command, async (context) => (await import('./commands/log.ts')).log(context, session, options)),
    )
  root
    .command('explain')
    .description('which rule says what, and why; records nothing')
    .argument('[event]', 'a file with a PreToolUse event, or - for stdin')
    .option('--session <session>', 'what the next call of a session would meet')
    .option('--json', 'one JSON document')
    .action((place, options, command) =>
      run(command, async (context) =>
        (await import('./commands/explain.ts')).explain(context, place, options),
      ),
    )
  root
    .command('replay')
    .description('what the rules would have done to past transcripts')
    .argument('<path...>', 'such as ~/.claude/projects')
    .option('--warn <calls>', 'calls a minute at which to warn')
    .option('--block <calls>', 'calls a minute at which to refuse')
    .option('--json', 'one JSON document')
    .action((places, options, command) =>
      run(command, async (context) =>
        (await import('./commands/replay.ts')).replay(context, places, options),
      ),
    )
  root
    .command('metrics')
    .description("counters in Prometheus' text format")
    .action((_, command) =>
      run(command, async (context) => (await import('./commands/metrics.ts')).metrics(context)),
    )
  root
    .command('demo')
    .description('see it count, warn and block, with real hook processes in a throw-away folder')
    .action((_, command) =>
      run(command, async (context) => (await import('./commands/demo.ts')).demo(context)),
    )
}

function addConfigCommands(config: Command): void {
  const commands = () => import('./commands/config.ts')
  config
    .command('get', { isDefault: true })
    .description('one setting, or all')
    .argument('[setting]', 'such as rate.blockPerMin')
    .action((name, _, command) =>
      run(command, async (context) => (await commands()).configGet(context, name)),
    )
  config
    .command('set')
    .description('change a setting')
    .argument('<setting>', 'such as rate.blockPerMin; spikectl config get shows them all')
    .argument('<value>', 'such as 300, true or block')
    .action((name, value, _, command) =>
      run(command, async (context) => (await commands()).configSet(context, name, value)),
    )
  config
    .command('unset')
    .description('back to the default')
    .argument('<setting>')
    .action((name, _, command) =>
      run(command, async (context) => (await commands()).configUnset(context, name)),
    )
  config
    .command('path')
    .description('where the settings are')
    .action((_, command) => run(command, async (context) => (await commands()).configPath(context)))
  config
    .command('schema')
    .description('the JSON Schema of config.json')
    .action((_, command) => run(command, async (context) => (await commands()).configSchema(context)))
}

function addAuditCommands(audit: Command): void {
  audit
    .command('verify')
    .description('check every line, signature and link of the log')
    .argument('[path]', 'a folder with a log, or one file of it')
    .option('--fast', 'the chain, and the last signature of each key')
    .option('--checkpoint <file>', 'does it still begin with the lines of this checkpoint?')
    .option('--key <key>', 'does it begin with the key of this name?')
    .option('--require-anchor', 'exit code 3 if nothing vouches for its end')
    .option('--json', 'one JSON document')
    .action((path, options, command) =>
      run(command, async (context) =>
        (await import('./commands/audit/verify.ts')).auditVerify(context, path, options),
      ),
    )
  audit
    .command('show')
    .description('the log for people')
    .argument('[path]', 'a folder with a log, or one file of it')
    .option('-f, --follow', 'go on as the log grows')
    .option('--json', 'the lines as they are stored')
    .action((path, options, command) =>
      run(command, async (context) =>
        (await import('./commands/audit/show.ts')).auditShow(context, path, options),
      ),
    )
  audit
    .command('checkpoint')
    .description('the length and hash of the log, signed, to be kept elsewhere')
    .action((_, command) =>
      run(command, async (context) =>
        (await import('./commands/audit/checkpoint.ts')).auditCheckpoint(context),
      ),
    )
  addAuditUpkeep(audit)
}

function addAuditUpkeep(audit: Command): void {
  const keys = () => import('./commands/audit/keys.ts')
  audit
    .command('export-key')
    .description('a public key of the log, as PEM')
    .argument('[key]', 'the name of an earlier key; else the one it goes on with')
    .option('--openssh', 'for ssh-keygen')
    .option('--jwk', 'for JOSE libraries')
    .option('--vkey', 'for tools that verify signed notes')
    .action((name, options, command) =>
      run(command, async (context) => (await keys()).auditExportKey(context, name, options)),
    )
  audit
    .command('rotate-key')
    .description('replace the signing key; the old one signs the new one in')
    .action((_, command) => run(command, async (context) => (await keys()).auditRotateKey(context)))
  audit
    .command('prune')
    .description('remove the oldest files, and sign that it was done')
    .option('--keep <files>', 'all but the newest files')
    .option('--before <date>', 'those whose last line is older')
    .action((options, command) =>
      run(command, async (context) =>
        (await import('./commands/audit/prune.ts')).auditPrune(context, options),
      ),
    )
}

function addCompletionCommands(root: Command): void {
  root
    .command('completion')
    .description('the script with which your shell completes these commands')
    .argument('[shell]', 'bash, zsh or fish')
    .action((shell, _, command) =>
      run(command, async (context) =>
        (await import('./commands/completion/script.ts')).completion(context, shell),
      ),
    )
  root
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action((_, __, command) =>
      run(command, async (context) =>
        (await import('./commands/completion/complete.ts')).complete(context, root, wordsTyped()),
      ),
    )
}

/** All after the first `--`, just as it was typed: commander would read it, and take another `--` out. */
function wordsTyped(): string[] {
  return process.argv.slice(process.argv.indexOf('--') + 1)
}
