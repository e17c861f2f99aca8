/** `spikectl config schema`: the JSON Schema of config.json, for editors. */

import { settingsSchema } from '../settings/schema.ts'
import type { Context, ExitCode } from './context.ts'

export function configSchema({ terminal }: Context): ExitCode {
  terminal.print(schemaText().trimEnd())
  return 0
}

export function schemaText(): string {
  return `${JSON.stringify(settingsSchema(), null, 2)}\n`
}
