/** Putting spikectl in place, and looking whether it is. */

import type { Command } from 'commander'
import { run } from './run.ts'

export function addInstallCommands(root: Command): void {
  const commands = () => import('../commands/install.ts')
  root
    .command('install')
    .description("put the hooks into Claude Code's settings")
    .option('--scope <scope>', 'user, project or local', 'user')
    .option('--fail-closed', 'a call whose hook cannot run is blocked')
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

export function addDoctor(root: Command): void {
  root
    .command('doctor')
    .description('is this machine guarded? checks everything, up to a real block')
    .option('--acknowledge', 'blocks that could not be signed are known: warn of later ones alone')
    .option('--json', 'one JSON document')
    .action((options, command) =>
      run(command, async (context) => (await import('../commands/doctor.ts')).doctor(context, options)),
    )
}
