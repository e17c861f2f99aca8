/** Writes the test vectors of the log's format into docs/audit-vectors/: npm run vectors */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vectorFiles } from '../test/support/vectors/files.ts'

const folder = fileURLToPath(new URL('../docs/audit-vectors', import.meta.url))
rmSync(folder, { recursive: true, force: true })
for (const [name, content] of vectorFiles()) {
  const file = join(folder, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}
