import type { ChalkInstance } from 'chalk'

export interface Progress {
  add(amount: number): void
  /** Takes the bar away. */
  done(): void
}

const AFTER_MS = 1000
const EVERY_MS = 100
const WIDTH = 30

const NOT_SHOWN: Progress = { add: () => undefined, done: () => undefined }

/**
 * A bar on stderr for work that takes over a second, where stderr is a terminal; else nothing is shown. Drawn at
 * once and not by a timer: the work may never return to the event loop.
 */
export function openProgress(label: string, total: number, colour: ChalkInstance): Progress {
  if (!process.stderr.isTTY) return NOT_SHOWN
  const start = performance.now()
  let done = 0
  let drawn = start + AFTER_MS - EVERY_MS
  let isShown = false
  return {
    add(amount) {
      done += amount
      const now = performance.now()
      if (now - drawn < EVERY_MS) return
      drawn = now
      isShown = true
      const share = total > 0 ? Math.min(1, done / total) : 1
      const filled = Math.round(share * WIDTH)
      const bar = `${'█'.repeat(filled)}${colour.dim('░'.repeat(WIDTH - filled))}`
      process.stderr.write(`\r${label} ${bar} ${Math.floor(share * 100)} %`)
    },
    done() {
      if (isShown) process.stderr.write('\r\x1b[K')
    },
  }
}
