/** What a process said of the log before it was killed, and what the log is worth afterwards. */

import { join } from 'node:path'
import { BEFORE_GENESIS, sha256 } from '../../src/audit/chain.ts'
import { readHead } from '../../src/audit/head.ts'
import { segmentsIn } from '../../src/audit/segments.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { type Walk, walk } from '../../src/audit/walk.ts'
import { patienceOf } from '../../src/system/deadline.ts'
import type { Ended } from './processes.ts'

const LOCK_WAIT_MS = 30_000

/** A line that somebody was told is in the log. */
export interface Acknowledged {
  /** First digits of the log's id. */
  readonly log: string
  readonly seq: number
  /** First digits of the line's hash; of a rotation, which does not print them, none. */
  readonly sha: string
  readonly isRotation: boolean
}

const REFUSAL = /\[audit ([0-9a-f]{8})#(\d+) ([0-9a-f]{4})…\]\n$/
/** What the process that signs tells the hook. */
const RECORD = /^\{"audit":"([0-9a-f]{8})#(\d+) ([0-9a-f]{4})…"/
const ROTATION = /^audit ([0-9a-f]{8}): line (\d+), signed by the old key, names the new one\n$/

/** The line that a block or a rotation named, if the words got out. */
export function acknowledged({ stdout, stderr }: Ended): Acknowledged | undefined {
  const [, log, seq, sha = ''] = REFUSAL.exec(stderr) ?? RECORD.exec(stdout) ?? ROTATION.exec(stdout) ?? []
  return log && seq ? { log, seq: Number(seq), sha, isRotation: sha === '' } : undefined
}

export interface Aftermath {
  /** What the verifier finds wrong with the log, if anything. */
  readonly alarm: string | undefined
  readonly holds: (line: Acknowledged) => boolean
  /** What its lines tell of, in order. */
  readonly events: readonly string[]
}

/** The log in the light of what audit.db says of its end. */
export function aftermathOf(home: string): Aftermath {
  const folder = join(home, 'audit')
  // Who was killed a moment ago may hold its lock still.
  const head = readHead(join(home, 'audit.db'), patienceOf(LOCK_WAIT_MS))
  const { problem, truncated } = verifyLog({ folder }, { head })
  return { ...filesOf(home), alarm: problem ? wordsOf(problem) : truncated }
}

/** The same from the files alone. Opening audit.db would tidy up what a kill left in it, before the next run can. */
export function filesOf(home: string): Aftermath {
  const hashes: string[] = []
  const events: string[] = []
  const { link, problem } = walk(segmentsIn(join(home, 'audit')), {
    from: BEFORE_GENESIS,
    onLine: (bytes) => {
      hashes.push(sha256(Buffer.concat([bytes, Buffer.from('\n')])))
      events.push(JSON.parse(bytes.toString()).event)
    },
  })
  const holds = ({ log, seq, sha, isRotation }: Acknowledged) =>
    link.log.startsWith(log) &&
    hashes[seq]?.startsWith(sha) === true &&
    (events[seq] === 'rotate') === isRotation
  return { alarm: problem && wordsOf(problem), holds, events }
}

function wordsOf({ file, line, what }: NonNullable<Walk['problem']>): string {
  return `${file}:${line}: ${what}`
}
