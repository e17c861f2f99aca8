/** The settings. */

import type { Command } from 'commander'
import { run } from './run.ts'

export function addConfigCommands(config: Command): void {
  const shown = () => import('../commands/config.ts')
  const changed = () => import('../commands/config-change.ts')
  config
    .command('get', { isDefault: true })
    .description('one setting, or all')
    .argument('[setting]', 'such as rate.blockPerMin')
    .action((name, _, command) => run(command, async (context) => (await shown()).configGet(context, name)))
  config
    .command('set')
    .description('change a setting')
    .argument('<setting>', 'such as rate.blockPerMin; spikectl config get shows them all')
    .argument('<value>', 'such as 300, true or block')
    .action((name, value, _, command) =>
      run(command, async (context) => (await changed()).configSet(context, name, value)),
    )
  config
    .command('unset')
    .description('back to the default')
    .argument('<setting>')
    .action((name, _, command) =>
      run(command, async (context) => (await changed()).configUnset(context, name)),
    )
  config
    .command('path')
    .description('where the settings are')
    .action((_, command) => run(command, async (context) => (await shown()).configPath(context)))
  config
    .command('schema')
    .description('the JSON Schema of config.json')
    .action((_, command) =>
      run(command, async (context) => (await import('../commands/config-schema.ts')).configSchema(context)),
    )
}
