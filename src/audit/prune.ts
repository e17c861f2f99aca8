/**
 * Pruning: the oldest files are removed, after a signed record says up to which line. The record also holds the
 * Merkle tree of what is removed, so that checkpoints of the whole log can still be verified.
 */

import { rmSync } from 'node:fs'
import { type AppendOptions, type AuditFiles, append } from './append.ts'
import { syncFolder } from './files.ts'
import { removeDrafts } from './segments.ts'
import { recordedTree, treeGrownFrom } from './tree.ts'
import type { Report } from './verify.ts'
import type { SegmentEnd } from './walk.ts'

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
  const recorded = recordedTree(report)
  if (last && last.seq >= recorded.size) {
    const { roots } = treeGrownFrom(report, recorded, last.seq + 1)
    append(
      files,
      { event: 'prune', through_seq: last.seq, sha256: last.sha, tree: roots },
      {
        ...options,
        settle: () => removeDrafts(files.audit),
      },
    )
  }
  // Somebody else may have pruned meanwhile.
  for (const { segment } of doomed) rmSync(segment.file, { force: true })
  syncFolder(files.audit)
}
