/** Times as people read them: how long ago, and on the clock where they are. All in Unix ms. */

import { counted } from '../system/plural.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "4 minutes ago". */
export function ago(at: number, now: number): string {
  const { count, unit } = span(at, now)
  return count === 0 ? 'just now' : `${counted(count, unit)} ago`
}

/** "14:32:07", with the day if it is another one than today's: "Nov 21 14:32". */
export function clock(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)]
  const time = then.toTimeString()
  if (then.toDateString() === today.toDateString()) return time.slice(0, 8)
  // As ECMAScript fixes it, whatever the language: "Sat Nov 21 2026".
  const [, month, day, year] = then.toDateString().split(' ')
  return then.getFullYear() === today.getFullYear()
    ? `${month} ${day} ${time.slice(0, 5)}`
    : `${month} ${day} ${year}`
}

/** At most this wide is what `when` says. */
export const WHEN_WIDTH = 12

/** For a column: "4 min ago" within the last hour, then as the clock says it. */
export function when(at: number, now: number): string {
  const { count, unit } = span(at, now)
  if (count === 0) return 'now'
  if (unit === 'second') return `${count} s ago`
  return unit === 'minute' ? `${count} min ago` : clock(at, now)
}

/** A time that lies ahead, as after a step of the clock, is now. */
function span(at: number, now: number): { count: number; unit: 'second' | 'minute' | 'hour' | 'day' } {
  const ms = Math.max(0, now - at)
  if (ms < MINUTE) return { count: Math.floor(ms / 1000), unit: 'second' }
  if (ms < HOUR) return { count: Math.floor(ms / MINUTE), unit: 'minute' }
  if (ms < 2 * DAY) return { count: Math.floor(ms / HOUR), unit: 'hour' }
  return { count: Math.floor(ms / DAY), unit: 'day' }
}
