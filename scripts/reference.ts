/** `npm run reference`: writes the reference page of the settings, from the table of settings, to the file that is named. */

import { writeFileSync } from 'node:fs'
import { DEFAULT_POLICY, SETTINGS } from '../src/guard/policy.ts'
import type { Setting } from '../src/guard/setting.ts'
import { isEach, isSetting, type Row, type Rows } from '../src/guard/settings.ts'

/** The whole page, as Markdown. */
export function settingsPage(): string {
  return `# Settings

Made by \`npm run reference\` from the table in \`src/guard/\`. Set one with \`spikectl config set NAME VALUE\`, or in
\`config.json\`. A project's \`.claude/spikectl.json\` may say the same settings, but only tighten them.

| setting | default | takes | a project may | |
|---|---|---|---|---|
${rowsOf(SETTINGS, []).join('\n')}

The defaults as \`config.json\` would say them:

\`\`\`json
${JSON.stringify(DEFAULT_POLICY, null, 2)}
\`\`\`
`
}

function rowsOf(rows: Rows, path: readonly string[]): string[] {
  return Object.entries(rows).flatMap(([name, row]) => rowsAt(row, [...path, name]))
}

function rowsAt(row: Row, path: readonly string[]): string[] {
  if (isSetting(row)) return [lineOf(path.join('.'), row)]
  return isEach(row) ? rowsOf(row.each, [...path, 'NAME']) : rowsOf(row, path)
}

function lineOf(name: string, setting: Setting<unknown>): string {
  const { default: standard, expected, about, isOwners } = setting
  const cells = [
    `\`${name}\``,
    `\`${JSON.stringify(standard)}\``,
    expected,
    isOwners ? 'not say it' : 'tighten it',
  ]
  return `| ${[...cells, about].join(' | ')} |`
}

const [, program, file] = process.argv
if (program === import.meta.filename && file) writeFileSync(file, settingsPage())
