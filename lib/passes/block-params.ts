/**
 * Copy propagation through block parameters: a parameter that takes the same value on every edge is that value.
 *
 * Optimistic, so that a whole cycle of loop parameters fed by one outside value is found at once (the "redundant
 * phi SCCs" of Braun et al., "Simple and Efficient Construction of SSA Form", CC 2013, section 3.2). Each parameter
 * has a state that only falls: unknown, then equal to one other value, then itself. At the fixed point the value
 * found dominates the block: it reaches every entry of the cycle, and nothing else does. Constants of equal type and
 * bits count as one value; they are repeated at the head of the block.
 */
import { incomingEdges, type Cfg } from '../analysis/cfg.ts';
import { constantsAmong } from '../analysis/uses.ts';
import type { ConstInst, Edge, Terminator, Value } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { forEachEdge, mapEdges } from '../mir/operands.ts';
import type { Type } from '../mir/types.ts';
import { renameAll, renameTerminator, replaceBlock } from './clone.ts';
import { int32, int32From, uint8 } from '../analysis/slab.ts';

const UNKNOWN = -1;
const MOST_MOVES = 6;

/** The function without parameters that are copies; the same object when there are none. No block is unreachable. */
export function propagateCopies(f: MirFunction, cfg: Cfg): MirFunction {
  const n = f.valueTypes.length;
  let paramCount = 0;
  for (let b = 1; b < f.blocks.length; b++) paramCount += f.blocks[b].params.length;
  if (paramCount === 0) return f;
  const state = int32(n);
  for (let v = 0; v < n; v++) state[v] = v;
  for (let b = 1; b < f.blocks.length; b++) for (const p of f.blocks[b].params) state[p] = UNKNOWN;
  const param = uint8(n);
  for (let b = 0; b < f.blocks.length; b++) { const { params } = f.blocks[b]; for (let k = 0; k < params.length; k++) param[params[k]] = 1; }
  const constants = constantArguments(f, n);
  unifyConstants(f, constants, state);

  const incoming = incomingEdges(f, cfg);
  const moves = uint8(n);
  const queued = uint8(f.blocks.length).fill(1);
  // Blocks by reverse postorder; a change of a parameter re-queues the blocks its own block jumps to and, as the
  // parameter may be an argument anywhere below, every block that reads it as one.
  const readers = argumentReaders(f, n, param);
  let work = Array.from(cfg.rpo);
  while (work.length > 0) {
    const later: number[] = [];
    for (const b of work) {
      if (queued[b] === 0) continue;
      queued[b] = 0;
      if (b === 0) continue;
      const params = f.blocks[b].params;
      for (let k = 0; k < params.length; k++) {
        const p = params[k];
        if (state[p] === p) continue;
        const next = meet(incoming, cfg, b, k, p, state);
        if (next === state[p]) continue;
        // A state may move sideways when what it stood for turns out to be another parameter. Giving up after a few
        // moves is safe (a parameter is always equal to itself) and keeps the whole linear.
        state[p] = ++moves[p] > MOST_MOVES ? p : next;
        for (let r = readers.start[p]; r < readers.start[p + 1]; r++) {
          const target = readers.blocks[r];
          if (queued[target] === 0) { queued[target] = 1; later.push(target); }
        }
      }
    }
    work = later;
  }

  let found = 0;
  for (let b = 1; b < f.blocks.length; b++) for (const p of f.blocks[b].params) if (state[p] !== p && state[p] !== UNKNOWN) found++;
  return found === 0 ? f : rewrite(f, state, constants);
}

function meet(incoming: readonly Edge[], cfg: Cfg, b: number, k: number, p: Value, state: Int32Array): Value {
  let result = UNKNOWN;
  for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) {
    const v = state[incoming[e].args[k]];
    if (v === UNKNOWN || v === p || v === result) continue;
    if (result !== UNKNOWN) return p;
    result = v;
  }
  return result;
}

