import { readFileSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type CodeSplittingGroup, defineConfig, type Plugin, type RolldownOptions } from 'rolldown'
import { thirdParty } from './scripts/third-party.ts'

/**
 * Three bundles, of CommonJS: as ES modules they would start a seventh slower. Each holds the packages that it needs, but
 * for SQLite's binary. What is not usually needed is in chunks of its own, loaded when it is needed; and the bundles share
 * none, so that what one of them needs makes the others no slower.
 */
const platform = 'node'

/** What nobody asks of better-sqlite3 is left out, so that no call has to compile it. */
const trimSqlite: Plugin = {
  name: 'trim-better-sqlite3',
  load(id) {
    const isUnused =
      /better-sqlite3.lib.methods.(aggregate|backup|explain|function|inspect|serialize|table|transaction)\.js$/
    return isUnused.test(id) ? 'module.exports = undefined' : undefined
  },
}

const packageType: Plugin = {
  name: 'package-type',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' })
  },
}

/** commander starts subcommands that are programs of their own; we have none, so what starts them loads when asked. */
const trimCommander: Plugin = {
  name: 'trim-commander',
  transform(code, id) {
    if (!/node_modules.commander.lib.command\.js$/.test(id)) return undefined
    const lazy = "process.getBuiltinModule('node:child_process')"
    const [before, after, ...more] = code.split("import childProcess from 'node:child_process';")
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`${id} imports node:child_process in another way than was expected`)
    return before + after.replaceAll(/\bchildProcess\b/g, lazy)
  },
}

/** One CommonJS bundle, with its chunks beside it. */
function bundle(name: string, groups: CodeSplittingGroup[]): RolldownOptions {
  return {
    platform,
    // jsonc-parser's other form asks for its files in a way that no bundler can follow.
    resolve: { mainFields: ['module', 'main'] },
    input: { [name]: `src/${name}.ts` },
    // Lets the chunks take what they share with the entry from the entry's own file.
    preserveEntrySignatures: 'allow-extension',
    transform: { target: 'es2020' },
    plugins: [trimSqlite, trimCommander, packageType, thirdParty],
    output: {
      dir: 'dist',
      format: 'cjs',
      minify: true,
      chunkFileNames: `${name}-[name].js`,
      codeSplitting: { includeDependenciesRecursively: false, groups },
    },
  }
}

/** Each in a chunk of its own, so that a command loads those alone that it needs. */
const PACKAGES = ['commander', 'chalk', 'tweetnacl', 'jsonc-parser']

/**
 * What an entry needs before it has anything to say goes into its own file, so that a hot path reads one file: all that
 * it imports, and nothing that is loaded by `import()` alone.
 */
function hot(entry: string): CodeSplittingGroup {
  const needed = importedBy(realpathSync(resolve(import.meta.dirname, entry)), new Set())
  const isOurs = (id: string) => !id.includes('node_modules')
  return {
    name: 'hot',
    test: (id) => (isOurs(id) ? needed.has(id) || id.startsWith('\0') : isHotPackage(id, needed)),
  }
}

/** The files and packages that a file imports, directly or not. */
function importedBy(file: string, known: Set<string>): Set<string> {
  known.add(file)
  for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(/^import (?!type )[^']*from '([^']+)'/gm)) {
    if (!from.startsWith('.')) known.add(from)
    else if (!known.has(resolve(dirname(file), from))) importedBy(resolve(dirname(file), from), known)
  }
  return known
}

function isHotPackage(id: string, needed: ReadonlySet<string>): boolean {
  return [...needed].some((name) => id.includes(`node_modules/${name}/`))
}

export default defineConfig([
  bundle('hook', [hot('src/hook.ts')]),
  bundle('statusline', [hot('src/statusline.ts')]),
  bundle('cli', [
    hot('src/cli.ts'),
    ...PACKAGES.map((name) => ({ name, test: new RegExp(`node_modules.${name}.`) })),
  ]),
])
