/** The names of settings, and the values of those that have few: as the schema of config.json has them. */

import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema'
import { readConfig } from '../../settings/load.ts'
import { namedSettings, settingAt, settingPath } from '../../settings/names.ts'
import { SettingsSchema } from '../../settings/schema.ts'
import type { Paths } from '../../system/paths.ts'
import { printable } from '../../system/text.ts'
import type { Candidate } from './typed.ts'

const SCHEMA = toJsonSchema(SettingsSchema, { typeMode: 'input' })

/** The built-in ones, and the limits of tools that are set. */
export async function settings({ config }: Paths): Promise<Candidate[]> {
  const { policy } = await readConfig(config)
  return namedSettings(policy).map(([name]) => ({ word: printable(name), about: schemaOf(name).description }))
}

export async function settingValues({ config }: Paths, name: string): Promise<Candidate[]> {
  const inForce = settingAt((await readConfig(config)).policy, name)
  const { type, enum: few = [] } = schemaOf(name)
  const values = type === 'boolean' ? [true, false] : few
  return values.map((value) => ({
    word: String(value),
    about: value === inForce ? 'as it is now' : undefined,
  }))
}

function schemaOf(setting: string): JsonSchema {
  return schemaAt(SCHEMA, settingPath(setting) ?? [])
}

function schemaAt(schema: JsonSchema, path: readonly string[]): JsonSchema {
  const [key, ...rest] = path
  if (key === undefined) return schema
  const inner = schema.properties?.[key] ?? schema.additionalProperties
  return typeof inner === 'object' ? schemaAt(inner, rest) : {}
}
