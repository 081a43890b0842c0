/**
 * Natural loops and their nesting.
 *
 * A loop is a header `h` and every block from which a back edge to `h` (an edge whose source `h` dominates) is
 * reached without passing `h`. Headers are taken innermost first (descending reverse postorder) and bodies found by
 * walking predecessors; a loop already found is stepped over in one go from its header, with union-find to its
 * outermost ancestor, so the whole is near-linear however deep the nesting is.
 *
 * A cycle entered at two places has no header that dominates it; it is not a loop here, and `irreducible` says that
 * such a cycle exists.
 */
import type { BlockId } from '../mir/instruction.ts';
import type { Cfg } from './cfg.ts';
import { dominates, type Dominators } from './dominators.ts';
import { int32, uint8 } from './slab.ts';

/** The loops of a function. Loops are numbered innermost first: a loop's parent has a larger number. */
export interface Loops {
  readonly count: number;
  /** Header block of each loop. */
  readonly headers: Int32Array;
  /** The loop around each loop, or −1. */
  readonly parents: Int32Array;
  /** Nesting depth of each loop, 1 for an outermost one. */
  readonly loopDepth: Int32Array;
  /** Innermost loop of each block, or −1. */
  readonly loopOf: Int32Array;
  /** Header block of the innermost loop of each block, or −1. */
  readonly header: Int32Array;
  /** Number of loops around each block, 255 at most. */
  readonly depth: Uint8Array;
  /** True when the function has a cycle that is not a natural loop. */
  readonly irreducible: boolean;
}

/**
 * Finds the loops.
 *
 * @example
 * const loops = computeLoops(cfg, dom);
 * loops.depth[b] // => 2 for a block of an inner loop of two
 */
export function computeLoops(cfg: Cfg, dom: Dominators): Loops {
  if (cfg.blockCount === 1 && cfg.succs.length === 0) return NO_LOOPS;
  const n = cfg.blockCount;
  const loopOf = int32(n).fill(-1), header = int32(n).fill(-1), depth = uint8(n);
  const heads: number[] = [];
  let irreducible = false;
  for (let k = cfg.rpo.length - 1; k >= 0; k--) {
    const h = cfg.rpo[k];
    let isHeader = false;
    for (let e = cfg.predStart[h]; e < cfg.predStart[h + 1]; e++) {
      const p = cfg.preds[e];
      if (cfg.rpoIndex[p] < k) continue; // also unreachable ones
      if (dominates(dom, h, p)) isHeader = true; else irreducible = true;
    }
    if (isHeader) heads.push(h);
  }
  const count = heads.length;
  const headers = Int32Array.from(heads), parents = int32(count).fill(-1), loopDepth = int32(count);
  if (count > 0) fillBodies(cfg, dom, headers, parents, loopOf);
  for (let l = count - 1; l >= 0; l--) loopDepth[l] = parents[l] < 0 ? 1 : loopDepth[parents[l]] + 1;
  for (let b = 0; b < n; b++) {
    const l = loopOf[b];
    if (l < 0) continue;
    header[b] = headers[l];
    depth[b] = Math.min(255, loopDepth[l]);
  }
  return { count, headers, parents, loopDepth, loopOf, header, depth, irreducible };
}

/** In a function of one block. */
const NO_LOOPS: Loops = {
  count: 0, headers: new Int32Array(0), parents: new Int32Array(0), loopDepth: new Int32Array(0), loopOf: Int32Array.of(-1), header: Int32Array.of(-1),
  depth: new Uint8Array(1), irreducible: false,
};

function fillBodies(cfg: Cfg, dom: Dominators, headers: Int32Array, parents: Int32Array, loopOf: Int32Array): void {
  const outer = int32(headers.length); // union-find towards the outermost loop known so far
  for (let l = 0; l < outer.length; l++) outer[l] = l;
  const work: number[] = [];
  for (let l = 0; l < headers.length; l++) {
    const h = headers[l];
    for (let e = cfg.predStart[h]; e < cfg.predStart[h + 1]; e++) {
      if (dominates(dom, h, cfg.preds[e])) work.push(cfg.preds[e]);
    }
    while (work.length > 0) {
      const b = work.pop()!;
      let from = b;
      if (loopOf[b] < 0) {
        loopOf[b] = l;
      } else {
        const inner = find(outer, loopOf[b]);
        if (inner === l) continue;
        parents[inner] = l;
        outer[inner] = l;
        from = headers[inner];
      }
      if (from === h) continue;
      for (let e = cfg.predStart[from]; e < cfg.predStart[from + 1]; e++) {
        const p = cfg.preds[e];
        if (cfg.rpoIndex[p] >= 0 && (loopOf[p] < 0 || find(outer, loopOf[p]) !== l)) work.push(p);
      }
    }
    if (loopOf[h] < 0) loopOf[h] = l;
  }
}

function find(outer: Int32Array, l: number): number {
  while (outer[l] !== l) {
    outer[l] = outer[outer[l]];
    l = outer[l];
  }
  return l;
}

/** Nests deeper than this are left alone by passes whose work grows with the depth. */
export const DEEP_NEST = 64;

/** True when some loop is nested deeper than {@link DEEP_NEST}. */
export function isDeeplyNested(loops: Loops): boolean {
  for (let l = 0; l < loops.count; l++) if (loops.loopDepth[l] > DEEP_NEST) return true;
  return false;
}

/** True when `block` is in loop `loop` or in a loop inside it. */
export function inLoop(loops: Loops, block: BlockId, loop: number): boolean {
  let l = loops.loopOf[block];
  while (l >= 0 && l < loop) l = loops.parents[l];
  return l === loop;
}
