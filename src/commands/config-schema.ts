/** `spikectl config schema`: the JSON Schema of config.json, for editors. */

import { toJsonSchema } from '@valibot/to-json-schema'
import { SettingsSchema } from '../settings/schema.ts'
import type { Context, ExitCode } from './context.ts'

export function configSchema({ terminal }: Context): ExitCode {
  terminal.print(schemaText().trimEnd())
  return 0
}

export function schemaText(): string {
  const schema = toJsonSchema(SettingsSchema, { typeMode: 'input' })
  return `${JSON.stringify({ title: 'spikectl settings', ...schema }, null, 2)}\n`
}
