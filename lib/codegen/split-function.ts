/**
 * One function without `v256`: every such value becomes two `v128`.
 *
 * Nodes. Value v of the original stands for two nodes, v (itself, or its low half) and n + v (the high half, n the
 * number of values). A node may be an alias of another: the halves of `vconcat` are its operands, the result of `vlow`
 * is the low half of its operand, and so on ({@link knownHalf}), and no instruction is made for it. What a node stands
 * for is found by following aliases. Aliases go from a definition to the operands of the defining instruction, so in
 * code that can be reached they end (definitions dominate uses); code that cannot be reached, where they might not, is
 * emptied. Low halves keep the number of the value, high halves get numbers after all others.
 */
import { NO_VALUE, type Edge, type Instruction, type Terminator, type Value } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { forEachEdge, mapEdges, mapOperands, mapTerminatorOperands } from '../mir/operands.ts';
import type { MemoryModel, Signature, Type } from '../mir/types.ts';
import { isWide, knownHalf, splitInstruction, type Half, type Halves } from './split-operation.ts';

/** How calls and signatures of the module are written without `v256`. */
export interface SplitSignatures {
  /** Types with every `v256` as two `v128`. */
  flat(types: readonly Type[]): readonly Type[];
  /** What an indirect call of `s` has to name. */
  indirect(s: Signature): FlatSignature;
}

/** A signature without `v256`, and the types of the zeros that go after the arguments: the last ones of its parameters. */
export interface FlatSignature { readonly signature: Signature; readonly padding: readonly Type[] }

/** The function on halves. */
export function splitFunction(f: MirFunction, model: MemoryModel, signatures: SplitSignatures): MirFunction {
  return new FunctionSplitter(f, model, signatures).run();
}

class FunctionSplitter implements Halves {
  readonly model: MemoryModel;
  readonly #f: MirFunction;
  readonly #signatures: SplitSignatures;
  readonly #n: number;
  readonly #types: Type[];
  /** Node to the node it is an alias of, or −1. */
  readonly #alias: Int32Array;
  /** Value to the number of its high half, or −1. */
  readonly #high: Int32Array;
  #out: Instruction[] = [];
  #aliases = false;
  /** Stands for an original value in an instruction without wide operands. */
  readonly #narrow = (v: Value): Value => this.#value(v);

  constructor(f: MirFunction, model: MemoryModel, signatures: SplitSignatures) {
    this.#f = f;
    this.model = model;
    this.#signatures = signatures;
    const n = this.#n = f.valueTypes.length;
    this.#types = [...f.valueTypes];
    this.#alias = new Int32Array(2 * n).fill(-1);
    this.#high = new Int32Array(n).fill(-1);
    for (let v = 0; v < n; v++) {
      if (f.valueTypes[v] !== 'v256') continue;
      this.#types[v] = 'v128';
      this.#high[v] = this.#types.push('v128') - 1;
    }
  }

