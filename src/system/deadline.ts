/** Stops the whole process for `ms`. Only for programs that have nothing else to do meanwhile. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** How long one may still wait, in ms from now. Shared by all waits that together have a limit. */
export type Patience = () => number

export function patienceOf(ms: number): Patience {
  return patienceUntil(sinceStart() + ms)
}

/** The time until `ms` after the start of this process. */
export function patienceUntil(ms: number): Patience {
  return () => Math.max(0, Math.round(ms - sinceStart()))
}

/** Milliseconds since this process began. Not `performance.now()`: Node would have to load what is behind it. */
export function sinceStart(): number {
  return process.uptime() * 1000
}

/** Milliseconds of a clock that never steps, and that all processes of this machine share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}
