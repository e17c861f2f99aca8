/** What is said where dist/ is missing. Loaded only then, and maybe by an old Node. */
'use strict'

const { existsSync } = require('node:fs')
const { join } = require('node:path')

const ROOT = join(__dirname, '..')
/** As src/version.ts, which is not built either. */
const MIN_NODE = '22.14.0'
const MIN_NAPI = 10

/** One line: why nothing was built, and what to run. Whatever else has kept a program from loading is thrown again. */
exports.notBuilt = (error) => {
  if (error.code !== 'MODULE_NOT_FOUND' || existsSync(join(ROOT, 'dist'))) throw error
  if (!existsSync(join(ROOT, 'rolldown.config.ts'))) {
    return `${ROOT} has no dist folder, so this installation is not complete. Install spikectl again`
  }
  const why = 'nothing was built, because npm ran no scripts (ignore-scripts)'
  const build = `${inRoot()}npm run build`
  if (Number(process.versions.napi) >= MIN_NAPI) return `${why}. Run: ${build}`
  const old = `and Node ${process.versions.node} is too old`
  return `${why}, ${old}. Run: ${inRoot()}npm ci --ignore-scripts=false; or, with Node ${MIN_NODE} or newer: ${build}`
}

function inRoot() {
  return process.cwd() === ROOT ? '' : `cd '${ROOT.replace(/'/g, "'\\''")}' && `
}
