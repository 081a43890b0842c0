/**
 * Which machine blocks a function gets, and in which order: reachable MIR blocks, one block for every critical edge
 * or edge with arguments out of a branch, and a prologue block when the entry is the target of a branch.
 *
 * Order: reverse postorder in which a branch's first successor follows it; then every loop is made contiguous; a
 * loop whose header leaves it and whose last block jumps back is *rotated*: the header moves to the end, so that an
 * iteration takes one branch and no jump; blocks from which only a trap can be reached come last.
 *
 * Equal edges of one terminator (same target, same arguments) become one successor. A block parameter with only one
 * incoming edge is the edge's argument under another name, see {@link BlockOrder.alias}.
 */
import { buildCfg } from '../analysis/cfg.ts';
import { computeDominators, dominates, type Dominators } from '../analysis/dominators.ts';
import { computeLoops, type Loops } from '../analysis/loops.ts';
import { int32, uint8 } from '../analysis/slab.ts';
import type { Edge, Terminator } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';

/** Rotating costs time proportional to the loop's size for each level of nesting, so it stops at this depth. */
const MAX_ROTATED_DEPTH = 24;
const NO_EDGES: readonly Edge[] = [];

/** The plan for one function. Nodes `0..blocks` are MIR blocks, then come edge blocks, then perhaps the prologue. */
export interface BlockOrder {
  /** Nodes in emission order. */
  readonly order: Int32Array;
  /** Reachable MIR blocks in reverse postorder. */
  readonly rpo: Int32Array;
  /** Position of each node in `order`, −1 if it is not emitted. */
  readonly position: Int32Array;
  /** For an edge node (index node − blocks): the edge it carries. */
  readonly edges: readonly Edge[];
  /** The distinct edges out of each MIR block, in terminator order. */
  readonly exits: readonly (readonly Edge[])[];
  /** For every MIR block the nodes its distinct edges lead to (the target itself, or an edge node). */
  readonly exitNodes: readonly (readonly number[])[];
  /** The node that receives the function's arguments: 0, or the prologue. */
  readonly entryNode: number;
  /** 1 where a MIR block's parameters are only names for the single incoming edge's arguments. */
  readonly singleEntry: Uint8Array;
  /** For every value the value it stands for (parameters of blocks with one incoming edge), else itself. */
  readonly alias: Int32Array;
  /** Loop depth, coldness and wished alignment (0: none) by node. */
  readonly depth: Uint8Array;
  readonly cold: Uint8Array;
  readonly alignment: Uint8Array;
}

/** Every edge of a terminator, in order. */
export function edgesOf(t: Terminator): readonly Edge[] {
  switch (t.kind) {
    case 'jump': return [t.target];
    case 'br': return sameEdge(t.then, t.else) ? [t.then] : [t.then, t.else];
    case 'switch': return distinctEdges(t.cases.map((c) => c.target), t.default);
    default: return NO_EDGES;
  }
}

/** True when both edges lead to one block with the same arguments. */
export function sameEdge(a: Edge, b: Edge): boolean {
  if (a === b) return true;
  if (a.block !== b.block || a.args.length !== b.args.length) return false;
  for (let i = 0; i < a.args.length; i++) if (a.args[i] !== b.args[i]) return false;
  return true;
}

function distinctEdges(cases: readonly Edge[], fallback: Edge): readonly Edge[] {
  const seen = new Map<string, true>(), list: Edge[] = [];
  for (const e of [...cases, fallback]) {
    const key = edgeKey(e);
    if (seen.has(key)) continue;
    seen.set(key, true);
    list.push(e);
  }
  return list;
}

/** Equal exactly for equal edges. */
export function edgeKey(e: Edge): string { return e.args.length === 0 ? `${e.block}` : `${e.block}:${e.args.join(',')}`; }

