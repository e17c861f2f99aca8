const BARS = '▁▂▃▄▅▆▇█'

/** The counts as bars, in at most `width` characters; neighbours are added together until they fit. */
export function sparkline(counts: readonly number[], width: number): string {
  const perBar = Math.ceil(counts.length / width)
  const sums: number[] = []
  for (let from = 0; from < counts.length; from += perBar) {
    sums.push(counts.slice(from, from + perBar).reduce((sum, count) => sum + count, 0))
  }
  const highest = Math.max(...sums)
  return sums.map((sum) => (sum === 0 ? ' ' : barOf(sum / highest))).join('')
}

function barOf(share: number): string {
  return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))] ?? ''
}
