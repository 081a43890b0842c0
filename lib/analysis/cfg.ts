/**
 * The control-flow graph of a function as flat typed arrays, and its reverse postorder.
 *
 * Edges keep their multiplicity: a `br` whose two edges go to one block gives that block two equal predecessors, so
 * that the n-th successor is always the n-th edge of `forEachEdge`.
 */
import type { BlockId, Edge, Terminator } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { int32, int32From } from './slab.ts';

/** Successors, predecessors and order of the blocks of one function. */
export interface Cfg {
  readonly blockCount: number;
  /** Successors of block `b` are `succs[succStart[b] .. succStart[b + 1])`, in edge order. */
  readonly succStart: Int32Array;
  readonly succs: Int32Array;
  /** Predecessors likewise; unreachable ones are included. */
  readonly predStart: Int32Array;
  readonly preds: Int32Array;
  /** Reachable blocks in reverse postorder; the entry comes first. */
  readonly rpo: Int32Array;
  /** Position of each block in `rpo`, −1 when it is unreachable. */
  readonly rpoIndex: Int32Array;
}

/**
 * Builds the graph in time linear in blocks and edges.
 *
 * @example
 * const cfg = buildCfg(f);
 * for (const block of cfg.rpo) visit(f.blocks[block]);
 */
export function buildCfg(f: MirFunction): Cfg {
  const blocks = f.blocks, n = blocks.length;
  if (n === 1 && edgeCount(blocks[0].terminator) === 0) return SINGLE_BLOCK;
  const succStart = int32(n + 1);
  for (let b = 0; b < n; b++) succStart[b + 1] = succStart[b] + edgeCount(blocks[b].terminator);
  const succs = int32(succStart[n]);
  const predStart = int32(n + 1);
  for (let b = 0; b < n; b++) writeTargets(blocks[b].terminator, succs, succStart[b]);
  for (let e = 0; e < succs.length; e++) predStart[succs[e] + 1]++;
  const preds = int32(succs.length);
  fillPredecessors(n, succStart, succs, predStart, preds);
  return withOrder(n, succStart, succs, predStart, preds);
}

/**
 * The graph of a function made from another one's blocks, without looking at it: its block `k` ends as block `ends[k]`
 * did, and the block that was `b` is `number[b]` now (only of blocks that edges lead to). The blocks are in reverse
 * postorder.
 */
export function renumberedCfg(cfg: Cfg, n: number, ends: Int32Array, number: Int32Array): Cfg {
  const succStart = int32(n + 1), predStart = int32(n + 1), rpo = int32(n), rpoIndex = int32(n);
  for (let k = 0; k < n; k++) {
    succStart[k + 1] = succStart[k] + cfg.succStart[ends[k] + 1] - cfg.succStart[ends[k]];
    rpo[k] = rpoIndex[k] = k;
  }
  const succs = int32(succStart[n]), preds = int32(succs.length);
  for (let k = 0, at = 0; k < n; k++) {
    for (let e = cfg.succStart[ends[k]]; e < cfg.succStart[ends[k] + 1]; e++) {
      const to = number[cfg.succs[e]];
      succs[at++] = to;
      predStart[to + 1]++;
    }
  }
  fillPredecessors(n, succStart, succs, predStart, preds);
  return { blockCount: n, succStart, succs, predStart, preds, rpo, rpoIndex };
}

/** `predStart` holds the number of predecessors of each block, one place on. */
function fillPredecessors(n: number, succStart: Int32Array, succs: Int32Array, predStart: Int32Array, preds: Int32Array): void {
  for (let b = 0; b < n; b++) predStart[b + 1] += predStart[b];
  const fill = int32From(predStart, n);
  for (let b = 0; b < n; b++) {
    for (let e = succStart[b]; e < succStart[b + 1]; e++) preds[fill[succs[e]]++] = b;
  }
}

/** Number of edges that leave through a terminator. */
export function edgeCount(t: Terminator): number {
  switch (t.kind) {
    case 'jump': return 1;
    case 'br': return 2;
    case 'switch': return t.cases.length + 1;
    case 'ret': case 'tail_call': case 'tail_call_indirect': case 'trap': return 0;
    default: return t satisfies never;
  }
}

function writeTargets(t: Terminator, out: Int32Array, at: number): void {
  switch (t.kind) {
    case 'jump': out[at] = t.target.block; return;
    case 'br': out[at] = t.then.block; out[at + 1] = t.else.block; return;
    case 'switch':
      for (let k = 0; k < t.cases.length; k++) out[at + k] = t.cases[k].target.block;
      out[at + t.cases.length] = t.default.block;
      return;
    case 'ret': case 'tail_call': case 'tail_call_indirect': case 'trap': return;
    default: t satisfies never;
  }
}

/**
 * Adds the order. Successors are walked last first, so that in the order a block's first successor comes before its
 * other ones: `then` before `else`, a loop's body before its exit when the body is the first edge.
 */
function withOrder(n: number, succStart: Int32Array, succs: Int32Array, predStart: Int32Array, preds: Int32Array): Cfg {
  const rpoIndex = int32(n).fill(-1);
  const stack = int32(n), next = int32(n), post = int32(n);
  let count = 0, depth = 0;
  if (n > 0) {
    stack[0] = 0;
    next[0] = succStart[1];
    rpoIndex[0] = 0;
    depth = 1;
  }
  while (depth > 0) {
    const b = stack[depth - 1];
    if (next[b] > succStart[b]) {
      const s = succs[--next[b]];
      if (rpoIndex[s] < 0) {
        rpoIndex[s] = 0;
        next[s] = succStart[s + 1];
        stack[depth++] = s;
      }
    } else {
      depth--;
      post[count++] = b;
    }
  }
  const rpo = int32(count);
  for (let k = 0; k < count; k++) {
    const b = post[count - 1 - k];
    rpo[k] = b;
    rpoIndex[b] = k;
  }
  return { blockCount: n, succStart, succs, predStart, preds, rpo, rpoIndex };
}

/** The graph of every function of one block. */
const SINGLE_BLOCK: Cfg = {
  blockCount: 1, succStart: new Int32Array(2), succs: new Int32Array(0), predStart: new Int32Array(2), preds: new Int32Array(0),
  rpo: new Int32Array(1), rpoIndex: new Int32Array(1),
};

/** The edges that enter each block, aligned with `cfg.preds`: entry `e` belongs to the edge from `cfg.preds[e]`. */
export function incomingEdges(f: MirFunction, cfg: Cfg): readonly Edge[] {
  const edges = new Array<Edge>(cfg.preds.length), fill = int32From(cfg.predStart, cfg.blockCount);
  for (const b of f.blocks) {
    const t = b.terminator;
    switch (t.kind) {
      case 'jump': edges[fill[t.target.block]++] = t.target; break;
      case 'br':
        edges[fill[t.then.block]++] = t.then;
        edges[fill[t.else.block]++] = t.else;
        break;
      case 'switch':
        for (let k = 0; k < t.cases.length; k++) edges[fill[t.cases[k].target.block]++] = t.cases[k].target;
        edges[fill[t.default.block]++] = t.default;
        break;
      case 'ret': case 'tail_call': case 'tail_call_indirect': case 'trap': break;
      default: t satisfies never;
    }
  }
  return edges;
}

/** True when some path leads from the entry to the block. */
export function isReachable(cfg: Cfg, block: BlockId): boolean {
  return cfg.rpoIndex[block] >= 0;
}
