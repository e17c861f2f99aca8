/** The table of settings as JSON Schema, for editors. */

import { SETTINGS } from '../guard/policy.ts'
import { isEach, isSetting, type Row, type Rows } from '../guard/settings.ts'

/** The schema of config.json. */
export function settingsSchema(): object {
  const { properties, ...rest } = sectionSchema(SETTINGS)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'spikectl settings',
    ...rest,
    properties: { $schema: { type: 'string' }, ...properties },
  }
}

function sectionSchema(rows: Rows) {
  const properties = Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, schemaOf(row)]))
  return { type: 'object', properties, additionalProperties: false }
}

function schemaOf(row: Row): object {
  if (isSetting(row)) return { description: row.about, default: row.default, ...row.schema }
  if (!isEach(row)) return sectionSchema(row)
  return {
    description: row.about,
    type: 'object',
    propertyNames: { pattern: row.name.source },
    additionalProperties: sectionSchema(row.each),
  }
}
