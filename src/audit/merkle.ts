/**
 * The Merkle tree of RFC 6962, 2.1, over the lines of a log (each without its LF), grown line by line: it keeps
 * the roots of its complete subtrees only, which are as many as the number of lines has 1s in binary.
 */

import { createHash } from 'node:crypto'

export interface Tree {
  readonly size: number
  /** Hex, of the largest subtree first. */
  readonly roots: readonly string[]
}

export const EMPTY_TREE: Tree = { size: 0, roots: [] }

export interface TreeGrower {
  add(line: Uint8Array): void
  tree(): Tree
}

/** Grows a tree from where it stands. */
export function growTree(from: Tree): TreeGrower {
  const roots: Buffer[] = from.roots.map((root) => Buffer.from(root, 'hex'))
  let { size } = from
  return {
    add(line) {
      let root = hashed(0, line)
      // Two complete subtrees of the same size are one of twice the size.
      for (let level = size; level % 2 === 1; level = Math.floor(level / 2)) {
        root = hashed(1, roots.pop() ?? Buffer.alloc(0), root)
      }
      roots.push(root)
      size += 1
    },
    tree: () => ({ size, roots: roots.map((root) => root.toString('hex')) }),
  }
}

/** The hash that stands for all lines of the tree, and their order. */
export function treeHash({ roots }: Tree): Buffer {
  const [last, ...rest]: Buffer[] = roots.map((root) => Buffer.from(root, 'hex')).reverse()
  if (!last) return createHash('sha256').digest()
  return rest.reduce((right, left) => hashed(1, left, right), last)
}

/** A leaf and a node never have the same hash, because they begin with different bytes. */
function hashed(kind: 0 | 1, ...parts: readonly Uint8Array[]): Buffer {
  const digest = createHash('sha256').update(Uint8Array.of(kind))
  for (const part of parts) digest.update(part)
  return digest.digest()
}

/** How many complete subtrees a tree of this size has: the 1s of it in binary. */
export function rootsIn(size: number): number {
  return size.toString(2).replaceAll('0', '').length
}
