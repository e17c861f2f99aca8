/** A hook that is not there any more: what the real client makes of its settings. */

import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { copyOfPackage } from './support/package.ts'
import { prompt } from './support/prompt.ts'
import { bash } from './support/tool-calls.ts'
import { guarded } from './support/workplace.ts'

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
  test('is blocked with --fail-closed, and the model reads why', async (t) => {
    const { hasRun, returned } = await callWithoutHook(t, '--fail-closed')
    assert.deepEqual([hasRun, returned?.isError], [false, true])
    assert.match(returned?.text ?? '', /spikectl-hook\.js\]: failed; blocking because onFailure is "block"/)
  })

  test('runs without it', async (t) => {
    const { hasRun, returned } = await callWithoutHook(t)
    assert.deepEqual([hasRun, returned?.isError], [true, false])
  })
})
