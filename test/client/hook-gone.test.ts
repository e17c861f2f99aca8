/** A hook that is not there any more: what the real client makes of its settings. */

import assert from 'node:assert/strict'
import { cpSync, existsSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryHome } from '../support/processes.ts'
import { prompt } from './support/prompt.ts'
import { bash } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of the package as npm would put it somewhere. */
function copyOfPackage(t: TestContext): string {
  const copy = temporaryHome(t)
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** What comes of a call when the hook was removed after it was installed with these options. */
async function callWithoutHook(t: TestContext, ...options: string[]) {
  const copy = copyOfPackage(t)
  const place = await guarded(t, { cli: join(copy, 'bin/spikectl.js') }, ...options)
  rmSync(join(copy, 'bin/spikectl-hook.js'))
  const { asked, result } = await prompt(place, { main: [[bash('touch marker')], 'Done.'] })
  assert.equal(result.result, 'Done.')
  return { hasRun: existsSync(join(place.project, 'marker')), returned: asked[1]?.results[0] }
}

describe('a call of the real client whose hook is gone', () => {
  test('is refused with --fail-closed, and the model reads why', async (t) => {
    const { hasRun, returned } = await callWithoutHook(t, '--fail-closed')
    assert.deepEqual([hasRun, returned?.isError], [false, true])
    assert.match(returned?.text ?? '', /spikectl-hook\.js\]: failed; blocking because onFailure is "block"/)
  })

  test('runs without it', async (t) => {
    const { hasRun, returned } = await callWithoutHook(t)
    assert.deepEqual([hasRun, returned?.isError], [true, false])
  })
})