/** For each value that is a parameter: the blocks that get it as an argument of an edge. */
function argumentReaders(f: MirFunction, n: number, param: Uint8Array): { readonly start: Int32Array; readonly blocks: Int32Array } {
  const start = int32(n + 1);
  const count = (e: Edge): void => { for (const a of e.args) if (param[a] !== 0) start[a + 1]++; };
  for (const b of f.blocks) forEachEdge(b.terminator, count);
  for (let v = 0; v < n; v++) start[v + 1] += start[v];
  const fill = int32From(start, n), blocks = int32(start[n]);
  const add = (e: Edge): void => { for (const a of e.args) if (param[a] !== 0) blocks[fill[a]++] = e.block; };
  for (const b of f.blocks) forEachEdge(b.terminator, add);
  return { start, blocks };
}

/** The constants that are arguments of edges. */
function constantArguments(f: MirFunction, n: number): ReadonlyMap<Value, ConstInst> {
  const marked = uint8(n);
  const mark = (e: Edge): void => { for (let k = 0; k < e.args.length; k++) marked[e.args[k]] = 1; };
  for (const b of f.blocks) forEachEdge(b.terminator, mark);
  return constantsAmong(f, marked);
}

/** Lets equal constants share a state. */
function unifyConstants(f: MirFunction, constants: ReadonlyMap<Value, ConstInst>, state: Int32Array): void {
  const first = new Map<string | number | bigint, Value>();
  const unify = (e: Edge): void => {
    for (let k = 0; k < e.args.length; k++) {
      const v = e.args[k], i = constants.get(v);
      if (i === undefined || state[v] !== v) continue;
      // i32 constants by number, the rest by text: −0 and the type must tell them apart.
      const key = i.type === 'i32' ? i.value : `${i.type}:${Object.is(i.value, -0) ? '-0' : i.value}`;
      const known = first.get(key);
      if (known === undefined) first.set(key, v); else state[v] = known;
    }
  };
  if (constants.size > 0) for (const b of f.blocks) forEachEdge(b.terminator, unify);
}

function rewrite(f: MirFunction, state: Int32Array, constants: ReadonlyMap<Value, ConstInst>): MirFunction {
  const n = f.valueTypes.length, replacement = int32(n);
  for (let v = 0; v < n; v++) replacement[v] = v;
  let types: Type[] | undefined;
  const added = new Map<number, ConstInst[]>();
  const shrinks = uint8(f.blocks.length), gone = uint8(n);
  for (let b = 1; b < f.blocks.length; b++) {
    for (const p of f.blocks[b].params) {
      const v = state[p];
      if (v === p || v === UNKNOWN) continue;
      shrinks[b] = 1;
      gone[p] = 1;
      const d = constants.get(v);
      if (d !== undefined) {
        types ??= f.valueTypes.slice();
        const copy: ConstInst = { ...d, result: types.push(d.type) - 1 };
        const list = added.get(b);
        if (list === undefined) added.set(b, [copy]); else list.push(copy);
        replacement[p] = copy.result;
      } else {
        replacement[p] = v;
      }
    }
  }
  const dropped = (e: Edge): Edge => {
    if (shrinks[e.block] === 0) return e;
    return { block: e.block, args: withoutDropped(e.args, f.blocks[e.block].params, gone) };
  };
  const blocks: Block[] = f.blocks.map((block, b) => {
    let instructions = renameAll(block.instructions, replacement);
    const head = added.get(b);
    if (head !== undefined) instructions = [...head, ...instructions];
    const terminator: Terminator = renameTerminator(mapEdges(block.terminator, dropped), replacement);
    const params = shrinks[b] !== 0 ? block.params.filter((p) => gone[p] === 0) : block.params;
    return instructions === block.instructions && terminator === block.terminator && params === block.params ? block : replaceBlock(block, params, instructions, terminator);
  });
  return { ...f, blocks, valueTypes: types ?? f.valueTypes };
}

/** The arguments for the parameters that stay. */
function withoutDropped(args: readonly Value[], params: readonly Value[], gone: Uint8Array): Value[] {
  const kept: Value[] = [];
  for (let k = 0; k < args.length; k++) if (gone[params[k]] === 0) kept.push(args[k]);
  return kept;
}