/** Plans the blocks of a function, in time linear in blocks, edges and arguments. */
export function planBlocks(f: MirFunction): BlockOrder {
  const cfg = buildCfg(f), dominators = computeDominators(cfg), loops = computeLoops(cfg, dominators);
  const n = f.blocks.length;
  const exits: (readonly Edge[])[] = new Array<readonly Edge[]>(n).fill(NO_EDGES);
  const incoming = int32(n);
  incoming[0] = 1;
  for (let k = 0; k < cfg.rpo.length; k++) {
    const b = cfg.rpo[k], list = edgesOf(f.blocks[b].terminator);
    exits[b] = list;
    for (let e = 0; e < list.length; e++) incoming[list[e].block]++;
  }
  const needsPrologue = incoming[0] > 1;
  const edges: Edge[] = [], exitNodes: (readonly number[])[] = new Array<readonly number[]>(n).fill([]);
  const edgeSource: number[] = [];
  for (let k = 0; k < cfg.rpo.length; k++) {
    const b = cfg.rpo[k], list = exits[b];
    if (list.length === 0) continue;
    const nodes: number[] = [];
    for (let e = 0; e < list.length; e++) {
      const to = list[e].block;
      if (list.length === 1 || incoming[to] === 1) nodes.push(to);
      else {
        nodes.push(n + edges.length);
        edges.push(list[e]);
        edgeSource.push(b);
      }
    }
    exitNodes[b] = nodes;
  }
  const count = n + edges.length + (needsPrologue ? 1 : 0);
  const entryNode = needsPrologue ? count - 1 : 0;
  const singleEntry = uint8(n);
  for (let b = 1; b < n; b++) if (incoming[b] === 1) singleEntry[b] = 1;

  const loopOf = int32(count).fill(-1), depth = uint8(count);
  for (let b = 0; b < n; b++) { loopOf[b] = loops.loopOf[b]; depth[b] = loops.depth[b]; }
  for (let e = 0; e < edges.length; e++) {
    const l = loopOfEdge(loops, dominators, edgeSource[e], edges[e].block);
    loopOf[n + e] = l;
    depth[n + e] = l < 0 ? 0 : Math.min(255, loops.loopDepth[l]);
  }
  const graph: Graph = { count, blocks: n, exitNodes, edges, entryNode, loopOf, loops };
  const post = postorder(graph);
  const cold = findCold(graph, f, post);
  const order = arrange(graph, post, cold, depth);
  const position = int32(count).fill(-1);
  for (let k = 0; k < order.length; k++) position[order[k]] = k;
  return {
    order, rpo: cfg.rpo, position, edges, exits, exitNodes, entryNode, singleEntry, alias: findAliases(f, cfg.rpo, exits, singleEntry),
    depth, cold, alignment: findAlignment(graph, order, cold),
  };
}

interface Graph {
  readonly count: number;
  readonly blocks: number;
  readonly exitNodes: readonly (readonly number[])[];
  readonly edges: readonly Edge[];
  readonly entryNode: number;
  readonly loopOf: Int32Array;
  readonly loops: Loops;
}

/**
 * The innermost loop that holds both ends of an edge: that of the target, unless the edge enters it. A natural loop is
 * entered through its header only, and what jumps to the header from inside is dominated by it.
 */
function loopOfEdge(loops: Loops, dominators: Dominators, from: number, to: number): number {
  const l = loops.loopOf[to];
  return l >= 0 && loops.headers[l] === to && !dominates(dominators, to, from) ? loops.parents[l] : l;
}

function successorCount(g: Graph, node: number): number {
  return node < g.blocks ? g.exitNodes[node].length : 1;
}
function successor(g: Graph, node: number, k: number): number {
  if (node < g.blocks) return g.exitNodes[node][k];
  return node < g.blocks + g.edges.length ? g.edges[node - g.blocks].block : 0;
}

function loopDepthOf(g: Graph, node: number): number {
  const l = g.loopOf[node];
  return l < 0 ? 0 : g.loops.loopDepth[l];
}

/** Walks the edges that leave loops first and the first edge last, so that the reverse begins with the first edge. */
function postorder(g: Graph): Int32Array {
  const seen = uint8(g.count), stack = int32(g.count), next = int32(g.count);
  const post = int32(g.count);
  let depth = 1, count = 0;
  stack[0] = g.entryNode;
  seen[g.entryNode] = 1;
  next[g.entryNode] = 0;
  while (depth > 0) {
    const node = stack[depth - 1], n = successorCount(g, node);
    if (next[node] >= 2 * n) {
      post[count++] = node;
      depth--;
      continue;
    }
    // First round: edges to shallower loops; second round: the others. Both from the last edge to the first.
    const k = next[node]++, round = k < n ? 0 : 1;
    const s = successor(g, node, n - 1 - (k < n ? k : k - n));
    if ((loopDepthOf(g, s) < loopDepthOf(g, node)) !== (round === 0) || seen[s] === 1) continue;
    seen[s] = 1;
    stack[depth++] = s;
  }
  return post.slice(0, count);
}

/** Cold: a block that ends in a trap, or all of whose successors are cold (a cycle counts as warm). */
function findCold(g: Graph, f: MirFunction, post: Int32Array): Uint8Array {
  const cold = uint8(g.count);
  for (let i = 0; i < post.length; i++) {
    const node = post[i], n = successorCount(g, node);
    if (n === 0) {
      if (f.blocks[node].terminator.kind === 'trap') cold[node] = 1;
      continue;
    }
    let all = true;
    for (let k = 0; k < n && all; k++) all = cold[successor(g, node, k)] === 1;
    if (all) cold[node] = 1;
  }
  cold[g.entryNode] = 0;
  return cold;
}

