/** The Merkle tree over the lines of a log: what checkpoints are made of. */

import { failure } from '../system/failure.ts'
import { EMPTY_TREE, growTree, rootsIn, type Tree } from './merkle.ts'
import { pruneRecord, type Report } from './verify.ts'
import { walk } from './walk.ts'

/**
 * The tree over the first `size` lines of a log that was found sound. Lines that are there are always hashed; a prune
 * record is believed only for those that are gone, and only with lines after them: by itself it would prove nothing.
 */
export function treeOf(report: Report, size: number): Tree {
  const { first } = report
  const pruned = first === 0 ? EMPTY_TREE : recordedTree(report)
  if (pruned.size === first && (first === 0 || size > first)) return treeGrownFrom(report, pruned, size)
  throw failure(
    `the first ${size} lines cannot be compared: lines 0 to ${Math.max(first, pruned.size) - 1} are pruned`,
    pruned.size > first
      ? 'Run: spikectl audit prune --keep 1'
      : 'Take a checkpoint that is newer than the prune',
  )
}

/** The tree over the first `size` lines, given that over some of them. */
export function treeGrownFrom({ segments, from, first }: Report, before: Tree, size: number): Tree {
  const grower = growTree(before)
  let seq = first
  const onLine = (bytes: Buffer) => {
    if (seq >= before.size && seq < size) grower.add(bytes)
    seq += 1
  }
  walk(segments, { from, fast: true, onLine })
  return grower.tree()
}

/** The tree over what was pruned, as its record holds it; empty when there is none. */
export function recordedTree(report: Report): Tree {
  const { through_seq: through, tree } = pruneRecord(report, report.from)?.members ?? {}
  if (typeof through !== 'number' || !Array.isArray(tree)) return EMPTY_TREE
  const roots = tree.filter((root) => typeof root === 'string' && /^[0-9a-f]{64}$/.test(root))
  return roots.length === rootsIn(through + 1) ? { size: through + 1, roots: roots.map(String) } : EMPTY_TREE
}
