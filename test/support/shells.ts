/** Real shells, and what they need to find `spikectl`. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { CLI, event, hookEach, type Options, temporaryHome } from './processes.ts'

/** Throws when a program is not installed: a test that cannot do its work must not pass. */
export function requireProgram(name: string): void {
  if (spawnSync(name, ['--version']).status === 0) return
  throw new Error(`${name} is not installed. Run: sudo apt-get install ${name}`)
}

/** An id that any client may have given: a shell that took it as it stands would make a file "b". */
const FORGED = 'a$(touch b)'

/** Somebody with two sessions who has `spikectl` on the path and stands in a folder with `event.json`. */
export async function person(t: TestContext): Promise<Options & Required<Pick<Options, 'env' | 'cwd'>>> {
  const home = temporaryHome(t)
  const [bin, cwd] = [join(home, 'bin'), join(home, 'work')]
  for (const folder of [bin, cwd]) mkdirSync(folder)
  symlinkSync(CLI, join(bin, 'spikectl'))
  writeFileSync(join(cwd, 'event.json'), '')
  await hookEach(
    ['3f2a9c1e-5b7d', FORGED].map((id) => event({ session_id: id, cwd: '/home/dev/app' })),
    { home },
  )
  const path = [bin, dirname(process.execPath), process.env.PATH ?? ''].join(delimiter)
  return { home, cwd, env: { PATH: path, TERM: 'xterm', LANG: 'C.UTF-8' } }
}
