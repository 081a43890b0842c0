/**
 * Before structuring: every cycle gets one entry.
 *
 * A strongly connected part of the graph that is entered at several blocks (its heads) cannot be a wasm `loop`. Each
 * such part gets one dispatch block: all edges to its heads go there instead, carrying the number of the head, and
 * its `br_table` goes on to the head. Nothing outside the part is touched, and within it only the edges to heads.
 * Afterwards the part without its dispatch block may again hold such cycles (nested ones): the search is repeated
 * until there are none, which ends because every round makes one level of nesting reducible.
 *
 * SSA stays valid: a head is entered from outside, so nothing inside the part dominates it, and what dominates it
 * from outside dominates every block of the part, hence the dispatch block.
 *
 * Parameters of the heads become parameters of the dispatch block; an edge gives zeros for those of other heads.
 */
import { buildCfg, computeDominators, computeLoops, dominates, type Cfg } from '../../lib/analysis/index.ts';
import type { BlockId, Edge, Instruction, Value } from '../../lib/mir/instruction.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import { isVector, type Type } from '../../lib/mir/types.ts';
import { EditableFunction } from './editable-function.ts';

/** The same function with reducible control flow, and its graph. */
export function makeReducible(f: MirFunction): { readonly f: MirFunction; readonly cfg: Cfg } {
  for (;;) {
    const cfg = buildCfg(f), dom = computeDominators(cfg);
    if (!computeLoops(cfg, dom).irreducible) return { f, cfg };
    // Edges back to a block that dominates their source make no trouble: without them, what still is a cycle does.
    const e = new EditableFunction(f);
    for (const heads of entangled(cfg, (from, to) => dominates(dom, to, from))) dispatch(e, heads);
    f = e.finish();
  }
}

/** Heads of each strongly connected part of the graph without the given edges. */
function entangled(cfg: Cfg, ignore: (from: BlockId, to: BlockId) => boolean): BlockId[][] {
  const part = components(cfg, ignore), heads = new Map<number, BlockId[]>();
  const size = new Int32Array(cfg.blockCount);
  for (const b of cfg.rpo) size[part[b]]++;
  for (const b of cfg.rpo) {
    if (size[part[b]] < 2) continue;
    let entered = false;
    for (let p = cfg.predStart[b]; p < cfg.predStart[b + 1]; p++) {
      const from = cfg.preds[p];
      if (cfg.rpoIndex[from] >= 0 && part[from] !== part[b] && !ignore(from, b)) entered = true;
    }
    if (!entered) continue;
    const list = heads.get(part[b]);
    if (list === undefined) heads.set(part[b], [b]); else list.push(b);
  }
  return [...heads.values()];
}

/** Tarjan's strongly connected components with explicit stacks; a number per block. */
function components(cfg: Cfg, ignore: (from: BlockId, to: BlockId) => boolean): Int32Array {
  const n = cfg.blockCount, index = new Int32Array(n).fill(-1), low = new Int32Array(n), part = new Int32Array(n).fill(-1);
  const next = cfg.succStart.slice(0, n), open: BlockId[] = [], path: BlockId[] = [];
  let clock = 0, parts = 0;
  for (const root of cfg.rpo) {
    if (index[root] >= 0) continue;
    path.push(root);
    while (path.length > 0) {
      const b = path[path.length - 1];
      if (index[b] < 0) { index[b] = low[b] = clock++; open.push(b); }
      let child = -1;
      while (next[b] < cfg.succStart[b + 1] && child < 0) {
        const s = cfg.succs[next[b]++];
        if (ignore(b, s)) continue;
        if (index[s] < 0) child = s; else if (part[s] < 0) low[b] = Math.min(low[b], index[s]);
      }
      if (child >= 0) { path.push(child); continue; }
      path.pop();
      if (path.length > 0) low[path[path.length - 1]] = Math.min(low[path[path.length - 1]], low[b]);
      if (low[b] !== index[b]) continue;
      for (let x = -1; x !== b;) { x = open.pop()!; part[x] = parts; }
      parts++;
    }
  }
  return part;
}

function dispatch(e: EditableFunction, heads: readonly BlockId[]): void {
  const number = new Map(heads.map((h, k) => [h, k])), label = e.addValue('i32');
  const copies = heads.map((h) => e.block(h).params.map((p) => e.addValue(e.typeOf(p))));
  const params = [label, ...copies.flat()];
  const added = new Map<BlockId, Instruction[]>();
  const dispatcher = e.blockCount;
  const constant = (from: BlockId, type: Type, value: number): Value => {
    const result = e.addValue(type), list = added.get(from) ?? [];
    added.set(from, list);
    list.push({ kind: 'const', type, value: type === 'i64' || isVector(type) ? BigInt(value) : value, result, loc: 0 });
    return result;
  };
  e.mapAllEdges((edge, from): Edge => {
    const k = number.get(edge.block);
    if (k === undefined) return edge;
    const args = heads.flatMap((h, n) => (n === k ? [...edge.args] : e.block(h).params.map((p) => constant(from, e.typeOf(p), 0))));
    return { block: dispatcher, args: [constant(from, 'i32', k), ...args] };
  });
  for (const [b, instructions] of added) e.append(b, instructions);
  const targets = heads.map((h, k): Edge => (copies[k].length === 0 ? { block: h, args: [] } : { block: dispatcher + 1 + k, args: [] }));
  // One block per head passes its parameters on: a table's edge cannot.
  const last = heads.length - 1;
  e.addBlock({ kind: 'switch', type: 'i32', value: label, cases: targets.slice(0, last).map((target, k) => ({ value: k, target })), default: targets[last], loc: 0 }, params);
  heads.forEach((h, k) => e.addBlock({ kind: 'jump', target: { block: h, args: copies[k] }, loc: 0 }));
}
