/** Sessions as a table that fits the terminal: what is least asked for is left out first. */

import { shortId } from '../../system/text.ts'
import { sparkline } from '../../terminal/sparkline.ts'
import { type Column, table } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { widthOf } from '../../terminal/width.ts'
import { projectName, type SessionView } from '../sessions.ts'

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

/** The lines, the heading first. */
export function tableOf(terminal: Terminal, sessions: readonly SessionView[]): string[] {
  const fits = (lines: readonly string[]) => lines.every((line) => widthOf(line) <= terminal.columns)
  for (let spared = 0; spared < SPARED.length; spared += 1) {
    const lines = linesOf(terminal, sessions, SPARED.slice(0, spared), LEAST)
    if (fits(lines)) {
      const room = terminal.columns - Math.max(...lines.map(widthOf))
      return linesOf(terminal, sessions, SPARED.slice(0, spared), Math.min(MOST, LEAST + room))
    }
  }
  return linesOf(terminal, sessions, SPARED, LEAST)
}

function linesOf(
  terminal: Terminal,
  sessions: readonly SessionView[],
  spared: readonly string[],
  width: number,
): string[] {
  const isShown = (_: unknown, index: number) => !spared.includes(COLUMNS[index]?.title ?? '')
  const rows = sessions.map((session) => rowOf(terminal, session, width).filter(isShown))
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

function rowOf({ colour }: Terminal, session: SessionView, width: number): string[] {
  const paint = STATE_COLOURS[session.state](colour)
  const { id, tenant } = session.identity
  return [
    tenant ? `${shortId(id)}@${shortId(tenant)}` : shortId(id),
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

function nextCall({ state, retryAfterMs }: SessionView): string {
  if (state === 'halt') return 'after a prompt'
  if (retryAfterMs < 0) return 'never'
  return retryAfterMs === 0 ? 'now' : `in ${Math.ceil(retryAfterMs / 1000)} s`
}
