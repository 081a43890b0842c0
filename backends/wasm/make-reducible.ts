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
 * Parameters of the heads become parameters of the dispatch block, shared among the heads by their types; an edge gives
 * zeros for those that its head has not.
 */
import { buildCfg, computeDominators, computeLoops, dominates, type Cfg } from '../../lib/analysis/index.ts';
import type { BlockId, Edge, Instruction, SwitchTerm, Value } from '../../lib/mir/instruction.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import { isVector, type Type } from '../../lib/mir/types.ts';
import { EditableFunction } from './editable-function.ts';
import { MAX_TABLE_LABELS, WasmLimitError } from './limits.ts';
import { lowerSwitch } from './lower-switches.ts';

/** Arguments of all edges to the dispatch blocks of a round, and blocks looked at in all rounds: neither is linear in the function's size. */
const MAX_PASSED = 4_000_000, MAX_VISITED = 16_000_000;

/** The same function with reducible control flow, and its graph. */
export function makeReducible(f: MirFunction): { readonly f: MirFunction; readonly cfg: Cfg } {
  for (let visited = 0;;) {
    const cfg = buildCfg(f), dom = computeDominators(cfg);
    if (!computeLoops(cfg, dom).irreducible) return { f, cfg };
    if ((visited += f.blocks.length) > MAX_VISITED) throw tooEntangled(f.name);
    // Edges back to a block that dominates their source make no trouble: without them, what still is a cycle does.
    const e = new EditableFunction(f);
    dispatch(e, entangled(cfg, (from, to) => dominates(dom, to, from)), f.name);
    f = e.finish();
  }
}

function tooEntangled(name: string): WasmLimitError {
  return new WasmLimitError('has cycles that are entered at too many blocks, nested too deep', 'Enter each cycle at one block, or part the function into smaller ones.', name);
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

/** A part's heads; its dispatch block with the types of its parameters behind the label, and which of those each head's are. */
interface Part { readonly heads: readonly BlockId[]; readonly dispatcher: BlockId; readonly slots: readonly Type[]; readonly slotsOf: readonly (readonly number[])[] }

/** Heads are entered one at a time, so their parameters share those of the dispatch block, by type. */
function partOf(e: EditableFunction, heads: readonly BlockId[], dispatcher: BlockId): Part {
  const slots: Type[] = [], byType = new Map<Type, number[]>();
  const slotsOf = heads.map((h) => {
    const used = new Map<Type, number>();
    return e.block(h).params.map((p) => {
      const type = e.typeOf(p), k = used.get(type) ?? 0, list = byType.get(type) ?? [];
      byType.set(type, list);
      used.set(type, k + 1);
      if (k === list.length) list.push(slots.push(type) - 1);
      return list[k];
    });
  });
  return { heads, dispatcher, slots, slotsOf };
}

function dispatch(e: EditableFunction, all: readonly (readonly BlockId[])[], name: string): void {
  const parts: Part[] = [], headOf = new Map<BlockId, { readonly part: Part; readonly k: number }>();
  let next = e.blockCount, passed = 0;
  for (const heads of all) {
    const part = partOf(e, heads, next);
    parts.push(part);
    next += 1 + heads.length;
    heads.forEach((h, k) => headOf.set(h, { part, k }));
  }
  const added = new Map<BlockId, { readonly instructions: Instruction[]; readonly zeros: Map<Type, Value> }>();
  const constant = (from: BlockId, type: Type, value: number): Value => {
    let list = added.get(from);
    if (list === undefined) added.set(from, list = { instructions: [], zeros: new Map() });
    const known = value === 0 ? list.zeros.get(type) : undefined;
    if (known !== undefined) return known;
    const result = e.addValue(type);
    if (value === 0) list.zeros.set(type, result);
    list.instructions.push({ kind: 'const', type, value: type === 'i64' || isVector(type) ? BigInt(value) : value, result, loc: 0 });
    return result;
  };
  e.mapAllEdges((edge, from): Edge => {
    const head = headOf.get(edge.block);
    if (head === undefined) return edge;
    const { part: { dispatcher, slots, slotsOf }, k } = head;
    if ((passed += slots.length) > MAX_PASSED) throw tooEntangled(name);
    const args = new Array<Value>(slots.length).fill(-1);
    slotsOf[k].forEach((slot, n) => { args[slot] = edge.args[n]; });
    return { block: dispatcher, args: [constant(from, 'i32', k), ...args.map((v, slot) => (v < 0 ? constant(from, slots[slot], 0) : v))] };
  });
  for (const [b, { instructions }] of added) e.append(b, instructions);
  for (const part of parts) addDispatcher(e, part);
  for (const { dispatcher } of parts) {
    const t = e.block(dispatcher).terminator;
    if (t.kind === 'switch' && t.cases.length > MAX_TABLE_LABELS) lowerSwitch(e, dispatcher, t);
  }
}

function addDispatcher(e: EditableFunction, { heads, dispatcher, slots, slotsOf }: Part): void {
  const label = e.addValue('i32'), params = slots.map((type) => e.addValue(type)), last = heads.length - 1;
  const targets = heads.map((h, k): Edge => (slotsOf[k].length === 0 ? { block: h, args: [] } : { block: dispatcher + 1 + k, args: [] }));
  const table: SwitchTerm = { kind: 'switch', type: 'i32', value: label, cases: targets.slice(0, last).map((target, k) => ({ value: k, target })), default: targets[last], loc: 0 };
  e.addBlock(table, [label, ...params]);
  // One block per head passes its parameters on: a table's edge cannot.
  heads.forEach((h, k) => e.addBlock({ kind: 'jump', target: { block: h, args: slotsOf[k].map((slot) => params[slot]) }, loc: 0 }));
}
