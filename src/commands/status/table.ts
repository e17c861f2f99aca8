/** Sessions as a table that fits the terminal: what is least asked for is left out first. */

import { shortId } from '../../system/text.ts'
import { sparkline } from '../../terminal/sparkline.ts'
import { type Column, table } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { widthOf } from '../../terminal/width.ts'
import { projectName, type SessionView } from '../sessions.ts'
import { type Placed, treeOf } from './tree.ts'

const COLUMNS: readonly Column[] = [
  { title: 'SESSION' },
  { title: 'PROJECT' },
  { title: 'COUNT', align: 'right' },
  { title: 'LIMIT', align: 'right' },
  { title: 'LAST 60 S' },
  { title: 'PEAK', align: 'right' },
  { title: 'AGENTS', align: 'right' },
  { title: 'BLOCKED', align: 'right' },
  { title: 'STATE' },
  { title: 'NEXT CALL', align: 'right' },
]

/** What a narrow terminal goes without, the first of them first. */
const SPARED = ['AGENTS', 'PEAK', 'PROJECT', 'LAST 60 S'] as const

/** How wide the sparkline is. */
const LEAST = 10
const MOST = 60

/** Deeper than this nothing is indented further: a chain must fit too. */
const DEEPEST = 4

/** The lines, the heading first. */
export function tableOf(terminal: Terminal, sessions: readonly SessionView[]): string[] {
  const placed = treeOf(sessions)
  const fits = (lines: readonly string[]) => lines.every((line) => widthOf(line) <= terminal.columns)
  for (let spared = 0; spared < SPARED.length; spared += 1) {
    const lines = linesOf(terminal, placed, SPARED.slice(0, spared), LEAST)
    if (fits(lines)) {
      const room = terminal.columns - Math.max(...lines.map(widthOf))
      return linesOf(terminal, placed, SPARED.slice(0, spared), Math.min(MOST, LEAST + room))
    }
  }
  return linesOf(terminal, placed, SPARED, LEAST)
}

function linesOf(
  terminal: Terminal,
  placed: readonly Placed[],
  spared: readonly string[],
  width: number,
): string[] {
  const isShown = (_: unknown, index: number) => !spared.includes(COLUMNS[index]?.title ?? '')
  const rows = placed.map((each) => rowOf(terminal, each, width).filter(isShown))
  const [head = '', ...lines] = table(COLUMNS.filter(isShown), rows)
  return [terminal.colour.dim(head), ...lines]
}

type Colours = Terminal['colour']

const STATE_COLOURS = {
  allow: ({ green }: Colours) => green,
  warn: ({ yellow }: Colours) => yellow,
  block: ({ red }: Colours) => red,
  halt: ({ red }: Colours) => red.bold,
  off: ({ dim }: Colours) => dim,
}

function rowOf({ colour }: Terminal, { session, depth }: Placed, width: number): string[] {
  const paint = STATE_COLOURS[session.state](colour)
  return [
    branch(depth) + nameOf(session),
    projectName(session),
    String(session.count),
    session.blockPerMin === 0 ? '-' : String(session.blockPerMin),
    paint(sparkline(session.perSecond, width)),
    String(session.peak),
    String(session.agents.length),
    String(session.denied),
    paint(session.state === 'halt' ? 'HALT' : session.state),
    nextCall(session),
  ]
}

/** What stands before a session below the one that it was started from. */
function branch(depth: number): string {
  return depth === 0 ? '' : `${'  '.repeat(Math.min(depth, DEEPEST) - 1)}└ `
}

function nameOf({ identity: { id, tenant } }: SessionView): string {
  return tenant ? `${shortId(id)}@${shortId(tenant)}` : shortId(id)
}

function nextCall({ state, retryAfterMs }: SessionView): string {
  if (state === 'halt') return 'after a prompt'
  if (retryAfterMs < 0) return 'never'
  return retryAfterMs === 0 ? 'now' : `in ${Math.ceil(retryAfterMs / 1000)} s`
}
