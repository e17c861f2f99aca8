/** What showing a log that may still grow needs, for `spikectl log` and `spikectl audit show`. */

import type { RawLine } from '../system/lines.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { clock, WHEN_WIDTH, when } from '../terminal/times.ts'

/** How often a followed log is looked at. */
export const POLL_MS = 300

/**
 * Calls `use` with each whole line of those from byte `start` on; returns where the last of them ended. A line
 * without its LF is still being written: it is left for the next look.
 */
export function eachWholeLine(lines: Iterable<RawLine>, start: number, use: (line: Buffer) => void): number {
  let end = start
  for (const { bytes, offset, ended } of lines) {
    if (!ended) break
    use(bytes)
    end = offset + bytes.length + 1
  }
  return end
}

/** How the time of a line is shown: one that is followed stays on the screen, where "4 min ago" would soon be wrong. */
export function timesFor({ follow = false }: { readonly follow?: boolean }): (at: number) => string {
  const started = Date.now()
  return (at) => (follow ? clock(at, Date.now()) : when(at, started))
}

/** The first column of a line; what is no time stands as it is. */
export function timeColumn(at: string, time: (at: number) => string, colour: Terminal['colour']): string {
  const ms = Date.parse(at)
  return colour.dim((Number.isNaN(ms) ? at : time(ms)).padEnd(WHEN_WIDTH))
}
