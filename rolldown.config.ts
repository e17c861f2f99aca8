import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown'

/**
 * Three bundles. The hook and the status line are CommonJS: as ES modules they would start a seventh slower. Each holds
 * the JavaScript of better-sqlite3. What they do not usually need is in chunks of its own, loaded when it is needed; and
 * they share none, so that what one of them needs makes the other no slower.
 * The command line is an ES module that leaves its packages where npm put them.
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
  /src\/(hook\/(answer|failed|forged|sign|settings-change|unasked)|store\/guard-change|installed|log|lines|guard\/loosening|settings|settings-schema|audit\/.*|hosts\/claude-code\/(wording|sentences|settings\/.*)|commands\/statusline\/wrapped)\.ts$|tweetnacl|valibot/

const packageType: Plugin = {
  name: 'package-type',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' })
  },
}

function hot(name: string): RolldownOptions {
  return {
    platform,
    input: { [name]: `src/${name}.ts` },
    // Lets the chunks take what they share with the entry from the entry's own file.
    preserveEntrySignatures: 'allow-extension',
    transform: { target: 'es2020' },
    plugins: [trimSqlite, packageType],
    output: {
      dir: 'dist',
      format: 'cjs',
      minify: true,
      cleanDir: name === 'hook',
      chunkFileNames: `${name}-[name].js`,
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [{ name: 'hot', test: (id) => !COLD.test(id) }],
      },
    },
  }
}

export default defineConfig([
  hot('hook'),
  hot('statusline'),
  {
    platform,
    external: ['tweetnacl', 'commander', 'chalk'],
    // jsonc-parser's other form asks for its files in a way that no bundler can follow.
    resolve: { mainFields: ['module', 'main'] },
    input: { cli: 'src/cli.ts' },
    output: { dir: 'dist', format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'cli-[name].mjs' },
  },
])
