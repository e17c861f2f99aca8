/** Completion by the shell. */

import type { Command } from 'commander'
import { run } from './run.ts'

export function addCompletionCommands(root: Command): void {
  root
    .command('completion')
    .description('the script with which your shell completes these commands')
    .argument('[shell]', 'bash, zsh or fish')
    .action((shell, _, command) =>
      run(command, async (context) =>
        (await import('../commands/completion/script.ts')).completion(context, shell),
      ),
    )
  root
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action((_, __, command) =>
      run(command, async (context) =>
        (await import('../commands/completion/complete.ts')).complete(context, root, wordsTyped()),
      ),
    )
}

/** All after the first `--`, just as it was typed: commander would read it, and take another `--` out. */
function wordsTyped(): string[] {
  return process.argv.slice(process.argv.indexOf('--') + 1)
}
