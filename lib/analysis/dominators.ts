/**
 * The dominator tree.
 *
 * Lengauer and Tarjan, "A fast algorithm for finding dominators in a flowgraph" (TOPLAS 1979), the simple variant
 * with path compression: O(m log n) in the worst case, so a function with a hundred thousand early exits to one
 * block (where walking up the tree at every merge goes quadratic) costs no more than any other. All inner arrays
 * hold depth-first numbers, not block numbers:
 *
 * - `semi[w]` is the smallest number of a node with a path to `w` whose inner nodes are all larger than `w`;
 * - `label[v]` is the node of least `semi` on the path from `v` up to (not including) the root of its tree in the
 *   link-eval forest;
 * - after the first pass `idom[w]` is right, or names a node with smaller number that has the same dominator.
 *
 * No recursion: a block chain a million long is fine.
 */
import type { BlockId } from '../mir/instruction.ts';
import type { Cfg } from './cfg.ts';
import { int32, int32From } from './slab.ts';

/** The dominator tree of the reachable blocks. */
export interface Dominators {
  /** Immediate dominator of each block; −1 for the entry and for unreachable blocks. */
  readonly idom: Int32Array;
  /** Children of block `b` in the tree are `children[childStart[b] .. childStart[b + 1])`, in reverse postorder. */
  readonly childStart: Int32Array;
  readonly children: Int32Array;
  /** Reachable blocks in preorder of the tree (parents first, each subtree contiguous). */
  readonly preorder: Int32Array;
  /** Preorder number of each block, −1 when unreachable; its subtree is numbered `preIn[b] .. preOut[b]` inclusive. */
  readonly preIn: Int32Array;
  readonly preOut: Int32Array;
  /** Depth in the tree; the entry has 0, unreachable blocks −1. */
  readonly depth: Int32Array;
}

/** True when every path from the entry to `b` goes through `a` (a block dominates itself). False if either is unreachable. */
export function dominates(d: Dominators, a: BlockId, b: BlockId): boolean {
  return d.preIn[a] >= 0 && d.preIn[a] <= d.preIn[b] && d.preIn[b] <= d.preOut[a];
}

/**
 * Computes the tree.
 *
 * @example
 * const dom = computeDominators(buildCfg(f));
 * dominates(dom, 0, b) // => true for every reachable block b
 */
export function computeDominators(cfg: Cfg): Dominators {
  if (cfg.blockCount === 1) return SINGLE_BLOCK;
  const n = cfg.blockCount, { idom } = immediate(cfg);
  const childStart = int32(n + 1);
  for (let b = 0; b < n; b++) if (idom[b] >= 0) childStart[idom[b] + 1]++;
  for (let b = 0; b < n; b++) childStart[b + 1] += childStart[b];
  const children = int32(childStart[n]);
  const fill = int32From(childStart, n);
  for (let k = 0; k < cfg.rpo.length; k++) {
    const b = cfg.rpo[k];
    if (idom[b] >= 0) children[fill[idom[b]]++] = b;
  }
  const preorder = int32(cfg.rpo.length);
  const preIn = int32(n).fill(-1), preOut = int32(n).fill(-1), depth = int32(n).fill(-1);
  const next = int32From(childStart, n);
  let clock = 0, b = cfg.rpo.length > 0 ? 0 : -1;
  if (b === 0) { preorder[0] = 0; preIn[0] = clock++; depth[0] = 0; }
  while (b >= 0) {
    if (next[b] < childStart[b + 1]) {
      const c = children[next[b]++];
      depth[c] = depth[b] + 1;
      preorder[clock] = c;
      preIn[c] = clock++;
      b = c;
    } else {
      preOut[b] = clock - 1;
      b = idom[b];
    }
  }
  return { idom, childStart, children, preorder, preIn, preOut, depth };
}

const SINGLE_BLOCK: Dominators = {
  idom: Int32Array.of(-1), childStart: new Int32Array(2), children: new Int32Array(0), preorder: new Int32Array(1), preIn: new Int32Array(1),
  preOut: new Int32Array(1), depth: new Int32Array(1),
};

function immediate(cfg: Cfg): { readonly idom: Int32Array } {
  const n = cfg.blockCount, count = cfg.rpo.length;
  const idom = int32(n).fill(-1);
  if (count <= 1) return { idom };
  const number = int32(n).fill(-1), vertex = int32(count), parent = int32(count);
  number_(cfg, number, vertex, parent);

  const semi = int32(count), label = int32(count), ancestor = int32(count).fill(-1);
  const dom = int32(count), bucketHead = int32(count).fill(-1), bucketNext = int32(count);
  const path = int32(count);
  for (let v = 0; v < count; v++) { semi[v] = v; label[v] = v; }

  for (let w = count - 1; w > 0; w--) {
    const block = vertex[w];
    for (let e = cfg.predStart[block]; e < cfg.predStart[block + 1]; e++) {
      const v = number[cfg.preds[e]];
      if (v < 0) continue;
      const s = semi[evaluate(v, ancestor, label, semi, path)];
      if (s < semi[w]) semi[w] = s;
    }
    bucketNext[w] = bucketHead[semi[w]];
    bucketHead[semi[w]] = w;
    const p = parent[w];
    ancestor[w] = p;
    for (let v = bucketHead[p]; v >= 0; v = bucketNext[v]) {
      const u = evaluate(v, ancestor, label, semi, path);
      dom[v] = semi[u] < semi[v] ? u : p;
    }
    bucketHead[p] = -1;
  }
  for (let w = 1; w < count; w++) {
    if (dom[w] !== semi[w]) dom[w] = dom[dom[w]];
    idom[vertex[w]] = vertex[dom[w]];
  }
  return { idom };
}

/** Depth-first numbers and the tree's parents, by number. */
function number_(cfg: Cfg, number: Int32Array, vertex: Int32Array, parent: Int32Array): void {
  const next = int32From(cfg.succStart, cfg.blockCount);
  let count = 1, b = 0;
  number[0] = 0;
  vertex[0] = 0;
  parent[0] = -1;
  for (;;) {
    if (next[b] < cfg.succStart[b + 1]) {
      const s = cfg.succs[next[b]++];
      if (number[s] < 0) {
        parent[count] = number[b];
        vertex[count] = s;
        number[s] = count++;
        b = s;
      }
    } else {
      const p = parent[number[b]];
      if (p < 0) return;
      b = vertex[p];
    }
  }
}

/** EVAL of the paper with iterative path compression. */
function evaluate(v: number, ancestor: Int32Array, label: Int32Array, semi: Int32Array, path: Int32Array): number {
  if (ancestor[v] < 0) return label[v];
  let top = 0, x = v;
  while (ancestor[ancestor[x]] >= 0) {
    path[top++] = x;
    x = ancestor[x];
  }
  while (top > 0) {
    const y = path[--top], a = ancestor[y];
    if (semi[label[a]] < semi[label[y]]) label[y] = label[a];
    ancestor[y] = ancestor[a];
  }
  return label[v];
}
