/**
 * `npm run bench -- NAME`: prints the README's numbers. Every number is a median or a ratio taken in one run,
 * because machines are shared and noisy.
 */

import { parseArgs } from 'node:util'
import { audit } from './audit.ts'
import { detection } from './detection.ts'
import { exactness } from './exactness.ts'
import { growth } from './growth.ts'
import { latency } from './latency.ts'
import { looks } from './looks.ts'
import type { Peer } from './measure.ts'
import { startup } from './startup.ts'

interface Arguments {
  /** Other hooks, to be measured beside ours. */
  readonly peers: readonly Peer[]
  /** So many busy loops run at the same time. */
  readonly beside: number
  /** What comes after the bench's name. */
  readonly places: readonly string[]
}

const BENCHES: Readonly<Record<string, (given: Arguments) => Promise<void>>> = {
  latency: ({ peers }) => latency(peers),
  exactness: ({ peers, beside }) => exactness(peers, beside),
  growth,
  looks,
  startup,
  audit,
  detection: ({ places }) => detection(places[0] ?? ''),
}
const USAGE = `usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [FOLDER] [--beside N] [--peer NAME=COMMAND]...`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: 'string', multiple: true, default: [] },
    beside: { type: 'string', default: '0' },
  },
})
const [name = '', ...places] = positionals
const bench = BENCHES[name]
const isWhole = /^\d{1,3}$/.test(values.beside)
if (!bench || !isWhole || places.length !== (name === 'detection' ? 1 : 0)) {
  console.error(USAGE)
  process.exit(2)
}
await bench({ peers: values.peer.map(peerOf), beside: Number(values.beside), places })

function peerOf(text: string): Peer {
  const [, name, command] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (name && command) return { name, command }
  console.error(`--peer ${text}: expected NAME=COMMAND\n${USAGE}`)
  process.exit(2)
}
