/**
 * Loaded into a hook and its recorder by NODE_OPTIONS: the recorder that has a line to sign stops as if it hung, dies, or
 * ends as if all were done, as soon as it begins, and leaves a file that says so. The hook itself, and a recorder that notes
 * what was lost, run; but from then on the hook finds none of its files, as if they were gone from the disk.
 *
 * The start of Node took HOOK_STARTED_S seconds, whatever it took on this machine.
 */

const { existsSync, rmSync, writeFileSync } = require('node:fs')
const { _extensions: loaders } = require('node:module')

const { SPIKECTL_RECORD: job = '', RECORDER_ENDS_BY: signal, RECORDER_MARK: mark } = process.env
const { HOOK_STARTED_S: took = '0' } = process.env

require('./started.cjs')(Number(took))

if (process.argv[2] !== 'record') {
  const load = loaders['.js']
  rmSync(mark, { force: true })
  loaders['.js'] = (module, file) => {
    if (existsSync(mark)) throw new Error(`${file} is asked for after the recorder has begun`)
    load(module, file)
  }
} else if ('line' in JSON.parse(job)) {
  writeFileSync(mark, String(process.pid))
  if (signal === 'SILENCE') process.exit(0)
  process.kill(process.pid, signal)
}
