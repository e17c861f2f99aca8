/**
 * The status line's own way in. Claude Code draws it after every turn, and commander and chalk take longer to load than
 * the line takes to draw. It knows the usual options alone: all else is for the command line to answer.
 */

import { parseArgs } from 'node:util'
import { type StatusLineOptions, statusline } from './commands/statusline/statusline.ts'
import { pathsOf } from './system/paths.ts'
import { isInteractive } from './system/stdio.ts'

/** Draws the line and ends the process; or returns false and has done nothing. */
export function main(args: readonly string[]): boolean {
  const options = optionsIn(args)
  if (!options || isInteractive()) return false
  statusline({ env: process.env, paths: pathsOf(process.env) }, options).then((code) => process.exit(code))
  return true
}

function optionsIn(args: readonly string[]): StatusLineOptions | undefined {
  if (args.length === 0) return {}
  try {
    const options = { wrap: { type: 'string' }, 'no-color': { type: 'boolean' } } as const
    const { values } = parseArgs({ args: [...args], options })
    return values.wrap === '' ? undefined : { wrap: values.wrap, color: !values['no-color'] }
  } catch {
    return undefined // help, or a mistake: the command line says which
  }
}
