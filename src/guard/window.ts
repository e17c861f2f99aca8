/**
 * The sliding window: 60 buckets of one second, aged on access.
 *
 * Invariants:
 * - `buckets` always has 60 entries, oldest first; `buckets[59]` is the second `newest`.
 * - Every count, and the sum of them, saturates at MAX_COUNT instead of overflowing.
 * - The window never over-counts. It under-counts a true 60 s window by at most the calls of the oldest,
 *   partly expired second.
 *
 * The clock is the wall clock, which may step. Forward, calls age as if the time had passed. Back by up to a
 * window, time stands still until the clock has caught up: no call is forgotten and none is kept for more
 * than a window longer. Back by more than that, the window is rebased: the counts keep their ages, and the
 * newest bucket becomes now.
 */

export const WINDOW_SECONDS = 60
export const WINDOW_MS = WINDOW_SECONDS * 1000

/** The highest count that a bucket, or the whole window, can show. */
export const MAX_COUNT = 0xffff_ffff

export interface Window {
  /** The Unix second of the newest bucket. */
  readonly newest: number
  /** Calls in each second, oldest first. */
  readonly buckets: readonly number[]
}

const NO_CALLS: readonly number[] = new Array<number>(WINDOW_SECONDS).fill(0)

/** An empty window that ends at `now` (Unix ms). */
export function emptyWindow(now: number): Window {
  return { newest: Math.floor(now / 1000), buckets: NO_CALLS }
}

/** The same window at `now` (Unix ms): seconds that have left it are dropped. */
export function aged(window: Window, now: number): Window {
  const second = Math.floor(now / 1000)
  const passed = second - window.newest
  if (passed < -WINDOW_SECONDS) return { newest: second, buckets: window.buckets }
  if (passed <= 0) return window
  if (passed >= WINDOW_SECONDS) return emptyWindow(now)
  return { newest: second, buckets: [...window.buckets.slice(passed), ...NO_CALLS.slice(0, passed)] }
}

/** The window with one more call in its newest second. Age it first. */
export function withCall(window: Window): Window {
  const last = window.buckets[WINDOW_SECONDS - 1] ?? 0
  return { newest: window.newest, buckets: [...window.buckets.slice(0, -1), Math.min(last + 1, MAX_COUNT)] }
}

/** How many calls the window holds, 0 to MAX_COUNT. Age it first. */
export function countOf(window: Window): number {
  let sum = 0
  for (const calls of window.buckets) sum += calls
  return Math.min(sum, MAX_COUNT)
}

/**
 * The Unix ms from which the window holds at most `most` calls if no further call comes;
 * undefined when that can never be (`most` below 0).
 */
export function emptiesTo(window: Window, most: number): number | undefined {
  if (most < 0) return undefined
  let left = window.buckets.reduce((sum, calls) => sum + calls, 0)
  let second = window.newest
  for (const calls of window.buckets) {
    if (left <= most) break
    left -= calls
    second += 1
  }
  return second * 1000
}
