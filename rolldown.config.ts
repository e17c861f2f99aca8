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

/** Everything else goes into hook.js and statusline.js, so that a hot path reads one file. */
const COLD =
  /src\/(hook\/(answer|count|failed|record|recorder|forged|loosened|resumed|sign|settings-change|unasked|uncounted)|store\/(guard-change|known|loosening|unsigned)|system\/(json|plural|log|lines)|guard\/loosening|settings\/(parse|schema|names)|messages\/.*|audit\/.*|hosts\/(copilot\/.*|claude-code\/(wording|settings\/.*))|commands\/statusline\/wrapped)\.ts$|tweetnacl|valibot/

/** What looks at state.db without counting: the status line does nothing else, the hook where it cannot count. */
const LOOKING = /src\/store\/(peek|copy|queries)\.ts$/

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
      cleanDir: name === 'hook',
      chunkFileNames: `${name}-[name].js`,
      codeSplitting: { includeDependenciesRecursively: false, groups },
    },
  }
}

/** Each in a chunk of its own, so that a command loads those alone that it needs. */
const PACKAGES = ['commander', 'chalk', 'valibot', 'tweetnacl', 'jsonc-parser']

function hotWithout(...cold: readonly RegExp[]): CodeSplittingGroup[] {
  return [{ name: 'hot', test: (id) => !cold.some((each) => each.test(id)) }]
}

export default defineConfig([
  bundle('hook', hotWithout(COLD, LOOKING)),
  bundle('statusline', hotWithout(COLD)),
  bundle(
    'cli',
    PACKAGES.map((name) => ({ name, test: new RegExp(`node_modules.${name}.`) })),
  ),
])
