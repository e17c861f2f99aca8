/** Managed settings, which no user can change: doctor takes them as the client does. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Finding } from '../../src/commands/doctor/finding.ts'
import { mountable, runManaged } from '../support/managed.ts'
import { enable, findings, type Person, person, plugin } from '../support/person.ts'
import { CLI, HOOK } from '../support/processes.ts'

/** The settings that the page on threats has people write, with the hook that stands in `bin`. */
function snippet(bin: string): string {
  const page = readFileSync(fileURLToPath(new URL('../../docs/threat-model.md', import.meta.url)), 'utf8')
  const [, text = ''] = /managed-settings\.json <<'END'\n(.+?)END\n/s.exec(page) ?? []
  assert.match(text, /"allowManagedHooksOnly": true/)
  return text.replaceAll('/usr/local/bin', bin)
}

/** A person on a machine with these managed settings; `bin` stands for the system's folder of programs. */
async function managed(t: TestContext, textOf: (bin: string) => string) {
  const p = await person(t)
  const settings = join(p.home, 'managed-settings.json')
  const bin = join(p.home, 'usr')
  mkdirSync(bin)
  writeFileSync(join(bin, 'spikectl-hook'), p.node(HOOK), { mode: 0o755 })
  writeFileSync(settings, textOf(bin))
  const spikectl = (...args: string[]) =>
    runManaged(settings, [CLI, ...args], { home: p.home, cwd: p.project, env: p.env })
  return { ...p, spikectl, settings }
}

async function problems(p: Person): Promise<string[]> {
  return problemsIn((await findings(p)).found)
}

function problemsIn(found: readonly Finding[]): string[] {
  return found.filter(({ level }) => level !== 'ok').map(({ level, what }) => `${level}: ${what}`)
}

describe('managed settings', mountable, () => {
  test('as the page on threats has them are all that doctor asks for', async (t) => {
    const p = await managed(t, snippet)
    await p.spikectl('uninstall')
    const { found } = await findings(p)
    assert.deepEqual(problemsIn(found), [])
    assert.ok(found.some(({ what }) => /^the hooks are in .*managed-settings\.json$/.test(what)))
    assert.ok(found.some(({ what }) => /managed-settings\.json blocked call 3/.test(what)))
  })

  test('let no hooks run beside theirs, and what silences others does not silence them', async (t) => {
    const p = await managed(t, snippet)
    writeFileSync(p.local, '{"disableAllHooks":true}')
    writeFileSync(p.file, '{}')
    assert.deepEqual(await problems(p), [])
  })

  test('whose program is not there are a failure, whatever else is on the PATH', async (t) => {
    const p = await managed(t, () => snippet('/nowhere'))
    writeFileSync(join(p.bin, 'spikectl-hook'), p.node(HOOK), { mode: 0o755 })
    const [found, ...more] = await problems(p)
    assert.match(
      found ?? '',
      /^failure: .*managed-settings\.json starts \/nowhere\/spikectl-hook, which is not there$/,
    )
    assert.deepEqual(more, [])
  })

  test('that let no other hooks run are a failure, unless they hold ours or enable our plugin', async (t) => {
    const p = await managed(t, () => '{"allowManagedHooksOnly":true}')
    assert.deepEqual(await problems(p), [
      `failure: /etc/claude-code/managed-settings.json sets allowManagedHooksOnly, and holds no hooks of spikectl`,
    ])
    plugin(p)
    enable(p.settings, 'spikectl@here', true)
    assert.deepEqual(await problems(p), [])
  })

  test('that switch all hooks off are a failure', async (t) => {
    const p = await managed(t, () => '{"disableAllHooks":true}')
    assert.match((await problems(p)).join(), /^failure: .*managed-settings\.json sets disableAllHooks$/)
  })

  test('that are no JSON are a failure', async (t) => {
    const p = await managed(t, () => '{')
    assert.match((await problems(p)).join(), /^failure: .*managed-settings\.json is no JSON$/)
  })
})
