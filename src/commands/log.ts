/** `spikectl log`: what was warned, blocked, reset and went wrong, for people. */

import { existsSync, statSync } from 'node:fs'
import { membersIn, objectIn } from '../guard/members.ts'
import { failure } from '../system/failure.ts'
import { shownJson } from '../system/json.ts'
import { linesOf } from '../system/lines.ts'
import { printable, shortId } from '../system/text.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { WHEN_WIDTH } from '../terminal/times.ts'
import { wrapped } from '../terminal/wrap.ts'
import type { Context, ExitCode } from './context.ts'
import { eachWholeLine, POLL_MS, timeColumn, timesFor } from './follow.ts'

export interface LogOptions {
  readonly follow?: boolean
  readonly json?: boolean
}

/** With a session, the lines of those whose id begins so. */
export async function log(
  { paths, terminal }: Context,
  session: string | undefined,
  options: LogOptions,
): Promise<ExitCode> {
  const time = timesFor(options)
  let printed = 0
  const print = (line: string) => {
    if (session !== undefined && !isOf(line, session)) return
    printed += 1
    if (options.json) terminal.print(shownJson(line))
    else for (const each of readable(terminal, line, time)) terminal.print(each)
  }
  if (existsSync(`${paths.log}.1`)) eachLine(`${paths.log}.1`, 0, print)
  let end = eachLine(paths.log, 0, print)
  if (end === 0 && !options.follow) terminal.remark('nothing logged yet')
  if (session !== undefined && printed === 0 && !options.follow) {
    throw failure(`the log has no line of a session ${printable(session)}`, 'Run: spikectl status --all', 1)
  }
  while (options.follow) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    const size = existsSync(paths.log) ? statSync(paths.log).size : 0
    if (size < end) end = 0 // rolled: a new file has begun
    if (size > end) end = eachLine(paths.log, end, print)
  }
  return 0
}

function isOf(line: string, session: string): boolean {
  const id = membersIn(line).session
  return typeof id === 'string' && id.startsWith(session)
}

/** Calls `use` with each whole line from byte `start` on; returns where the last of them ended. */
function eachLine(file: string, start: number, use: (line: string) => void): number {
  if (!existsSync(file)) return 0
  return eachWholeLine(linesOf(file, start), start, (line) => use(line.toString('utf8')))
}

function readable({ colour, columns }: Terminal, line: string, time: (at: number) => string): string[] {
  const entry = objectIn(line)
  if (!entry) return [colour.dim(printable(line))]
  const text = (key: string) => (typeof entry[key] === 'string' ? printable(entry[key]) : '')
  const paint =
    {
      warn: colour.yellow,
      block: colour.red,
      halt: colour.red,
      guard_changed: colour.red,
      error: colour.red,
    }[text('event')] ?? colour.cyan
  const session = typeof entry.session === 'string' ? shortId(entry.session) : '-'
  const prefix = [timeColumn(text('at'), time, colour), paint(text('event').padEnd(6)), session.padEnd(8), '']
  const parts = [text('tool'), text('message'), text('audit') && colour.dim(`[audit ${text('audit')}]`)]
  return wrapped(parts.filter(Boolean).join('  '), columns, prefix.join('  '), WHEN_WIDTH + 2)
}
