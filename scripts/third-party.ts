/**
 * THIRD-PARTY-LICENSES: the licences of all packages whose code is in our bundles, and which npm therefore does not
 * install with theirs. Made by the build from what it has bundled, so that no package can be forgotten.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'rolldown'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const RULE = '-'.repeat(80)
const INTRODUCTION =
  'The bundles of spikectl, in dist/, hold code of the packages below. npm installs its other packages with their own licences.'

interface Licence {
  readonly name: string
  readonly version: string
  /** As an SPDX expression. */
  readonly kind: string
  readonly text: string
}

/** What all bundles of one build hold: it is known once the last of them is done. */
const bundled = new Map<string, Licence>()

export const thirdParty: Plugin = {
  name: 'third-party-licenses',
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((output) => output.type === 'chunk')
    for (const name of new Set(chunks.flatMap(({ moduleIds }) => moduleIds.map(packageOf)))) {
      if (name) bundled.set(name, licenceOf(join(ROOT, 'node_modules', name)))
    }
  },
  writeBundle() {
    const licences = [...bundled.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    writeFileSync(
      join(ROOT, 'THIRD-PARTY-LICENSES'),
      [INTRODUCTION, ...licences.map(section)].join(`\n\n${RULE}\n\n`),
    )
  },
}

/** The package that a module is of; undefined for ours. What the bundler itself puts in is of the bundler. */
export function packageOf(id: string): string | undefined {
  if (id.startsWith('\0rolldown/')) return 'rolldown'
  return /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id)?.[1]?.replace('\\', '/')
}

/** Throws when a package comes without the text of its licence: then it cannot be passed on. */
export function licenceOf(folder: string): Licence {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(file))
  if (files.length === 0) {
    throw new Error(
      `${name} is bundled, and ${folder} has no licence file. Expected LICENSE, COPYING or NOTICE`,
    )
  }
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n')
  return { name, version, kind: license, text }
}

function section({ name, version, kind, text }: Licence): string {
  return `${name} ${version} (${kind})\n\n${text}\n`
}
