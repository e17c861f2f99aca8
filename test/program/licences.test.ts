/** What is bundled is passed on with its licence, and what is shipped is in the package. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import builds from '../../rolldown.config.ts'
import { licenceOf, packageOf } from '../../scripts/third-party.ts'
import { temporaryHome } from '../support/processes.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The packages whose code is in the bundles, found in another way than the build does: by their source maps. */
async function bundledPackages(): Promise<string[]> {
  const names = new Set<string>()
  assert.ok(Array.isArray(builds) && builds.length === 3)
  for (const { output, ...input } of builds) {
    assert.ok(output && !Array.isArray(output))
    const build = await rolldown({ ...input, cwd: ROOT })
    const chunks = (await build.generate({ ...output, sourcemap: true })).output
    for (const chunk of chunks) {
      const sources = chunk.type === 'chunk' ? (chunk.map?.sources ?? []) : []
      for (const source of sources) names.add(packageOf(join(ROOT, source)) ?? '')
    }
    await build.close()
  }
  names.delete('')
  return [...names].sort()
}

describe('THIRD-PARTY-LICENSES', () => {
  const text = readFileSync(join(ROOT, 'THIRD-PARTY-LICENSES'), 'utf8')
  const sections = text
    .split(/\n-{80}\n/)
    .slice(1)
    .map((section) => section.trim())

  test('has each package whose code is bundled, with its version and the whole text of its licence', async () => {
    const packages = await bundledPackages()
    for (const name of ['better-sqlite3', 'jsonc-parser', 'siphash', 'tweetnacl']) {
      assert.ok(packages.includes(name), `${name} is not bundled any more: take it out of this test`)
    }
    for (const name of packages) {
      const folder = join(ROOT, 'node_modules', name)
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const section = sections.find((each) => each.startsWith(`${name} ${version} (`))
      assert.ok(section, `${name} is missing`)
      const [licence] = readdirSync(folder).filter((file) => /^license/i.test(file))
      assert.ok(section.includes(readFileSync(join(folder, licence ?? ''), 'utf8').trim()), name)
    }
  })

  test('cannot be built with a package that comes without its licence', (t) => {
    const folder = temporaryHome(t)
    writeFileSync(join(folder, 'package.json'), '{"name":"bare","version":"1.0.0","license":"MIT"}')
    assert.throws(() => licenceOf(folder), /^Error: bare is bundled, and .+ has no licence file/)
    writeFileSync(join(folder, 'LICENCE.txt'), 'Do what you like.\n')
    assert.deepEqual(licenceOf(folder), {
      name: 'bare',
      version: '1.0.0',
      kind: 'MIT',
      text: 'Do what you like.',
    })
  })
})

describe('the package', () => {
  test('has the licences, the page of the log, the verifier and its test vectors', () => {
    const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    })
    const [{ files }]: [{ files: readonly { readonly path: string }[] }] = JSON.parse(packed)
    const paths = files.map(({ path }) => path)
    for (const path of [
      'LICENSE',
      'THIRD-PARTY-LICENSES',
      'docs/audit-format.md',
      'docs/audit-vectors/manifest.json',
      'docs/audit-vectors/damaged/second-genesis.jsonl',
      'docs/verify.py',
    ]) {
      assert.ok(paths.includes(path), path)
    }
  })
})
