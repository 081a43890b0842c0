/**
 * Stack slots that are only loaded and stored become values.
 *
 * A slot whose address does not escape is split into the pieces its accesses touch (scalar replacement): a piece is
 * promoted when all accesses that touch it have the same place and size, and types that bits can be cast between.
 * Memory that was never stored to reads as zero (its contents are not specified).
 *
 * SSA form: a piece gets a parameter at every block where control merges and it is live (pruned SSA); parameters
 * that turn out to be copies are left to copy propagation. States at block ends are kept in one array, so the work
 * is O(blocks × pieces), and every edge to a merge may get an argument per piece; functions for which either is more
 * than a few millions keep some pieces in memory.
 */
import { edgeCount, type Cfg } from '../analysis/cfg.ts';
import { escapingSlots, slotPointers } from '../analysis/slots.ts';
import type { Edge, Instruction, Value } from '../mir/instruction.ts';
import { NO_VALUE } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { mapEdges } from '../mir/operands.ts';
import { isVector, sizeOf, type MemoryModel, type Type } from '../mir/types.ts';
import { renameOperands, renameTerminator, replaceBlock } from './clone.ts';
import { ownFunctionPass } from './pass.ts';
import { propagateCopies } from './block-params.ts';
import { inOrder } from './simplify-cfg.ts';
import { int32, uint8 } from '../analysis/slab.ts';

const MAX_CELLS = 4_000_000;

/** The pass `mem2reg`. */
export const memoryToRegisters = ownFunctionPass('mem2reg', 'stack slots whose address stays private become values', (f, context) => {
  if (f.slots.length === 0) return f;
  const g = inOrder(f, context.analyses);
  const cfg = context.analyses.cfg(g);
  if (cfg.predStart[1] > cfg.predStart[0]) return g;
  const promoted = promoteSlots(g, cfg, context.module.memoryModel);
  if (promoted === g) return g;
  context.analyses.preserve(g, promoted);
  return propagateCopies(promoted, cfg);
});

interface Piece { readonly slot: number; readonly offset: number; readonly size: number; readonly type: Type }

/** For each instruction that loads or stores a promoted piece: the piece. */
type Access = Map<Instruction, number>;

function promoteSlots(f: MirFunction, cfg: Cfg, model: MemoryModel): MirFunction {
  const access: Access = new Map();
  const pieces = findPieces(f, model, access);
  return pieces.length === 0 ? f : new Promotion(f, cfg, pieces, access).run();
}

/** Types whose values a piece of type `a` can hold by a bit cast. */
function castable(a: Type, b: Type): boolean {
  return a === b || a === 'i32' && b === 'f32' || a === 'f32' && b === 'i32' || a === 'i64' && b === 'f64' || a === 'f64' && b === 'i64';
}

function findPieces(f: MirFunction, model: MemoryModel, access: Access): Piece[] {
  const pointers = slotPointers(f), blocked = escapingSlots(f, pointers);
  interface Touch { readonly inst: Instruction; readonly offset: number; readonly size: number; readonly type: Type }
  const touches: Touch[][] = f.slots.map(() => []);
  let edges = 0;
  for (const b of f.blocks) {
    edges += edgeCount(b.terminator);
    for (const i of b.instructions) {
      if (i.kind !== 'load' && i.kind !== 'store') continue;
      const slot = pointers.slot[i.base], offset = pointers.offset[i.base];
      if (slot < 0) continue;
      const size = sizeOf(i.type, model), at = offset + i.offset;
      if (i.index !== NO_VALUE || offset < 0 || i.volatile || i.type === 'i1' || at + size > f.slots[slot].size) { blocked[slot] = 1; continue; }
      touches[slot].push({ inst: i, offset: at, size, type: i.type });
    }
  }
  const pieces: Piece[] = [], limit = Math.floor(MAX_CELLS / Math.max(f.blocks.length, edges));
  for (let slot = 0; slot < f.slots.length; slot++) {
    if (blocked[slot] !== 0) continue;
    const list = touches[slot].sort((a, b) => a.offset - b.offset);
    for (let k = 0; k < list.length;) {
      const first = list[k];
      let end = first.offset + first.size, next = k + 1, same = true;
      for (; next < list.length && list[next].offset < end; next++) {
        const t = list[next];
        if (t.offset !== first.offset || t.size !== first.size || !castable(first.type, t.type)) same = false;
        end = Math.max(end, t.offset + t.size);
      }
      if (same && pieces.length < limit) {
        const number = pieces.push({ slot, offset: first.offset, size: first.size, type: first.type }) - 1;
        for (; k < next; k++) access.set(list[k].inst, number);
      }
      k = next;
    }
  }
  return pieces;
}

class Promotion {
  readonly #f: MirFunction;
  readonly #cfg: Cfg;
  readonly #pieces: readonly Piece[];
  readonly #access: Access;
  readonly #types: Type[];
  /** Per block and piece: live on entry. */
  readonly #live: Uint8Array;
  readonly #zeros: (Value | undefined)[];
  readonly #prologue: Instruction[] = [];

