/**
 * `node bench/audit/append.ts HOME I`: says "ready"; then, for each byte on stdin, appends one line to the audit log and
 * prints how long that took.
 */

import { readSync } from 'node:fs'
import { join } from 'node:path'
import { append } from '../../src/audit/append.ts'
import { DEFAULT_POLICY } from '../../src/guard/policy.ts'
import { patienceOf } from '../../src/system/deadline.ts'
import { blockEvent } from './event.ts'

/** In ms. */
export interface Appended {
  /** For the lock, with opening audit.db and looking where the log ends. */
  readonly wait: number
  /** Signing, writing, syncing, saving the head, and letting go. */
  readonly held: number
}

/** Much longer than a hook would wait: what is measured must not be cut off. */
const PATIENCE_MS = 60_000

const [home = '', i = '0'] = process.argv.slice(2)

console.log('ready')
while (readSync(0, Buffer.alloc(1)) > 0) console.log(JSON.stringify(appended()))

function appended(): Appended {
  const asked: number[] = []
  append({ audit: join(home, 'audit'), auditDb: join(home, 'audit.db') }, blockEvent(Number(i)), {
    patience: patienceOf(PATIENCE_MS),
    segmentBytes: DEFAULT_POLICY.audit.segmentBytes,
    // append() asks for the time just before it asks for the lock, and again once it holds it.
    clock: () => {
      asked.push(performance.now())
      return Date.now()
    },
  })
  const [before = Number.NaN, locked = Number.NaN] = asked
  return { wait: locked - before, held: performance.now() - locked }
}
