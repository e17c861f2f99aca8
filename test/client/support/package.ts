/** Copies of the package, as npm or the client would put them somewhere. */

import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryHome } from '../../support/processes.ts'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const PARTS = ['.claude-plugin', 'README.md', 'bin', 'commands', 'dist', 'hooks', 'package.json']

/** What others have written is linked: it is large. */
export function copyOfPackage(t: TestContext): string {
  const copy = temporaryHome(t)
  for (const name of PARTS) cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}