  constructor(f: MirFunction, cfg: Cfg, pieces: readonly Piece[], access: Access) {
    this.#f = f;
    this.#cfg = cfg;
    this.#pieces = pieces;
    this.#access = access;
    this.#types = f.valueTypes.slice();
    this.#live = uint8(f.blocks.length * pieces.length);
    this.#zeros = new Array<Value | undefined>(pieces.length).fill(undefined);
  }

  run(): MirFunction {
    const { blocks } = this.#f, n = blocks.length, count = this.#pieces.length, cfg = this.#cfg;
    this.#findLive();
    // Parameters of merges.
    const added: Value[][] = blocks.map(() => []), addedPieces: number[][] = blocks.map(() => []);
    const ends = int32(n * count).fill(NO_VALUE);
    for (let b = 1; b < n; b++) {
      if (cfg.predStart[b + 1] - cfg.predStart[b] < 2) continue;
      for (let p = 0; p < count; p++) {
        if (this.#live[b * count + p] === 0) continue;
        added[b].push(this.#types.push(this.#pieces[p].type) - 1);
        addedPieces[b].push(p);
      }
    }
    // Renaming, in reverse postorder: a block with one predecessor starts with that block's end.
    const replacement = int32(this.#f.valueTypes.length);
    for (let v = 0; v < replacement.length; v++) replacement[v] = v;
    const out: Block[] = blocks.slice();
    for (let k = 0; k < cfg.rpo.length; k++) {
      const b = cfg.rpo[k], row = b * count;
      if (cfg.predStart[b + 1] - cfg.predStart[b] === 1) {
        const from = cfg.preds[cfg.predStart[b]] * count;
        ends.copyWithin(row, from, from + count);
      }
      for (let a = 0; a < added[b].length; a++) ends[row + addedPieces[b][a]] = added[b][a];
      const list: Instruction[] = [];
      for (const before of blocks[b].instructions) {
        const p = this.#access.get(before);
        const i = renameOperands(before, replacement);
        if (p === undefined) { list.push(i); continue; }
        const { type } = this.#pieces[p];
        if (i.kind === 'store') {
          ends[row + p] = this.#cast(i.value, i.type, type, list, i.loc);
        } else if (i.kind === 'load') {
          if (ends[row + p] === NO_VALUE) ends[row + p] = this.#zero(p);
          replacement[i.result] = this.#cast(ends[row + p], type, i.type, list, i.loc);
        }
      }
      out[b] = replaceBlock(blocks[b], added[b].length > 0 ? [...blocks[b].params, ...added[b]] : blocks[b].params, list, renameTerminator(blocks[b].terminator, replacement));
    }
    for (let b = 0; b < n; b++) {
      const extend = (e: Edge): Edge => {
        const list = addedPieces[e.block];
        if (list.length === 0) return e;
        return { block: e.block, args: [...e.args, ...list.map((p) => (ends[b * count + p] === NO_VALUE ? this.#zero(p) : ends[b * count + p]))] };
      };
      const terminator = mapEdges(out[b].terminator, extend);
      if (terminator !== out[b].terminator) out[b] = replaceBlock(out[b], out[b].params, out[b].instructions, terminator);
    }
    if (this.#prologue.length > 0) out[0] = { ...out[0], instructions: [...this.#prologue, ...out[0].instructions] };
    return { ...this.#f, blocks: out, valueTypes: this.#types };
  }

  /** Liveness of each piece, backwards from loads that no store in their block precedes. */
  #findLive(): void {
    const { blocks } = this.#f, count = this.#pieces.length, cfg = this.#cfg;
    const stored = uint8(blocks.length * count);
    const work: number[] = [];
    for (let b = 0; b < blocks.length; b++) {
      for (const i of blocks[b].instructions) {
        const p = this.#access.get(i);
        if (p === undefined) continue;
        const cell = b * count + p;
        if (i.kind === 'store') stored[cell] = 1;
        else if (stored[cell] === 0 && this.#live[cell] === 0) { this.#live[cell] = 1; work.push(cell); }
      }
    }
    while (work.length > 0) {
      const cell = work.pop()!, p = cell % count, b = (cell - p) / count;
      for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) {
        const before = cfg.preds[e] * count + p;
        if (stored[before] === 0 && this.#live[before] === 0) { this.#live[before] = 1; work.push(before); }
      }
    }
  }

  #cast(v: Value, from: Type, to: Type, list: Instruction[], loc: number): Value {
    if (from === to) return v;
    const result = this.#types.push(to) - 1;
    list.push({ kind: 'convert', op: 'bitcast', from, type: to, a: v, result, loc });
    return result;
  }

  #zero(p: number): Value {
    const known = this.#zeros[p];
    if (known !== undefined) return known;
    const { type } = this.#pieces[p], result = this.#types.push(type) - 1;
    this.#prologue.push({ kind: 'const', type, value: type === 'i64' || isVector(type) ? 0n : 0, result, loc: 0 });
    return this.#zeros[p] = result;
  }
}
