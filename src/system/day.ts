/** Local days: the clock of this machine, daylight saving included. */

/** The next local midnight after `ms`. Both are Unix ms. */
export function endOfDay(ms: number): number {
  const date = new Date(ms)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime()
}
