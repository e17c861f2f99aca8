/** `spikectl audit show`: the log for people. It verifies nothing: for that there is `verify`. */

import { existsSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256 } from '../../audit/chain.ts'
import { FORMAT } from '../../audit/line.ts'
import { linesOfSegment, type Segment, segmentsIn } from '../../audit/segments.ts'
import { type Members, objectIn } from '../../guard/members.ts'
import { failure } from '../../system/failure.ts'
import { isThere } from '../../system/files.ts'
import { shownJson } from '../../system/json.ts'
import { printable, shortId } from '../../system/text.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { withTilde } from '../../terminal/tilde.ts'
import { WHEN_WIDTH } from '../../terminal/times.ts'
import { wrapped } from '../../terminal/wrap.ts'
import type { Context, ExitCode } from '../context.ts'
import { eachWholeLine, POLL_MS, timeColumn, timesFor } from '../follow.ts'
import { findLog } from './place.ts'

export interface ShowOptions {
  readonly follow?: boolean
  readonly json?: boolean
}

export async function auditShow(
  { env, paths, terminal }: Context,
  path: string | undefined,
  options: ShowOptions,
): Promise<ExitCode> {
  if (options.follow && path !== undefined && existsSync(path) && statSync(path).isFile()) {
    throw failure('one file is not followed', 'Run: spikectl audit show -f')
  }
  const look: Look = { terminal, time: timesFor(options), home: env.HOME }
  const print = (line: Buffer) => {
    const lines = options.json ? [shownJson(line.toString())] : readable(look, line)
    for (const each of lines) terminal.print(each)
  }
  const isKnown = isThere(paths.audit) || path !== undefined || !options.follow
  const {
    path: place,
    segments,
    head,
  } = isKnown ? findLog(paths, path) : { path: paths.audit, segments: [], head: undefined }
  if (head && segments.length === 0) terminal.remark('the log is gone: see spikectl audit verify')
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
function printFrom(segment: Segment, start: number, print: (line: Buffer) => void) {
  return { number: segment.number, end: eachWholeLine(linesOfSegment(segment, start), start, print) }
}

/** How lines are shown. */
interface Look {
  readonly terminal: Terminal
  readonly time: (at: number) => string
  readonly home: string | undefined
}

function readable({ terminal, time, home }: Look, line: Buffer): string[] {
  const { colour, columns } = terminal
  const members = objectIn(line.toString())
  if (members?.v !== FORMAT) return [colour.dim(printable(line.toString()))]
  const text = textOf(members)
  const sha = sha256(Buffer.concat([line, Buffer.from('\n')])).slice(0, 4)
  const paint = /^(block|halt|tamper|resumed|limits_loosened|guard_changed)$/.test(text('event'))
    ? colour.red
    : colour.cyan
  const prefix = [
    timeColumn(text('at'), time, colour),
    `#${text('seq')} ${sha}…`.padEnd(10),
    paint(text('event').padEnd(7)),
    '',
  ]
  const found = text('recovery') ? [colour.yellow(`(found: ${text('recovery')})`)] : []
  const parts = [...whatHappened(text).map((part) => withTilde(part, home)), ...found]
  return wrapped(parts.join('  '), columns, prefix.join('  '), WHEN_WIDTH + 2)
}

type Text = (name: string) => string

function whatHappened(text: Text): string[] {
  const session = (text('session') ? shortId(text('session')) : 'all').padEnd(8)
  switch (text('event')) {
    case 'block':
    case 'halt':
      return [session, text('tool'), `${text('rule')} ${text('count')} of ${text('limit')}`, text('cwd')]
    case 'reset':
      return [session, `by ${text('by')}, ${terminalOf(text)}`]
    case 'resumed':
      return [session, `by ${wayOf(text)}, ${terminalOf(text)}`]
    case 'genesis':
    case 'rotate':
      return [`public key ${text('pub')}`]
    case 'segment':
      return [`after ${text('prev_segment')}`]
    case 'prune':
      return [`lines up to ${text('through_seq')} were removed`]
    case 'limits_loosened':
      return [
        ...(text('session') ? [session] : []),
        `${text('setting')} from ${text('from')} to ${text('to')} in ${text('where')} by ${text('by')}`,
      ]
    case 'guard_changed':
      return [session, `${text('file')} ${text('problem')}`]
    case 'tamper':
      return [`expected ${text('expected')}, found ${text('found')}`]
    default:
      return [session]
  }
}

/** Any program can provide a terminal: it is no proof of a person. */
function terminalOf(text: Text): string {
  return `standard input is ${text('tty') === 'true' ? 'a' : 'no'} terminal`
}

const WAYS: Readonly<Record<string, string>> = {
  prompt: 'a prompt',
  session_end: 'the end of the session',
  mode: 'shadow mode',
}

function wayOf(text: Text): string {
  const client = text('client_pid')
  return `${WAYS[text('how')] ?? text('how')}${client && ` to client ${client}`}`
}

/** The members of a line as printable text; objects in short. */
function textOf(members: Members): Text {
  return (name) => {
    const value = members[name] ?? ''
    if (typeof value !== 'object') return printable(String(value))
    const parts = Object.entries(value).map(([key, part]) => {
      return typeof part === 'object' ? key : `${key} ${printable(String(part)).slice(0, 24)}`
    })
    return parts.join(', ')
  }
}