/** Makes loops contiguous, rotates them, puts cold nodes last. */
function arrange(g: Graph, post: Int32Array, cold: Uint8Array, depth: Uint8Array): Int32Array {
  const loopCount = g.loops.count;
  // The items of a list are nodes (>= 0) or loops (~loop), linked in reverse postorder. List loopCount is the body.
  const head = int32(loopCount + 1).fill(-1), tail = int32(loopCount + 1).fill(-1);
  const items: number[] = [], nextItem: number[] = [], listed = uint8(loopCount);
  const append = (list: number, item: number): void => {
    const i = items.push(item) - 1;
    nextItem.push(-1);
    if (tail[list] < 0) head[list] = i; else nextItem[tail[list]] = i;
    tail[list] = i;
  };
  for (let i = post.length - 1; i >= 0; i--) {
    const node = post[i];
    if (cold[node] === 1) continue;
    const at = g.loopOf[node];
    // Outer loops must be listed before the loops inside them get their place.
    let l = at;
    const chain: number[] = [];
    while (l >= 0 && listed[l] === 0) { chain.push(l); l = g.loops.parents[l]; }
    while (chain.length > 0) {
      const inner = chain.pop()!;
      listed[inner] = 1;
      append(g.loops.parents[inner] < 0 ? loopCount : g.loops.parents[inner], ~inner);
    }
    append(at < 0 ? loopCount : at, node);
  }
  const order = int32(post.length), start = int32(loopCount), end = int32(loopCount);
  let count = 0;
  const stack: number[] = [head[loopCount]], owner: number[] = [loopCount];
  while (stack.length > 0) {
    const i = stack[stack.length - 1];
    if (i < 0) {
      stack.pop();
      const l = owner.pop()!;
      if (l < loopCount) end[l] = count;
      continue;
    }
    stack[stack.length - 1] = nextItem[i];
    const item = items[i];
    if (item >= 0) order[count++] = item;
    else {
      start[~item] = count;
      stack.push(head[~item]);
      owner.push(~item);
    }
  }
  for (let l = 0; l < loopCount; l++) {
    if (listed[l] === 1 && g.loops.loopDepth[l] <= MAX_ROTATED_DEPTH) rotate(g, order, start[l], end[l], l, depth);
  }
  for (let i = post.length - 1; i >= 0; i--) if (cold[post[i]] === 1) order[count++] = post[i];
  return order;
}

/** Moves the header of a loop behind its body when that saves the jump back. */
function rotate(g: Graph, order: Int32Array, start: number, end: number, loop: number, depth: Uint8Array): void {
  if (end - start < 2) return;
  const header = order[start], last = order[end - 1];
  if (header !== g.loops.headers[loop] || successorCount(g, header) !== 2 || header === g.entryNode) return;
  if (successorCount(g, last) !== 1 || successor(g, last, 0) !== header) return;
  const a = successor(g, header, 0), b = successor(g, header, 1), first = order[start + 1];
  const leaves = first === a ? b : first === b ? a : -1;
  if (leaves < 0 || depth[leaves] >= depth[header]) return;
  order.copyWithin(start, start + 1, end);
  order[end - 1] = header;
}

/** Innermost loops start at a multiple of 32 bytes, other loops at one of 16. */
function findAlignment(g: Graph, order: Int32Array, cold: Uint8Array): Uint8Array {
  const alignment = uint8(g.count), seen = uint8(g.loops.count), hasInner = uint8(g.loops.count);
  for (let l = 0; l < g.loops.count; l++) if (g.loops.parents[l] >= 0) hasInner[g.loops.parents[l]] = 1;
  for (let k = 1; k < order.length; k++) {
    const node = order[k], l = g.loopOf[node];
    if (l < 0 || seen[l] === 1 || cold[node] === 1) continue;
    seen[l] = 1;
    alignment[node] = hasInner[l] === 1 ? 16 : 32;
  }
  return alignment;
}

function findAliases(f: MirFunction, rpo: Int32Array, exits: readonly (readonly Edge[])[], singleEntry: Uint8Array): Int32Array {
  const alias = int32(f.valueTypes.length);
  for (let v = 0; v < alias.length; v++) alias[v] = v;
  // A block with one incoming edge comes after its predecessor in reverse postorder, so one pass settles chains.
  for (let k = 0; k < rpo.length; k++) {
    const list = exits[rpo[k]];
    for (let e = 0; e < list.length; e++) {
      const to = list[e].block;
      if (singleEntry[to] === 0) continue;
      const params = f.blocks[to].params, args = list[e].args;
      for (let i = 0; i < params.length; i++) alias[params[i]] = alias[args[i]];
    }
  }
  return alias;
}
