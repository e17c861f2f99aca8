const DEADLINE_MS = 90_000
const PAUSE_MS = 20

/** Waits until something has happened; throws when it takes too long. */
export async function eventually(what: string, hasHappened: () => boolean): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  while (!hasHappened()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${DEADLINE_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
