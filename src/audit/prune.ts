/**
 * Pruning: the oldest files are removed, after a signed record says up to which line. The record also holds the
 * Merkle tree of what is removed, so that checkpoints of the whole log can still be verified.
 */

import { rmSync } from 'node:fs'
import { failure } from '../failure.ts'
import { type AppendOptions, type AuditFiles, append } from './append.ts'
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
): void {
  const last = doomed.at(-1)?.link
  if (last && last.seq >= recordedTree(report).size) {
    const { roots } = treeOf(report, last.seq + 1)
    append(files, { event: 'prune', through_seq: last.seq, sha256: last.sha, tree: roots }, options)
  }
  for (const { segment } of doomed) rmSync(segment.file)
  syncFolder(files.audit)
}

/** The Merkle tree over the first `size` lines of a log that was found sound. */
export function treeOf(report: Report, size: number): Tree {
  const { segments, from, first } = report
  const before = recordedTree(report)
  const grower = growTree(before)
  let seq = first
  const onLine = (bytes: Buffer) => {
    if (seq >= before.size && seq < size) grower.add(bytes)
    seq += 1
  }
  walk(segments, { from, fast: true, onLine })
  if (size === grower.tree().size) return grower.tree()
  throw failure(
    `the first ${size} lines cannot be counted: those before line ${before.size} are pruned`,
    'Take a checkpoint that is newer than the prune',
  )
}

/** The tree over what was pruned, as its record holds it. */
function recordedTree({ records, from }: Report): Tree {
  const { through_seq: through, tree } = pruneRecord(records, from)?.members ?? {}
  if (typeof through !== 'number' || !Array.isArray(tree)) return EMPTY_TREE
  return { size: through + 1, roots: tree.filter((root) => typeof root === 'string') }
}
