/**
 * Turns a function into the interpreter's compact form: an array of handlers, eight operand words per instruction,
 * and side arrays for edges and lists. Done once per function, linear in its size.
 */
import { InternalError } from './errors.ts';
import type { Address, Edge, Instruction, Terminator } from './instruction.ts';
import { NO_VALUE } from './instruction.ts';
import { convertHandler } from './interpreter-convert.ts';
import { branch, call, callImport, callIndirect, jump, ret, switch32, switch64, tailCall, tailCallImport, tailCallIndirect, trap } from './interpreter-control.ts';
import { extractHandler, insertLane, laneBytes, shuffle, splat, vectorBytes } from './interpreter-lanes.ts';
import type { DecodedFunction, DecodedTable, Handler, Machine } from './interpreter-machine.ts';
import { STRIDE } from './interpreter-machine.ts';
import { RANGE, atomicAccessHandler, atomicCmpxchgHandler, atomicRmwHandler, leaLinear, leaNative, loadHandler, memoryGrow, memorySize, slotAddrLinear, slotAddrNative, storeHandler } from './interpreter-memory.ts';
import { const1, const2, const4, const8, nop, select, wordsOf } from './interpreter-moves.ts';
import { binaryHandler, compareHandler, fmaF32, fmaF64, pairHandler, unaryHandler } from './interpreter-scalar.ts';
import { vectorHandler } from './interpreter-vector.ts';
import { layoutSlots } from './layout.ts';
import type { MirFunction, Module } from './module.ts';
import { formatSignature, type MemoryModel, type Signature, type TrapCode, type Type } from './types.ts';

/** Names of a module resolved once. */
export class ModuleNames {
  readonly module: Module;
  readonly functions = new Map<string, number>();
  readonly imports = new Map<string, number>();
  readonly table: DecodedTable;
  readonly #signatures = new Map<string, number>();

  constructor(module: Module) {
    this.module = module;
    for (let i = 0; i < module.imports.length; i++) this.imports.set(module.imports[i].name, i);
    for (let i = 0; i < module.functions.length; i++) this.functions.set(module.functions[i].name, i);
    const n = module.table.length, targets = new Int32Array(n).fill(-1), signatures = new Int32Array(n).fill(-1);
    for (let k = 0; k < n; k++) {
      const name = module.table[k];
      if (name === null) continue;
      targets[k] = this.target(name);
      signatures[k] = this.signature(targets[k] >= 0 ? module.functions[targets[k]] : module.imports[-2 - targets[k]]);
    }
    this.table = { targets, signatures };
  }

  /** Function index, or −2 − i for import i. */
  target(name: string): number {
    const f = this.functions.get(name);
    if (f !== undefined) return f;
    const i = this.imports.get(name);
    if (i === undefined) throw new InternalError(`module ${this.module.name} has no function or import ${name}; verifyModule reports such names`);
    return -2 - i;
  }

  /** Equal signatures have equal numbers. */
  signature(s: Signature): number {
    const key = formatSignature(s);
    let n = this.#signatures.get(key);
    if (n === undefined) this.#signatures.set(key, n = this.#signatures.size);
    return n;
  }
}

const conversion = new DataView(new ArrayBuffer(32));

class Decoder {
  readonly #f: MirFunction;
  readonly #names: ModuleNames;
  readonly #machine: Machine;
  readonly #model: MemoryModel;
  readonly #handlers: Handler[] = [];
  readonly #code: Int32Array;
  readonly #edges: number[] = [];
  readonly #lists: number[] = [];
  readonly #switches: Map<number | bigint, number>[] = [];
  readonly #traps: TrapCode[] = [];
  readonly #locations: Int32Array;
  /** Words of the register stack per value. */
  readonly #width: 4 | 8;
  readonly #slots: { readonly offsets: readonly number[]; readonly size: number };
  /** Index of each block's first instruction. */
  readonly #starts: Int32Array;
  /** Of a block parameter: its block; −1 for other values. */
  readonly #home: Int32Array;

  constructor(f: MirFunction, names: ModuleNames, machine: Machine) {
    this.#f = f;
    this.#names = names;
    this.#machine = machine;
    this.#model = names.module.memoryModel;
    this.#width = f.valueTypes.includes('v256') ? 8 : 4;
    this.#slots = layoutSlots(f.slots);
    this.#starts = new Int32Array(f.blocks.length);
    this.#home = new Int32Array(f.valueTypes.length).fill(-1);
    let n = 0;
    for (let b = 0; b < f.blocks.length; b++) {
      this.#starts[b] = n;
      n += f.blocks[b].instructions.length + 1;
      for (const v of f.blocks[b].params) this.#home[v] = b;
    }
    this.#code = new Int32Array(n * STRIDE);
    this.#locations = new Int32Array(n);
  }

