/**
 * Pruning: the oldest files are removed, after a signed record says up to which line. The record also holds the
 * Merkle tree of what is removed, so that checkpoints of the whole log can still be verified.
 */

import { rmSync } from 'node:fs'
import { failure } from '../failure.ts'
import { type AppendOptions, type AuditFiles, append, type Signed } from './append.ts'
import type { Link } from './chain.ts'
import { syncFolder } from './files.ts'
import { EMPTY_TREE, growTree, type Tree } from './merkle.ts'
import { pruneRecord, type Report } from './verify.ts'
import { type SegmentEnd, walk } from './walk.ts'

/** Which files may go: all but the newest `keep`, or those whose last line is older than `before`. */
export type Choice = { readonly keep: number } | { readonly before: Date }

/** The files to remove, oldest first. The last file, in which the log goes on, is never among them. */
export function prunable({ ends }: Report, choice: Choice): readonly SegmentEnd[] {
  const closed = ends.slice(0, -1)
  if ('keep' in choice) return closed.slice(0, Math.max(0, ends.length - choice.keep))
  const young = closed.findIndex(({ at }) => !(Date.parse(at) < choice.before.getTime()))
  return young === -1 ? closed : closed.slice(0, young)
}

/** Removes files that `report` found sound. Stopped half way, it can simply be done again. */
export function prune(
  files: AuditFiles,
  report: Report,
  doomed: readonly SegmentEnd[],
  options: AppendOptions,
): Signed {
  const last = doomed.at(-1)
  if (!last) throw new Error('Expected something to prune')
  const { roots } = treeOf(report, last.link.seq + 1)
  const record = { event: 'prune', through_seq: last.link.seq, sha256: last.link.sha, tree: roots }
  const signed = append(files, record, options)
  for (const { segment } of doomed) rmSync(segment.file)
  syncFolder(files.audit)
  return signed
}

/** The Merkle tree over the first `size` lines of a log that was found sound. */
export function treeOf({ segments, records, from, first }: Report, size: number): Tree {
  const grower = growTree(from.seq < 0 ? EMPTY_TREE : prunedTree(records, from))
  let count = first
  const onLine = (bytes: Buffer) => {
    if (count < size) grower.add(bytes)
    count += 1
  }
  walk(segments, { from, fast: true, onLine })
  const tree = grower.tree()
  if (tree.size === size) return tree
  throw failure(
    `the first ${size} lines cannot be counted: lines 0 to ${first - 1} are pruned`,
    'Take a checkpoint that is newer than the prune',
  )
}

function prunedTree(records: Report['records'], last: Link): Tree {
  const record = pruneRecord(records, last)?.members
  const roots = record?.through_seq === last.seq && Array.isArray(record.tree) ? record.tree : undefined
  if (roots?.every((root) => typeof root === 'string')) return { size: last.seq + 1, roots }
  throw failure(
    `a prune up to line ${last.seq} was stopped half way, so the tree of what is gone is not known`,
    'Run: spikectl audit prune --keep 1',
  )
}
