/** What the shells' scripts are told that may end a command line. */

import assert from 'node:assert/strict'
import { runCli } from './processes.ts'

/** What is offered for the last of the words: "files", or each word with what it means. */
export async function offered(home: string, ...words: string[]): Promise<'files' | Record<string, string>> {
  const { exitCode, stdout, stderr } = await runCli(['complete', '--', ...words], { home })
  assert.deepEqual([exitCode, stderr], [0, ''])
  const [kind, ...lines] = stdout.trimEnd().split('\n')
  if (kind === 'files') return kind
  assert.equal(kind, 'words')
  return Object.fromEntries(lines.map((line) => [line.split('\t')[0], line.split('\t')[1] ?? '']))
}

export async function wordsOffered(home: string, ...words: string[]): Promise<string[]> {
  return Object.keys(await offered(home, ...words))
}
