/** `node bench/audit/verify.ts FOLDER full|fast`: verifies a log, in a process of its own, and prints what it took. */

import { verifyLog } from '../../src/audit/verify.ts'

export interface Verified {
  readonly lines: number
  readonly segments: number
  readonly wallMs: number
  /** Of this process, all threads. */
  readonly cpuMs: number
  /** The most memory that was resident, since the process began. */
  readonly peakKb: number
}

const [folder = '', mode] = process.argv.slice(2)
const start = performance.now()
const before = process.cpuUsage()
const { lines, segments, problem } = verifyLog({ folder }, { fast: mode === 'fast' })
const wallMs = performance.now() - start
const { user, system } = process.cpuUsage(before)
if (problem) throw new Error(`Expected the log to be sound, got ${JSON.stringify(problem)}`)
const verified: Verified = {
  ...{ lines, segments: segments.length, wallMs },
  cpuMs: (user + system) / 1000,
  peakKb: process.resourceUsage().maxRSS,
}
console.log(JSON.stringify(verified))
