/** The settings. */

import type { Command } from 'commander'
import { run } from './run.ts'

export function addConfigCommands(config: Command): void {
  const commands = () => import('../commands/config.ts')
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
