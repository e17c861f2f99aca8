/** What spikectl has recorded, by its own commands. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Workplace } from './workplace.ts'

/** The document of `spikectl status --json`. */
export async function statusOf({ spikectl }: Workplace) {
  return JSON.parse((await spikectl('status', '--json')).stdout)
}

/** What each whole line of the log tells of, in order; a hook may be writing the next one. */
export function loggedIn({ state }: Workplace): string[] {
  const file = join(state, 'log.jsonl')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line).event)
}

/** What each line of the signed log tells of, in order, if the log verifies; else what is wrong with it. */
export async function signedIn({ spikectl }: Workplace): Promise<string[]> {
  const { exitCode, stdout } = await spikectl('audit', 'verify')
  if (exitCode !== 0) return [stdout]
  const lines = (await spikectl('audit', 'show', '--json')).stdout.trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line).event)
}