  decode(): DecodedFunction {
    const f = this.#f, blocks = f.blocks;
    for (let b = 0; b < blocks.length; b++) {
      const list = blocks[b].instructions;
      for (let k = 0; k < list.length; k++) {
        this.#locations[this.#handlers.length] = list[k].loc;
        this.#instruction(list[k], this.#handlers.length * STRIDE);
      }
      const t = blocks[b].terminator;
      this.#locations[this.#handlers.length] = t.loc;
      this.#terminator(t, this.#handlers.length * STRIDE);
    }
    return {
      name: f.name, handlers: this.#handlers, code: this.#code, edges: Int32Array.from(this.#edges), lists: Int32Array.from(this.#lists),
      switches: this.#switches, traps: this.#traps, locations: this.#locations, params: Int32Array.from(blocks[0].params, (v) => v * this.#width),
      frameWords: f.valueTypes.length * this.#width, slotBytes: this.#slots.size, entrySteps: blocks[0].instructions.length + 1, table: this.#names.table,
    };
  }

  #emit(h: Handler | undefined, p: number, a = 0, b = 0, c = 0, d = 0): void {
    if (h === undefined) throw new InternalError(`function ${this.#f.name} has an instruction on a type its operation is not defined for; verifyModule reports it`);
    this.#handlers.push(h);
    const code = this.#code;
    code[p] = a; code[p + 1] = b; code[p + 2] = c; code[p + 3] = d;
  }

  /** `first` is the result of a load or the value of a store. */
  #access(h: Handler, p: number, first: number, i: Address): void {
    const w = this.#width;
    this.#emit(h, p, first * w, i.base * w, i.index === NO_VALUE ? -1 : i.index * w, 31 - Math.clz32(i.scale));
    this.#code[p + 4] = i.offset;
  }

  #list(values: readonly number[]): number {
    const at = this.#lists.length, types = this.#f.valueTypes, w = this.#width;
    this.#lists.push(values.length);
    for (let k = 0; k < values.length; k++) this.#lists.push(values[k] * w, wordsOf(types[values[k]], this.#model));
    return at;
  }

  #edge(e: Edge): number {
    const at = this.#edges.length, params = this.#f.blocks[e.block].params, types = this.#f.valueTypes, args = e.args, w = this.#width;
    let moves = 0, hazard = 0;
    this.#edges.push(this.#starts[e.block], this.#f.blocks[e.block].instructions.length + 1, 0, 0);
    for (let k = 0; k < params.length; k++) {
      if (args[k] === params[k]) continue;
      moves++;
      this.#edges.push(params[k] * w, args[k] * w, wordsOf(types[params[k]], this.#model));
    }
    // A source that is itself a parameter of the target may be overwritten first; only such edges pay for a copy.
    if (moves > 1) {
      for (let k = 0; k < args.length && hazard === 0; k++) {
        if (args[k] !== params[k] && this.#home[args[k]] === e.block) hazard = 1;
      }
    }
    this.#edges[at + 2] = moves;
    this.#edges[at + 3] = hazard;
    return at;
  }

  #instruction(i: Instruction, p: number): void {
    const model = this.#model, w = this.#width;
    switch (i.kind) {
      case 'const': this.#const(i.type, i.value, i.result * w, p); return;
      case 'binary': this.#emit(binaryHandler(i), p, i.result * w, i.a * w, i.b * w); return;
      case 'unary': this.#emit(unaryHandler(i), p, i.result * w, i.a * w); return;
      case 'ternary': this.#emit(i.type === 'f32' ? fmaF32 : fmaF64, p, i.result * w, i.a * w, i.b * w, i.c * w); return;
      case 'compare': this.#emit(compareHandler(i, model), p, i.result * w, i.a * w, i.b * w); return;
      case 'pair': this.#emit(pairHandler(i), p, i.result * w, i.a * w, i.b * w, i.result2 * w); return;
      case 'convert': this.#emit(convertHandler(i, model), p, i.result * w, i.a * w); return;
      case 'select':
        this.#emit(select, p, i.result * w, i.condition * w, i.a * w, i.b * w);
        this.#code[p + 4] = wordsOf(i.type, model);
        return;
      case 'load': this.#access(loadHandler(i.type, model), p, i.result, i); return;
      case 'store': this.#access(storeHandler(i.type, model), p, i.value, i); return;
      case 'lea': this.#access(model === 'linear' ? leaLinear : leaNative, p, i.result, i); return;
      case 'slot_addr': this.#emit(model === 'linear' ? slotAddrLinear : slotAddrNative, p, i.result * w, this.#slots.offsets[i.slot]); return;
      case 'global_addr': {
        const address = this.#machine.layout.globalByName.get(i.global);
        if (address === undefined) throw new InternalError(`no global ${i.global}; verifyModule reports such names`);
        this.#emit(model === 'linear' ? const1 : const2, p, i.result * w, address);
        return;
      }
      case 'memory_copy': this.#emit(RANGE[model].copy, p, i.destination * w, i.source * w, i.size * w); return;
      case 'memory_fill': this.#emit(RANGE[model].fill, p, i.destination * w, i.value * w, i.size * w); return;
      case 'memory_size': this.#emit(memorySize, p, i.result * w); return;
      case 'memory_grow': this.#emit(memoryGrow, p, i.result * w, i.pages * w); return;
      case 'call': {
        const target = this.#names.target(i.callee);
        this.#emit(target >= 0 ? call : callImport, p, target >= 0 ? target : -2 - target, this.#list(i.args), this.#list(i.results));
        return;
      }
      case 'call_indirect': this.#emit(callIndirect, p, this.#names.signature(i.signature), this.#list(i.args), this.#list(i.results), i.index * w); return;
      case 'atomic_load': this.#access(atomicAccessHandler(i.type, model, 'load'), p, i.result, i); return;
      case 'atomic_store': this.#access(atomicAccessHandler(i.type, model, 'store'), p, i.value, i); return;
      case 'atomic_rmw': this.#access(atomicRmwHandler(i.op, i.type, model), p, i.value, i); this.#code[p + 5] = i.result * w; return;
      case 'atomic_cmpxchg':
        this.#access(atomicCmpxchgHandler(i.type, model), p, i.expected, i);
        this.#code[p + 5] = i.result * w;
        this.#code[p + 6] = i.replacement * w;
        return;
      case 'vector': this.#emit(vectorHandler(i.op, i.lanes), p, i.result * w, (i.args[0] ?? 0) * w, (i.args[1] ?? 0) * w, (i.args[2] ?? 0) * w); return;
      case 'splat': this.#emit(splat, p, i.result * w, i.a * w, laneBytes(i.lanes), vectorBytes(i.lanes)); return;
      case 'extract_lane': this.#emit(extractHandler(i.lanes), p, i.result * w, i.a * w, i.lane); return;
      case 'insert_lane': this.#emit(insertLane, p, i.result * w, i.a * w, i.b * w, i.lane); this.#code[p + 4] = laneBytes(i.lanes); this.#code[p + 5] = vectorBytes(i.lanes); return;
      case 'shuffle':
        this.#emit(shuffle, p, i.result * w, i.a * w, i.b * w, this.#lists.length);
        this.#lists.push(i.mask.length, ...i.mask);
        return;
      case 'fence': case 'safepoint': case 'stack_map': case 'patch_point': this.#emit(nop, p); return;
      default: i satisfies never;
    }
  }

  #const(type: Type, value: number | bigint, result: number, p: number): void {
    switch (type) {
      case 'i1': case 'i8': case 'i16': case 'i32': this.#emit(const1, p, result, value as number); return;
      case 'f32':
        if (Number.isNaN(value as number)) conversion.setInt32(0, 0x7fc00000, true); else conversion.setFloat32(0, value as number, true);
        this.#emit(const1, p, result, conversion.getInt32(0, true));
        return;
      case 'f64':
        if (Number.isNaN(value as number)) conversion.setBigInt64(0, 0x7ff8000000000000n, true); else conversion.setFloat64(0, value as number, true);
        break;
      case 'i64': conversion.setBigInt64(0, value as bigint, true); break;
      case 'ptr': conversion.setBigUint64(0, BigInt(value), true); break;
      case 'v128': conversion.setBigUint64(0, (value as bigint) & 0xffffffffffffffffn, true); conversion.setBigUint64(8, (value as bigint) >> 64n, true); break;
      case 'v256':
        for (let k = 0; k < 4; k++) conversion.setBigUint64(8 * k, BigInt.asUintN(64, (value as bigint) >> BigInt(64 * k)), true);
        this.#emit(const8, p, result, this.#lists.length);
        for (let k = 0; k < 32; k += 4) this.#lists.push(conversion.getInt32(k, true));
        return;
      default: (type satisfies never);
    }
    const words = wordsOf(type, this.#model);
    this.#emit(words === 4 ? const4 : words === 2 ? const2 : const1, p, result, conversion.getInt32(0, true), conversion.getInt32(4, true), conversion.getInt32(8, true));
    if (words === 4) this.#code[p + 4] = conversion.getInt32(12, true);
  }

  #terminator(t: Terminator, p: number): void {
    const w = this.#width;
    switch (t.kind) {
      case 'jump': this.#emit(jump, p, this.#edge(t.target)); return;
      case 'br': this.#emit(branch, p, t.condition * w, this.#edge(t.then), this.#edge(t.else)); return;
      case 'switch': {
        const map = new Map<number | bigint, number>();
        for (const c of t.cases) map.set(c.value, this.#edge(c.target));
        this.#emit(t.type === 'i64' ? switch64 : switch32, p, t.value * w, this.#switches.push(map) - 1, this.#edge(t.default));
        return;
      }
      case 'ret': this.#emit(ret, p, this.#list(t.args)); return;
      case 'tail_call': {
        const target = this.#names.target(t.callee);
        this.#emit(target >= 0 ? tailCall : tailCallImport, p, target >= 0 ? target : -2 - target, this.#list(t.args));
        return;
      }
      case 'tail_call_indirect': this.#emit(tailCallIndirect, p, this.#names.signature(t.signature), this.#list(t.args), 0, t.index * w); return;
      case 'trap': this.#emit(trap, p, this.#traps.push(t.code) - 1); return;
      default: t satisfies never;
    }
  }
}

/** Decodes one function of a verified module. */
export function decodeFunction(f: MirFunction, names: ModuleNames, machine: Machine): DecodedFunction {
  return new Decoder(f, names, machine).decode();
}
