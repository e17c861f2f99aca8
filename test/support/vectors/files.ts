/**
 * The test vectors of the log's format, for whoever writes another verifier: a log of two files, and damaged copies,
 * each with its verdict. Keys and times are fixed, and Ed25519 is deterministic: it is always the same bytes. Written
 * to docs/audit-vectors/ by scripts/audit-vectors.ts.
 */

import { type Link, linkAfter, sha256 } from '../../../src/audit/chain.ts'
import { encodeCheckpoint, verifierKey } from '../../../src/audit/checkpoint.ts'
import { publicPem } from '../../../src/audit/ed25519.ts'
import { FORMAT } from '../../../src/audit/line.ts'
import { EMPTY_TREE, growTree, type Tree, treeHash } from '../../../src/audit/merkle.ts'
import { DAMAGES } from './damages.ts'
import { chain, FIRST, KEYS, piecesOf, SECOND, SEEDS, soundLog } from './log.ts'

export interface Case {
  readonly name: string
  /** Paths below the folder of the vectors: files of one log, and the public key that a pruned log begins with. */
  readonly files: readonly string[]
  /** Of `verify.py`, and of `spikectl audit verify` for a copy without audit.db. */
  readonly exit: 0 | 1
  /** The first thing that is wrong, in spikectl's words; line 0 is the log as a whole. */
  readonly file?: string
  readonly line?: number
  readonly problem?: string
}

function treeOver(lines: readonly Buffer[]): Tree {
  const grower = growTree(EMPTY_TREE)
  for (const line of lines) grower.add(line.subarray(0, -1))
  return grower.tree()
}

/** The second file of the log with a record that the lines up to this one were pruned. */
function prunedFile({ first, second, end }: ReturnType<typeof soundLog>, { seq, sha }: Link): Buffer {
  const record = chain(end, KEYS.b)
  record.add({ event: 'prune', through_seq: seq, sha256: sha, tree: treeOver(first).roots })
  return Buffer.concat([...second, ...record.lines])
}

function damagedCopies(first: readonly Buffer[]) {
  const pieces = piecesOf(first)
  return Object.entries(DAMAGES).map(([name, { spoil, line, problem }]) => {
    const file = `damaged/${name}.jsonl`
    const verdict =
      problem === undefined ? ({ exit: 0 } as const) : ({ exit: 1, file, line, problem } as const)
    return { bytes: Buffer.concat(spoil(pieces)), verdict: { name, files: [file], ...verdict } as Case }
  })
}

/** All files by their paths. */
export function vectorFiles(): ReadonlyMap<string, string | Buffer> {
  const log = soundLog()
  const lines = [...log.first, ...log.second]
  const copies = damagedCopies(log.first)
  const root = treeHash(treeOver(lines)).toString('base64')
  const checkpoint = { log: log.end.log, size: lines.length, root }
  return new Map<string, string | Buffer>([
    [FIRST, log.closed],
    [SECOND, Buffer.concat(log.second)],
    [`pruned/${SECOND}`, prunedFile(log, log.afterFirst)],
    [
      `pruned-in-the-middle/${SECOND}`,
      prunedFile(log, linkAfter(log.afterFirst, KEYS.b.pub, log.second[0] ?? Buffer.alloc(0))),
    ],
    ['key-a.pub.pem', publicPem(KEYS.a.pub)],
    ['key-b.pub.pem', publicPem(KEYS.b.pub)],
    ['checkpoint.txt', encodeCheckpoint(checkpoint, KEYS.b)],
    ['checkpoint.vkey', `${verifierKey(log.end.log, KEYS.b.pub)}\n`],
    ...copies.map(({ bytes, verdict }) => [verdict.files[0] ?? '', bytes] as const),
    [
      'manifest.json',
      `${JSON.stringify(
        manifest(
          log,
          root,
          copies.map(({ verdict }) => verdict),
        ),
        null,
        2,
      )}\n`,
    ],
  ])
}

function manifest(
  { first, second, end }: ReturnType<typeof soundLog>,
  root: string,
  damaged: readonly Case[],
) {
  const key = (name: keyof typeof SEEDS) => {
    const { pub, key: id } = KEYS[name]
    return { name: id, seed: SEEDS[name], pub: pub.toString('base64url') }
  }
  const lines = [...first, ...second].map((line, seq) => {
    return { seq, event: String(JSON.parse(line.toString()).event), bytes: line.length, sha256: sha256(line) }
  })
  return {
    format: FORMAT,
    keys: { a: key('a'), b: key('b') },
    log: end.log,
    root,
    lines,
    cases: cases(damaged),
  }
}

function cases(damaged: readonly Case[]): Case[] {
  const missing = 'lines 0 to 5 are missing, and no prune record says so'
  const [cut, torn] = ['damaged/truncated-tail.jsonl', 'damaged/torn-tail.jsonl']
  const first = { file: SECOND, line: 1 }
  return [
    { name: 'sound', files: [FIRST, SECOND], exit: 0 },
    { name: 'pruned', files: [`pruned/${SECOND}`, 'key-b.pub.pem'], exit: 0 },
    { name: 'first-file-missing', files: [SECOND, 'key-b.pub.pem'], exit: 1, ...first, problem: missing },
    {
      name: 'pruned-in-the-middle',
      files: [`pruned-in-the-middle/${SECOND}`, 'key-b.pub.pem'],
      exit: 1,
      ...first,
      problem: missing,
    },
    { name: 'cut-off', files: [cut, SECOND], exit: 1, ...first, problem: 'key is not the active key' },
    {
      name: 'torn',
      files: [torn, SECOND],
      exit: 1,
      file: torn,
      line: 7,
      problem: 'unfinished append (no LF)',
    },
    ...damaged,
  ]
}
