/** Processes to which the rights of files matter, also where the tests are run by root. */

import { type Ended, type Options, run } from './processes.ts'

const PASSING_OVER = '--bounding-set=-dac_override,-dac_read_search'

/** Runs Node as `run` does. Root gives up what lets it pass over the rights of files. */
export function runBound(args: readonly string[], options: Options): Promise<Ended> {
  if (process.getuid?.() !== 0) return run(args, options)
  return run([PASSING_OVER, process.execPath, ...args], options, 'setpriv')
}