  run(): MirFunction {
    const f = this.#f, reached = reachable(f);
    for (let b = 0; b < f.blocks.length; b++) if (reached[b] === 1) this.#findAliases(f.blocks[b]);
    const blocks = f.blocks.map((b, k) => (reached[k] === 1 ? this.#block(b) : this.#emptied(b)));
    const split = {
      name: f.name, params: this.#signatures.flat(f.params), results: this.#signatures.flat(f.results), valueTypes: this.#types, blocks, slots: f.slots, loc: f.loc,
    };
    return f.valueNames === undefined ? split : { ...split, valueNames: this.#names(f.valueNames) };
  }

  // --- nodes ---

  #findAliases(b: Block): void {
    const types = this.#f.valueTypes, n = this.#n;
    const set = (node: number, to: number): void => { this.#alias[node] = to; this.#aliases = true; };
    for (const i of b.instructions) {
      if (!isWide(i)) continue;
      if (i.kind === 'vector' && (i.op === 'vlow' || i.op === 'vhigh')) { set(i.result, i.op === 'vlow' ? i.args[0] : n + i.args[0]); continue; }
      if (!('result' in i) || types[i.result] !== 'v256') continue;
      const low = knownHalf(i, 0), high = knownHalf(i, 1);
      if (low !== undefined) set(i.result, low.half === 1 ? n + low.value : low.value);
      if (high !== undefined) set(n + i.result, high.half === 1 ? n + high.value : high.value);
    }
  }

  /** The value that a node stands for. */
  #value(node: number): Value {
    const alias = this.#alias;
    let end = node;
    while (alias[end] >= 0) end = alias[end];
    // Whoever asks next has one step.
    for (let at = node; at !== end; ) { const next = alias[at]; alias[at] = end; at = next; }
    return end < this.#n ? end : this.#high[end - this.#n];
  }

  // --- Halves ---

  operand(v: Value, half: Half): Value { return this.#value(half === 0 ? v : this.#n + v); }
  result(v: Value, half: Half): Value {
    const node = half === 0 ? v : this.#n + v;
    return this.#alias[node] >= 0 ? NO_VALUE : this.#value(node);
  }
  fresh(type: Type): Value { return this.#types.push(type) - 1; }
  emit(i: Instruction): void { this.#out.push(this.#aliases ? mapOperands(i, (v) => (v < this.#n ? this.#value(v) : v)) : i); }

  // --- blocks ---

  #block(b: Block): Block {
    this.#out = [];
    for (const i of b.instructions) this.#instruction(i);
    const terminator = this.#terminator(b.terminator), block = { params: this.#definitions(b.params), instructions: this.#out, terminator };
    return b.name === undefined ? block : { ...block, name: b.name };
  }

  #emptied(b: Block): Block {
    const block = { params: this.#definitions(b.params), instructions: [], terminator: { kind: 'trap' as const, code: 'unreachable' as const, loc: b.terminator.loc } };
    return b.name === undefined ? block : { ...block, name: b.name };
  }

  /** Values being defined, high halves after low ones. */
  #definitions(list: readonly Value[]): readonly Value[] {
    if (!this.#anyWide(list)) return list;
    return list.flatMap((v) => (this.#high[v] < 0 ? [v] : [v, this.#high[v]]));
  }
  /** Values being read. */
  #uses(list: readonly Value[]): readonly Value[] {
    if (!this.#anyWide(list)) return this.#aliases ? list.map(this.#narrow) : list;
    return list.flatMap((v) => (this.#high[v] < 0 ? [this.#value(v)] : [this.#value(v), this.#value(this.#n + v)]));
  }
  #anyWide(list: readonly Value[]): boolean {
    for (let k = 0; k < list.length; k++) if (this.#high[list[k]] >= 0) return true;
    return false;
  }

  #instruction(i: Instruction): void {
    switch (i.kind) {
      case 'call': this.#out.push({ ...i, args: this.#uses(i.args), results: this.#definitions(i.results) }); return;
      case 'call_indirect': {
        const { signature, padding } = this.#signatures.indirect(i.signature), args = [...this.#uses(i.args), ...this.#padding(padding, i.loc)];
        this.#out.push({ ...i, signature, index: this.#value(i.index), args, results: this.#definitions(i.results) });
        return;
      }
      case 'stack_map': case 'patch_point': this.#out.push({ ...i, live: this.#uses(i.live) }); return;
      default:
        if (isWide(i)) splitInstruction(this, i);
        else this.#out.push(this.#aliases ? mapOperands(i, this.#narrow) : i);
    }
  }

  #padding(types: readonly Type[], loc: number): Value[] {
    return types.map((type) => {
      const result = this.fresh(type);
      this.#out.push({ kind: 'const', type, value: 0, result, loc });
      return result;
    });
  }

  #terminator(t: Terminator): Terminator {
    switch (t.kind) {
      case 'ret': case 'tail_call': return { ...t, args: this.#uses(t.args) };
      case 'tail_call_indirect': {
        const { signature, padding } = this.#signatures.indirect(t.signature);
        return { ...t, signature, index: this.#value(t.index), args: [...this.#uses(t.args), ...this.#padding(padding, t.loc)] };
      }
      case 'jump': case 'br': case 'switch': {
        const edges = mapEdges(t, (e): Edge => ({ block: e.block, args: this.#uses(e.args) }));
        // Edge arguments are values of the new numbering now; what is left is the condition.
        return this.#aliases ? mapTerminatorOperands(edges, (v) => (v < this.#n ? this.#value(v) : v)) : edges;
      }
      case 'trap': return t;
      default: return t satisfies never;
    }
  }

  #names(names: Readonly<Record<number, string>>): Readonly<Record<number, string>> {
    const all: Record<number, string> = { ...names };
    for (const [v, name] of Object.entries(names)) if (this.#high[Number(v)] >= 0) all[this.#high[Number(v)]] = `${name}.high`;
    return all;
  }
}

/** 1 for every block that the entry leads to. */
function reachable(f: MirFunction): Uint8Array {
  const reached = new Uint8Array(f.blocks.length), work = [0];
  reached[0] = 1;
  for (let b = work.pop(); b !== undefined; b = work.pop()) {
    forEachEdge(f.blocks[b].terminator, (e) => {
      if (reached[e.block] === 1) return;
      reached[e.block] = 1;
      work.push(e.block);
    });
  }
  return reached;
}
