/**
 * `npm run bench -- NAME`: prints the README's numbers. Every number is a median or a ratio taken in one run,
 * because machines are shared and noisy.
 */

import { parseArgs } from 'node:util'
import { audit } from './audit.ts'
import { exactness } from './exactness.ts'
import { growth } from './growth.ts'
import { latency } from './latency.ts'
import type { Peer } from './measure.ts'
import { startup } from './startup.ts'

const BENCHES: Readonly<Record<string, (peers: readonly Peer[]) => Promise<void>>> = {
  latency,
  exactness,
  growth,
  startup,
  audit,
}
const USAGE = `usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--peer NAME=COMMAND]...`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { peer: { type: 'string', multiple: true, default: [] } },
})
const bench = BENCHES[positionals[0] ?? '']
if (!bench || positionals.length !== 1) {
  console.error(USAGE)
  process.exit(2)
}
await bench(values.peer.map(peerOf))

function peerOf(text: string): Peer {
  const [, name, command] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (name && command) return { name, command }
  console.error(`--peer ${text}: expected NAME=COMMAND\n${USAGE}`)
  process.exit(2)
}
