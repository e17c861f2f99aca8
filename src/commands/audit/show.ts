/** `spikectl audit show`: the log for people. It reads and verifies nothing: for that there is `verify`. */

import { setTimeout as sleep } from 'node:timers/promises'
import { linesOfSegment, type Segment, segmentsIn } from '../../audit/segments.ts'
import { isThere } from '../../files.ts'
import { printable, shortId } from '../../short-id.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { Context, ExitCode } from '../context.ts'
import { findLog } from './place.ts'

export interface ShowOptions {
  readonly follow?: boolean
  readonly json?: boolean
}

const POLL_MS = 300

export async function auditShow(
  { paths, terminal }: Context,
  path: string | undefined,
  options: ShowOptions,
): Promise<ExitCode> {
  const print = (line: string) => terminal.print(options.json ? line : readable(terminal, line))
  const known = isThere(paths.audit) || path !== undefined || !options.follow
  const { path: place, segments } = known ? findLog(paths, path) : { path: paths.audit, segments: [] }
  let last = { number: 0, end: 0 }
  for (const segment of segments) last = printFrom(segment, 0, print)
  while (options.follow) {
    await sleep(POLL_MS)
    for (const segment of segmentsIn(place).filter(({ number }) => number >= last.number)) {
      last = printFrom(segment, segment.number === last.number ? last.end : 0, print)
    }
  }
  return 0
}

/** Prints the whole lines of a segment from byte `start` on; returns where the last of them ended. */
function printFrom(segment: Segment, start: number, print: (line: string) => void) {
  let end = start
  for (const { bytes, offset, ended } of linesOfSegment(segment, start)) {
    if (!ended) break
    print(bytes.toString('utf8'))
    end = offset + bytes.length + 1
  }
  return { number: segment.number, end }
}

function readable({ colour }: Terminal, line: string): string {
  const members = parse(line)
  if (!members) return colour.dim(printable(line))
  const text = textOf(members)
  const paint = { block: colour.red, halt: colour.red, tamper: colour.red }[text('event')] ?? colour.cyan
  return [
    colour.dim(text('at')),
    `#${text('seq')}`.padEnd(5),
    paint(text('event').padEnd(8)),
    ...whatHappened(text),
  ].join('  ')
}

type Text = (name: string) => string

function whatHappened(text: Text): string[] {
  const session = (text('session') ? shortId(text('session')) : 'all').padEnd(8)
  switch (text('event')) {
    case 'block':
    case 'halt':
      return [session, text('tool'), `${text('rule')} ${text('count')} of ${text('limit')}`, text('cwd')]
    case 'reset':
      return [session, `by ${text('by')}${text('tty') === 'true' ? ' at a terminal' : ''}`]
    case 'genesis':
    case 'rotate':
      return [`public key ${text('pub')}`]
    case 'segment':
      return [`after ${text('prev_segment')}`]
    case 'prune':
      return [`lines up to ${text('through_seq')} were removed`]
    case 'guard_changed':
      return [`${text('setting')} from ${text('from')} to ${text('to')} by ${text('by')}`]
    case 'tamper':
      return [`expected ${text('expected')}, found ${text('found')}`]
    default:
      return [session]
  }
}

/** The members of a line as printable text; objects in short. */
function textOf(members: Readonly<Record<string, unknown>>): Text {
  return (name) => {
    const value = members[name] ?? ''
    if (typeof value !== 'object') return printable(String(value))
    return Object.entries(value)
      .map(([key, part]) => `${key} ${printable(String(part))}`)
      .join(' ')
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const members: unknown = JSON.parse(line)
    return typeof members === 'object' && members !== null ? { ...members } : undefined
  } catch {
    return undefined // shown as it stands
  }
}
