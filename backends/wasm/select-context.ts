/** What selection of one function works with: the nodes made so far, what is known of values, and the module around. */
import type { Value } from '../../lib/mir/instruction.ts';
import { UnsupportedError } from '../../lib/codegen/backend.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import type { Type } from '../../lib/mir/types.ts';
import type { ModulePlan } from './module-plan.ts';
import { I32, I64, Nodes, TRAP_IF } from './nodes.ts';
import { OP } from './opcodes.ts';

/** What is known of an `i32` that holds a narrow value: it equals its low bits, zero- or sign-extended. */
export const Z1 = 1, Z8 = 2, Z16 = 4, S8 = 8, S16 = 16;
const ALL_OF_Z1 = Z1 | Z8 | Z16 | S8 | S16;

export class SelectContext {
  readonly f: MirFunction;
  readonly plan: ModulePlan;
  readonly nodes: Nodes;
  /** The value that stands for each value: conversions that change nothing give their operand. */
  readonly alias: Int32Array;
  /** `Z1 …` of each value made so far. */
  readonly known: number[] = [];
  /** Node that defines each value when it is a constant, else −1. */
  readonly constants: number[] = [];
  /** Location of the instruction being selected. */
  loc = 0;

  constructor(f: MirFunction, plan: ModulePlan) {
    this.f = f;
    this.plan = plan;
    this.nodes = new Nodes(f);
    this.alias = new Int32Array(f.valueTypes.length);
    for (let v = 0; v < this.alias.length; v++) this.alias[v] = v;
  }

  typeOf(v: Value): Type { return this.f.valueTypes[v]; }
  /** The value to use for a value of the function. */
  use(v: Value): number { return this.alias[v]; }

  node0(op: number, type: number, a = 0, b = 0, result = this.nodes.newValue(type), site = 0): number {
    this.nodes.results.push(result);
    this.nodes.end(op, a, b, site, this.loc);
    return result;
  }
  node1(op: number, type: number, x: number, result = this.nodes.newValue(type), site = 0, a = 0, b = 0): number {
    this.nodes.args.push(x);
    return this.node0(op, type, a, b, result, site);
  }
  node2(op: number, type: number, x: number, y: number, result = this.nodes.newValue(type), site = 0, a = 0, b = 0): number {
    this.nodes.args.push(x); this.nodes.args.push(y);
    return this.node0(op, type, a, b, result, site);
  }
  node3(op: number, type: number, x: number, y: number, z: number, result = this.nodes.newValue(type), a = 0): number {
    this.nodes.args.push(x);
    return this.node2(op, type, y, z, result, 0, a);
  }
  /** A node without results. */
  effect(op: number, args: readonly number[], site = 0, a = 0, b = 0): void {
    for (let k = 0; k < args.length; k++) this.nodes.args.push(args[k]);
    this.nodes.end(op, a, b, site, this.loc);
  }
  trapIf(condition: number, site: number): void { this.effect(TRAP_IF, [condition], site); }

  i32(value: number, result?: number): number {
    const n = value | 0, v = this.node0(OP.i32Const, I32, n, 0, result);
    this.constants[v] = this.nodes.count - 1;
    this.known[v] = (n === 0 || n === 1 ? Z1 : 0) | (n >= 0 && n < 256 ? Z8 : 0) | (n >= 0 && n < 65536 ? Z16 : 0) | (n >= -128 && n < 128 ? S8 : 0) | (n >= -32768 && n < 32768 ? S16 : 0);
    return v;
  }
  i64(value: bigint, result?: number): number {
    const v = this.node0(OP.i64Const, I64, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)), result);
    this.constants[v] = this.nodes.count - 1;
    return v;
  }
  /** The value of an `i32` constant, or undefined. */
  constantOf(v: number): number | undefined {
    const n = this.constants[v];
    return n !== undefined && this.nodes.op.data[n] === OP.i32Const ? this.nodes.a.data[n] : undefined;
  }
  /** True when the value is the `i64` constant 0. */
  isZero64(v: number): boolean {
    const n = this.constants[v];
    return n !== undefined && this.nodes.op.data[n] === OP.i64Const && this.nodes.a.data[n] === 0 && this.nodes.b.data[n] === 0;
  }
  isKnown(v: number, facts: number): boolean { return ((this.known[v] ?? 0) & facts) !== 0; }
  /** Notes a fact and all that follow from it. */
  learn(v: number, fact: number): number {
    const all = fact === Z1 ? ALL_OF_Z1 : fact === Z8 ? Z8 | Z16 | S16 : fact === S8 ? S8 | S16 : fact;
    this.known[v] = (this.known[v] ?? 0) | all;
    return v;
  }

  /** The value sign-extended from its MIR type to all 32 bits. `result` is written only when code is needed. */
  signed(v: number, type: Type): number {
    const c = type === 'i8' || type === 'i16' ? this.constantOf(v) : undefined;
    if (c !== undefined) return this.i32(type === 'i8' ? c << 24 >> 24 : c << 16 >> 16);
    switch (type) {
      case 'i8': return this.isKnown(v, S8) ? v : this.learn(this.node1(OP.i32Extend8S, I32, v), S8);
      case 'i16': return this.isKnown(v, S16) ? v : this.learn(this.node1(OP.i32Extend16S, I32, v), S16);
      default: return v;
    }
  }
  unsigned(v: number, type: Type): number {
    const c = type === 'i8' || type === 'i16' ? this.constantOf(v) : undefined;
    if (c !== undefined) return this.i32(type === 'i8' ? c & 0xff : c & 0xffff);
    switch (type) {
      case 'i8': return this.isKnown(v, Z8) ? v : this.learn(this.node2(OP.i32And, I32, v, this.i32(255)), Z8);
      case 'i16': return this.isKnown(v, Z16) ? v : this.learn(this.node2(OP.i32And, I32, v, this.i32(65535)), Z16);
      default: return v;
    }
  }
  /** Makes `result` another name of `v`. */
  rename(result: Value, v: number): void { this.alias[result] = v; }

  unsupported(what: string): never { throw new UnsupportedError('wasm', this.f.name, what); }
}
