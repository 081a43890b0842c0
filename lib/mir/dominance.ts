/**
 * Dominators for the verifier, which must not trust its input: no recursion, and no input makes it slow.
 *
 * T. Lengauer, R. E. Tarjan, "A Fast Algorithm for Finding Dominators in a Flowgraph", TOPLAS 1(1), 1979, the simple
 * variant with path compression: O(m log n) for m edges and n blocks whatever the graph (iterative data-flow is
 * quadratic on graphs that are easy to write on purpose). Works on preorder numbers; invariants:
 *
 * - `semi[w]` ends as the preorder number of w's semidominator: the least vertex with a path to w whose inner
 *   vertices all have larger numbers than w;
 * - `label[v]` is the vertex of least semi on v's compressed path in the forest built so far;
 * - a dominator-tree interval [enter, leave] per block answers `dominates` in constant time.
 */

/** A control-flow graph as flat arrays: the successors of block b are `targets[first[b]] .. targets[first[b+1]-1]`. */
export interface FlowGraph { readonly first: Int32Array; readonly targets: Int32Array }

/** Dominator tree of a graph from block 0. Unreachable blocks have `idom` −1 and `enter` −1. */
export interface Dominance {
  /** Immediate dominator; −1 for block 0 and for unreachable blocks. */
  readonly idom: Int32Array;
  /** Preorder interval in the dominator tree: a dominates b when `enter[a] <= enter[b] && leave[b] <= leave[a]`. */
  readonly enter: Int32Array;
  readonly leave: Int32Array;
}

/** True when `a` dominates `b` (every block dominates itself); false when either is unreachable. */
export function blockDominates(d: Dominance, a: number, b: number): boolean {
  return d.enter[a] >= 0 && d.enter[a] <= d.enter[b] && d.leave[b] <= d.leave[a];
}

/** Computes the dominator tree of a graph with at least one block. Targets must be in range. */
export function computeDominance(g: FlowGraph): Dominance {
  const n = g.first.length - 1;
  const { vertex, number, parent, count } = depthFirst(g, n);

  // Predecessors among reachable blocks, by preorder number.
  const predFirst = new Int32Array(count + 2);
  for (let w = 0; w < count; w++) {
    const b = vertex[w];
    for (let k = g.first[b]; k < g.first[b + 1]; k++) predFirst[number[g.targets[k]] + 2]++;
  }
  for (let w = 0; w < count; w++) predFirst[w + 2] += predFirst[w + 1];
  const preds = new Int32Array(predFirst[count + 1]);
  for (let w = 0; w < count; w++) {
    const b = vertex[w];
    for (let k = g.first[b]; k < g.first[b + 1]; k++) preds[predFirst[number[g.targets[k]] + 1]++] = w;
  }

  const semi = new Int32Array(count), label = new Int32Array(count), ancestor = new Int32Array(count).fill(-1);
  const dom = new Int32Array(count), bucket = new Int32Array(count).fill(-1), nextInBucket = new Int32Array(count);
  const path = new Int32Array(count);
  for (let w = 0; w < count; w++) { semi[w] = w; label[w] = w; }

  const evaluate = (v: number): number => {
    if (ancestor[v] < 0) return v;
    let depth = 0;
    for (let u = v; ancestor[ancestor[u]] >= 0; u = ancestor[u]) path[depth++] = u;
    while (depth > 0) {
      const u = path[--depth], a = ancestor[u];
      if (semi[label[a]] < semi[label[u]]) label[u] = label[a];
      ancestor[u] = ancestor[a];
    }
    return label[v];
  };

  for (let w = count - 1; w > 0; w--) {
    const p = parent[w];
    for (let k = predFirst[w]; k < predFirst[w + 1]; k++) {
      const s = semi[evaluate(preds[k])];
      if (s < semi[w]) semi[w] = s;
    }
    nextInBucket[w] = bucket[semi[w]];
    bucket[semi[w]] = w;
    ancestor[w] = p;
    for (let v = bucket[p]; v >= 0; v = nextInBucket[v]) {
      const u = evaluate(v);
      dom[v] = semi[u] < semi[v] ? u : p;
    }
    bucket[p] = -1;
  }
  for (let w = 1; w < count; w++) if (dom[w] !== semi[w]) dom[w] = dom[dom[w]];

  return intervals(dom, vertex, count, n);
}

/** Preorder depth-first numbering from block 0 with an explicit stack. `parent` is by preorder number. */
function depthFirst(g: FlowGraph, n: number): { vertex: Int32Array; number: Int32Array; parent: Int32Array; count: number } {
  const vertex = new Int32Array(n), number = new Int32Array(n).fill(-1), parent = new Int32Array(n);
  const stack = new Int32Array(n), cursor = new Int32Array(n);
  let count = 1, depth = 1;
  number[0] = 0;
  cursor[0] = g.first[0];
  while (depth > 0) {
    const b = stack[depth - 1];
    if (cursor[b] === g.first[b + 1]) { depth--; continue; }
    const t = g.targets[cursor[b]++];
    if (number[t] >= 0) continue;
    number[t] = count;
    vertex[count] = t;
    parent[count++] = number[b];
    cursor[t] = g.first[t];
    stack[depth++] = t;
  }
  return { vertex, number, parent, count };
}

/**
 * Tree intervals. A block's dominator has a smaller preorder number, so subtree sizes come from one backward sweep
 * and positions from one forward sweep: each child takes the next free stretch of its parent's interval.
 */
function intervals(dom: Int32Array, vertex: Int32Array, count: number, n: number): Dominance {
  const idom = new Int32Array(n).fill(-1), enter = new Int32Array(n).fill(-1), leave = new Int32Array(n).fill(-1);
  const size = new Int32Array(count).fill(1), free = new Int32Array(count);
  for (let w = count - 1; w > 0; w--) size[dom[w]] += size[w];
  enter[0] = 0;
  leave[0] = count - 1;
  free[0] = 1;
  for (let w = 1; w < count; w++) {
    const b = vertex[w], at = free[dom[w]];
    free[dom[w]] += size[w];
    free[w] = at + 1;
    idom[b] = vertex[dom[w]];
    enter[b] = at;
    leave[b] = at + size[w] - 1;
  }
  return { idom, enter, leave };
}
